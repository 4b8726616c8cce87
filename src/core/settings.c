/*
 * settings.c: the option table, and the loops over it: reading a file, checking it, showing it.
 * See settings.h.
 */
#include "core/settings.h"

#include "core/json_writer.h"
#include "core/text.h"
#include "core/uri.h"

#include <arpa/inet.h>
#include <errno.h>

enum { FILE_MAX = 64 * 1024, SECRET_MAX = 4096, NAME_MAX_LENGTH = 32, DAY = 86400, MANY = 1000000 };

enum option_kind {
    KIND_TEXT,
    KIND_PATH,
    KIND_SECRET,
    KIND_INTEGER,
    KIND_OCTAL,
    KIND_SIZE,
    KIND_DURATION,
    KIND_BOOLEAN,
    KIND_CHOICE,
    KIND_ISSUER,
    KIND_ORIGINS,
    KIND_ADDRESSES
};

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;
    const char *fallback;     /* the default, as it would be written; "$name/" is a directory of the build */
    int64_t minimum, maximum; /* of a number; of a text, minimum 1 says that it can't be empty */
    const char *choices;      /* space separated */
    const char *help;         /* one sentence or two, for `config show` and the manual */
};

#define AT(member) offsetof(struct settings, member)

static const struct option main_options[] = {
    { "issuer", KIND_ISSUER, AT(issuer), "", 1, 0, NULL,
      "The https URL that names this server in tokens and addresses, without a slash at its end. Must be "
      "set." },
    { "allow_http_loopback", KIND_BOOLEAN, AT(allow_http_loopback), "no", 0, 0, NULL,
      "Serve plain http where the web server is reached as 127.0.0.1 or [::1]: for trying things out." },
    { "trusted_proxies", KIND_ADDRESSES, AT(trusted_proxies), "", 0, 0, NULL,
      "Addresses of proxies whose X-Forwarded headers are believed, separated by spaces." },
    { "cors_origins", KIND_ORIGINS, AT(cors_origins), "", 0, 0, NULL,
      "Origins of browser programs that may call the token endpoints, separated by spaces." },

    { "run_directory", KIND_PATH, AT(run_directory), "/run/doorward", 1, 0, NULL,
      "Where sockets, the lock file and the page area shared by the processes live." },
    { "template_directory", KIND_PATH, AT(template_directory), "", 0, 0, NULL,
      "Templates of your own, used before the default ones of the same name." },
    { "default_template_directory", KIND_PATH, AT(default_template_directory), "$pkgdatadir/templates", 1, 0,
      NULL, "The templates that came with the program." },
    { "sql_directory", KIND_PATH, AT(sql_directory), "$pkgdatadir/sql", 1, 0, NULL,
      "The numbered files of the database schema that came with the program." },
    { "key_file", KIND_PATH, AT(key_file), "$sysconfdir/doorward/key-file", 1, 0, NULL,
      "The keys that seal what the database holds; made by doorward key-file create." },
    { "log", KIND_TEXT, AT(log), "stderr", 1, 0, NULL, "Where the log goes: stderr, syslog or file:/path." },
    { "log_level", KIND_CHOICE, AT(log_level), "info", 0, 0, "error warn info debug",
      "The least important lines that are still logged." },

    { "database_socket", KIND_PATH, AT(database_socket), "/run/mysqld/mysqld.sock", 0, 0, NULL,
      "The socket of MariaDB, used when database_host is empty." },
    { "database_host", KIND_TEXT, AT(database_host), "", 0, 0, NULL,
      "The host of MariaDB, to reach it over TCP." },
    { "database_port", KIND_INTEGER, AT(database_port), "3306", 1, 65535, NULL,
      "The TCP port of MariaDB at database_host." },
    { "database_name", KIND_TEXT, AT(database_name), "doorward", 1, 0, NULL, "The database." },
    { "database_user", KIND_TEXT, AT(database_user), "doorward", 1, 0, NULL, "The user of the database." },
    { "database_password", KIND_SECRET, AT(database_password), "", 0, 0, NULL,
      "The password of the database user; empty where the socket tells who is there." },
    { "database_tls_ca", KIND_PATH, AT(database_tls_ca), "", 0, 0, NULL,
      "Certificates (PEM) that the server at database_host must show one of; empty for no TLS." },
    { "database_timeout", KIND_DURATION, AT(database_timeout_s), "5s", 1, 60, NULL,
      "How long to wait for the database to connect or to answer." },

    { "request_deadline", KIND_DURATION, AT(request_deadline_s), "15s", 1, 600, NULL,
      "A worker that is busy with one request for longer is replaced." },
    { "max_body", KIND_SIZE, AT(max_body_bytes), "64k", 1024, 16 * 1024 * 1024, NULL,
      "The largest request body that any endpoint takes; most take less." },
    { "housekeeping_interval", KIND_DURATION, AT(housekeeping_interval_s), "1m", 1, DAY, NULL,
      "How often what has expired is deleted." },
    { "single_worker_housekeeping", KIND_BOOLEAN, AT(single_worker_housekeeping), "yes", 0, 0, NULL,
      "Whether a worker that was started alone, without a master, keeps house between requests." },

    { "code_lifetime", KIND_DURATION, AT(code_lifetime_s), "1m", 5, 600, NULL,
      "How long an authorization code can be redeemed." },
    { "access_token_lifetime", KIND_DURATION, AT(access_token_lifetime_s), "1h", 30, DAY, NULL,
      "How long an access token is valid." },
    { "id_token_lifetime", KIND_DURATION, AT(id_token_lifetime_s), "1h", 30, DAY, NULL,
      "How long an ID token is valid." },
    { "refresh_token_lifetime", KIND_DURATION, AT(refresh_token_lifetime_s), "30d", 300, 3650 * (int64_t)DAY,
      NULL, "How long a refresh token can be used; each use gives a new one." },
    { "refresh_token_max_age", KIND_DURATION, AT(refresh_token_max_age_s), "365d", 300, 3650 * (int64_t)DAY,
      NULL,
      "How long after the sign-in the last refresh token can be used, however often they are renewed." },
    { "refresh_grace", KIND_DURATION, AT(refresh_grace_s), "30s", 0, 600, NULL,
      "How long a used refresh token gets the same answer again, for an answer that was lost." },
    { "flow_lifetime", KIND_DURATION, AT(flow_lifetime_s), "1h", 60, DAY, NULL,
      "How long a person may take to sign in." },
    { "session_idle", KIND_DURATION, AT(session_idle_s), "30d", 60, 3650 * (int64_t)DAY, NULL,
      "A session that isn't used for so long ends." },
    { "session_lifetime", KIND_DURATION, AT(session_lifetime_s), "90d", 60, 3650 * (int64_t)DAY, NULL,
      "A session ends so long after its sign-in, used or not." },
    { "access_token_alg", KIND_CHOICE, AT(access_token_alg), "RS256", 0, 0, "RS256 ES256 EdDSA",
      "The algorithm that signs access tokens." },
    { "session_cookie_domain", KIND_TEXT, AT(session_cookie_domain), "", 0, 0, NULL,
      "The Domain of session cookies; empty keeps them to the issuer's host." },
    { "session_cookie_same_site", KIND_CHOICE, AT(session_cookie_same_site), "Lax", 0, 0, "Lax None",
      "The SameSite of session cookies; None where other sites embed this one in a frame." },

    { "registration", KIND_BOOLEAN, AT(registration), "yes", 0, 0, NULL,
      "Whether people may make an account themselves." },
    { "sign_in_limit_per_address", KIND_INTEGER, AT(sign_in_limit_per_address), "5", 1, MANY, NULL,
      "How often one address may try to sign in within sign_in_window." },
    { "sign_in_limit_per_account", KIND_INTEGER, AT(sign_in_limit_per_account), "10", 1, MANY, NULL,
      "How many wrong passwords one account takes within sign_in_window." },
    { "sign_in_window", KIND_DURATION, AT(sign_in_window_s), "15m", 1, DAY, NULL,
      "The window of the sign-in limits." },
    { "scrypt_log_n", KIND_INTEGER, AT(scrypt_log_n), "15", 10, 20, NULL,
      "Cost of a password hash: N is two to the power of this. Raising it rehashes at the next sign-in." },
    { "scrypt_r", KIND_INTEGER, AT(scrypt_r), "8", 1, 32, NULL, "Block size of a password hash." },
    { "scrypt_p", KIND_INTEGER, AT(scrypt_p), "1", 1, 16, NULL, "Parallelism of a password hash." },
    { "max_concurrent_hashes", KIND_INTEGER, AT(max_concurrent_hashes), "2", 1, 256, NULL,
      "How many password hashes may be worked out at once on this machine." },
};

#undef AT
#define AT(member) offsetof(struct pool_settings, member)

static const struct option pool_options[] = {
    { "families", KIND_TEXT, AT(families), "all", 1, 0, NULL,
      "The families of endpoints that the pool serves, separated by spaces; all for every one. The command "
      "doorward routes lists them." },
    { "socket", KIND_PATH, AT(socket), "", 0, 0, NULL,
      "The unix socket to listen on; empty for the pool's name and .sock in run_directory." },
    { "socket_mode", KIND_OCTAL, AT(socket_mode), "0660", 0, 0777, NULL, "The mode of the socket." },
    { "socket_group", KIND_TEXT, AT(socket_group), "", 0, 0, NULL,
      "The group that owns the socket, as a rule the web server's; empty leaves it." },
    { "workers", KIND_INTEGER, AT(workers), "4", 1, 200, NULL, "How many workers the pool has." },
    { "requests_per_worker", KIND_INTEGER, AT(requests_per_worker), "100000", 1, MANY, NULL,
      "A worker is replaced after so many requests." },
};

#undef AT

struct option_list {
    const struct option *options;
    size_t count;
};

static const struct option_list main_list = { main_options, ARRAY_SIZE(main_options) };
static const struct option_list pool_list = { pool_options, ARRAY_SIZE(pool_options) };

enum { OPTIONS_MAX = ARRAY_SIZE(main_options) };

/* What is being read. The target of the options is the settings or one of their pools. */
struct reader {
    struct arena *arena;
    const char *path;
    size_t line;
    const char *error;
    struct settings *settings;
    const struct option_list *list;
    void *target;
    size_t lines[OPTIONS_MAX]; /* where each option of the section was set; 0: nowhere */
    size_t issuer_line;
};

/* Notes what is wrong, with file and line in front; always false. */
static bool fail(struct reader *reader, const char *format, ...) PRINTF_LIKE(2, 3);
static bool fail(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *what = arena_vprintf(reader->arena, format, arguments);
    va_end(arguments);
    reader->error = reader->line ? arena_printf(reader->arena, "%s:%zu: %s", reader->path, reader->line, what)
                                 : arena_printf(reader->arena, "%s: %s", reader->path, what);
    return false;
}

/* --- numbers as people write them --- */

struct unit {
    int64_t size;
    char letter;
};

static const struct unit duration_units[] = { { DAY, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
static const struct unit size_units[] = { { 1024 * 1024, 'm' }, { 1024, 'k' } };

/* In the largest unit that gives a whole number. */
static const char *print_units(struct arena *arena, int64_t value, const struct unit *units, size_t count)
{
    for (size_t i = 0; value && i < count; i++) {
        if (value % units[i].size == 0)
            return arena_printf(arena, "%lld%c", (long long)(value / units[i].size), units[i].letter);
    }
    return arena_printf(arena, "%lld", (long long)value);
}

static const char *print_number(struct arena *arena, enum option_kind kind, int64_t value)
{
    switch (kind) {
    case KIND_DURATION:
        return print_units(arena, value, duration_units, ARRAY_SIZE(duration_units));
    case KIND_SIZE:
        return print_units(arena, value, size_units, ARRAY_SIZE(size_units));
    case KIND_OCTAL:
        return arena_printf(arena, "0%llo", (unsigned long long)value);
    default:
        return arena_printf(arena, "%lld", (long long)value);
    }
}

static bool read_octal(const char *text, int64_t *value_out)
{
    if (!*text || strlen(text) > 6 || text[strspn(text, "01234567")])
        return false;
    *value_out = strtoll(text, NULL, 8);
    return true;
}

static bool read_number(enum option_kind kind, const char *text, int64_t *value_out)
{
    switch (kind) {
    case KIND_DURATION:
        return text_to_duration(text, value_out);
    case KIND_SIZE:
        return text_to_size(text, value_out);
    case KIND_OCTAL:
        return read_octal(text, value_out);
    default:
        return text_to_int(text, INT64_MIN, INT64_MAX, value_out);
    }
}

/* --- how the value of each kind is read: false with the reader's error set --- */

static bool take_number(struct reader *reader, const struct option *option, const char *text)
{
    static const char *const wanted[] = {
        [KIND_INTEGER] = "a whole number",
        [KIND_OCTAL] = "an octal number such as 0660",
        [KIND_SIZE] = "a number of bytes such as 65536, 64k or 1m",
        [KIND_DURATION] = "a duration such as 30s, 10m, 1h or 30d",
    };
    int64_t value;
    if (!read_number(option->kind, text, &value))
        return fail(reader, "%s = %s: expected %s", option->name, text, wanted[option->kind]);
    if (value < option->minimum || value > option->maximum)
        return fail(reader, "%s = %s is out of bounds: %s to %s", option->name, text,
                    print_number(reader->arena, option->kind, option->minimum),
                    print_number(reader->arena, option->kind, option->maximum));
    memcpy((char *)reader->target + option->offset, &value, sizeof(value));
    return true;
}

static bool take_boolean(struct reader *reader, const struct option *option, const char *text)
{
    bool value = text_equal(text, "yes");
    if (!value && !text_equal(text, "no"))
        return fail(reader, "%s = %s: expected yes or no", option->name, text);
    memcpy((char *)reader->target + option->offset, &value, sizeof(value));
    return true;
}

static bool take_text(struct reader *reader, const struct option *option, const char *text)
{
    if (option->minimum && !*text)
        return fail(reader, "%s can't be empty", option->name);
    const char *value = arena_strdup(reader->arena, text);
    memcpy((char *)reader->target + option->offset, &value, sizeof(value));
    return true;
}

static bool take_path(struct reader *reader, const struct option *option, const char *text)
{
    if (*text && *text != '/')
        return fail(reader, "%s = %s: expected a path that starts with /", option->name, text);
    return take_text(reader, option, text);
}

static bool take_choice(struct reader *reader, const struct option *option, const char *text)
{
    if (strchr(text, ' ') || !text_has_word(option->choices, ' ', text))
        return fail(reader, "%s = %s: expected one of: %s", option->name, text, option->choices);
    return take_text(reader, option, text);
}

/* The first line of the file, without its end. */
static bool read_secret_file(struct reader *reader, const char *path, const char **secret_out)
{
    char buffer[SECRET_MAX];
    FILE *file = *path == '/' ? fopen(path, "re") : NULL;
    if (!file)
        return fail(reader, "can't read file:%s: %s", path, *path == '/' ? strerror(errno) : "not a path");
    size_t length = fread(buffer, 1, sizeof(buffer), file);
    fclose(file);
    const char *end = memchr(buffer, '\n', length);
    size_t line = end ? (size_t)(end - buffer) : length;
    if (line && buffer[line - 1] == '\r')
        line--;
    bool fine = line && line < sizeof(buffer) && text_is_utf8(buffer, line);
    *secret_out = fine ? arena_strndup(reader->arena, buffer, line) : NULL;
    explicit_bzero(buffer, sizeof(buffer));
    return fine || fail(reader, "file:%s has no first line of text that could be the secret", path);
}

static bool take_secret(struct reader *reader, const struct option *option, const char *text)
{
    if (text_starts(text, "file:") && !read_secret_file(reader, text + 5, &text))
        return false;
    return take_text(reader, option, text);
}

/* The scheme is looked at when all is read, since allow_http_loopback may stand further down. */
static bool take_issuer(struct reader *reader, const struct option *option, const char *text)
{
    struct uri uri;
    if (!uri_parse(reader->arena, text, &uri) || !uri_is_web(&uri) || uri.has_userinfo)
        return fail(reader, "issuer = %s: expected a URL such as https://id.example.org, in lower case",
                    text);
    if (uri.query || uri.has_fragment || text_ends(text, "/"))
        return fail(reader, "issuer = %s: leave out the query, the fragment and the slash at the end", text);
    reader->issuer_line = reader->line;
    return take_text(reader, option, text);
}

/* Takes a list apart and checks each word. */
static bool take_words(struct reader *reader, const struct option *option, const char *text,
                       bool (*is_fine)(struct arena *arena, const char *word), const char *wanted)
{
    const char *cursor = text, *word;
    size_t length;
    while (text_next_word(&cursor, ' ', &word, &length)) {
        const char *copy = arena_strndup(reader->arena, word, length);
        if (!is_fine(reader->arena, copy))
            return fail(reader, "%s: %s is not %s", option->name, copy, wanted);
    }
    return take_text(reader, option, text);
}

static bool is_origin(struct arena *arena, const char *word)
{
    struct uri uri;
    return uri_parse(arena, word, &uri) && uri_is_web(&uri) && text_equal(uri_origin(arena, &uri), word);
}

static bool take_origins(struct reader *reader, const struct option *option, const char *text)
{
    return take_words(reader, option, text, is_origin, "an origin such as https://app.example.org");
}

static bool is_address(struct arena *arena, const char *word)
{
    (void)arena;
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, word, address) == 1 || inet_pton(AF_INET6, word, address) == 1;
}

static bool take_addresses(struct reader *reader, const struct option *option, const char *text)
{
    return take_words(reader, option, text, is_address, "an IP address");
}

struct kind {
    bool (*take)(struct reader *reader, const struct option *option, const char *text);
    const char *argument; /* what the manual calls the value */
};

static const struct kind kinds[] = {
    [KIND_TEXT] = { take_text, "text" },
    [KIND_PATH] = { take_path, "path" },
    [KIND_SECRET] = { take_secret, "text | file:/path" },
    [KIND_INTEGER] = { take_number, "number" },
    [KIND_OCTAL] = { take_number, "mode" },
    [KIND_SIZE] = { take_number, "size" },
    [KIND_DURATION] = { take_number, "duration" },
    [KIND_BOOLEAN] = { take_boolean, "yes | no" },
    [KIND_CHOICE] = { take_choice, NULL },
    [KIND_ISSUER] = { take_issuer, "URL" },
    [KIND_ORIGINS] = { take_origins, "origins" },
    [KIND_ADDRESSES] = { take_addresses, "addresses" },
};

/* --- defaults --- */

/* The default with the directories of this build put in. */
static const char *expand(struct arena *arena, const char *fallback)
{
    static const char *const directories[][2] = { { "$pkgdatadir", DATADIR }, { "$sysconfdir", SYSCONFDIR } };
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        if (text_starts(fallback, directories[i][0]))
            return arena_printf(arena, "%s%s", directories[i][1], fallback + strlen(directories[i][0]));
    }
    return fallback;
}

/* Starts a section: its options have their defaults and none was set yet. */
static void start_section(struct reader *reader, const struct option_list *list, void *target)
{
    reader->list = list;
    reader->target = target;
    memset(reader->lines, 0, sizeof(reader->lines));
    for (size_t i = 0; i < list->count; i++) {
        const struct option *option = &list->options[i];
        const char *fallback = expand(reader->arena, option->fallback);
        if (option->kind == KIND_ISSUER)
            memcpy((char *)target + option->offset, &fallback, sizeof(fallback));
        else if (!kinds[option->kind].take(reader, option, fallback))
            bug("settings: default of %s: %s", option->name, reader->error);
    }
}

static struct pool_settings *add_pool(struct reader *reader, const char *name)
{
    struct pool_settings *pool = &reader->settings->pools[reader->settings->pool_count++];
    start_section(reader, &pool_list, pool);
    pool->name = name;
    return pool;
}

/* --- the file --- */

static const struct option *find_option(const struct option_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (text_equal(list->options[i].name, name))
            return &list->options[i];
    }
    return NULL;
}

/* The nearest name, if it's near enough to have been meant. */
static const char *nearest_option(const struct option_list *list, const char *name)
{
    const char *nearest = NULL;
    size_t least = strlen(name) / 3 + 2;
    for (size_t i = 0; i < list->count; i++) {
        size_t distance = text_distance(list->options[i].name, name);
        if (distance < least) {
            least = distance;
            nearest = list->options[i].name;
        }
    }
    return nearest;
}

/* Names of the other kind of section are told apart, since they only stand in the wrong place. */
static bool fail_unknown(struct reader *reader, const char *name)
{
    bool in_pool = reader->list == &pool_list;
    const struct option_list *other = in_pool ? &main_list : &pool_list;
    if (find_option(other, name) && in_pool)
        return fail(reader, "option '%s' doesn't belong to a pool: move it above the first [pool NAME]",
                    name);
    if (find_option(other, name))
        return fail(reader, "option '%s' belongs to a pool: put it below a [pool NAME] line", name);
    const char *nearest = nearest_option(reader->list, name);
    if (!nearest)
        nearest = nearest_option(other, name);
    if (nearest)
        return fail(reader, "unknown option '%s', did you mean '%s'?", name, nearest);
    return fail(reader, "unknown option '%s'; doorward config show lists all", name);
}

static bool take_option(struct reader *reader, const char *name, const char *value)
{
    const struct option *option = find_option(reader->list, name);
    if (!option)
        return fail_unknown(reader, name);
    size_t *line = &reader->lines[option - reader->list->options];
    if (*line)
        return fail(reader, "option '%s' was already set in line %zu", name, *line);
    if (option->kind != KIND_SECRET && strstr(value, " #"))
        return fail(reader, "%s: a comment must stand on a line of its own", name);
    *line = reader->line;
    return kinds[option->kind].take(reader, option, value);
}

/* "[pool NAME]" */
static bool take_section(struct reader *reader, const char *line)
{
    struct settings *settings = reader->settings;
    size_t length = strlen(line);
    if (!text_starts(line, "[pool ") || line[length - 1] != ']')
        return fail(reader, "unknown section '%s'; expected [pool NAME]", line);
    const char *name = text_trim(reader->arena, arena_strndup(reader->arena, line + 6, length - 7));
    if (!*name || strlen(name) > NAME_MAX_LENGTH ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        return fail(reader, "pool name '%s': expected 1 to %d of a-z, 0-9 and -", name, NAME_MAX_LENGTH);
    for (size_t i = 0; i < settings->pool_count; i++) {
        if (text_equal(settings->pools[i].name, name))
            return fail(reader, "pool '%s' is there twice", name);
    }
    if (settings->pool_count == MAX_POOLS)
        return fail(reader, "more than %d pools", MAX_POOLS);
    add_pool(reader, name);
    return true;
}

static bool take_line(struct reader *reader, const char *line)
{
    line = text_trim(reader->arena, line);
    if (!*line || *line == '#')
        return true;
    if (*line == '[')
        return take_section(reader, line);
    const char *equals = strchr(line, '=');
    if (!equals)
        return fail(reader, "expected name = value");
    const char *name = arena_strndup(reader->arena, line, (size_t)(equals - line));
    return take_option(reader, text_trim(reader->arena, name), text_trim(reader->arena, equals + 1));
}

static bool take_file(struct reader *reader, const char *text, size_t length)
{
    if (!text_is_utf8(text, length))
        return fail(reader, "not UTF-8 text");
    while (length) {
        const char *end = memchr(text, '\n', length);
        size_t line = end ? (size_t)(end - text) : length;
        reader->line++;
        if (!take_line(reader, arena_strndup(reader->arena, text, line)))
            return false;
        text += line + (end != NULL);
        length -= line + (end != NULL);
    }
    reader->line = 0;
    return true;
}

static bool read_file(struct reader *reader)
{
    FILE *file = fopen(reader->path, "re");
    if (!file)
        return fail(reader, "can't be read: %s", strerror(errno));
    char *text = arena_alloc(reader->arena, FILE_MAX + 1);
    size_t length = fread(text, 1, FILE_MAX + 1, file);
    bool broken = ferror(file);
    fclose(file);
    if (broken)
        return fail(reader, "can't be read: %s", strerror(errno));
    if (length > FILE_MAX)
        return fail(reader, "larger than 64 KiB");
    return take_file(reader, text, length);
}

/* --- what only all options together tell --- */

static bool check_issuer(struct reader *reader)
{
    const struct settings *settings = reader->settings;
    struct uri uri;
    if (!*settings->issuer)
        return fail(reader, "issuer isn't set: add a line such as issuer = https://id.example.org");
    bool web = uri_parse(reader->arena, settings->issuer, &uri);
    if (web && text_equal(uri.scheme, "https"))
        return true;
    if (settings->allow_http_loopback && uri_host_is_loopback(&uri))
        return true;
    reader->line = reader->issuer_line;
    return fail(reader,
                "issuer = %s: must be https (http only for 127.0.0.1 and [::1], with "
                "allow_http_loopback = yes)",
                settings->issuer);
}

static bool check_cookies(struct reader *reader)
{
    const struct settings *settings = reader->settings;
    if (settings->session_idle_s > settings->session_lifetime_s)
        return fail(reader, "session_idle can't be longer than session_lifetime");
    return true;
}

static bool check_pools(struct reader *reader)
{
    struct settings *settings = reader->settings;
    int64_t workers = 0;
    if (!settings->pool_count)
        add_pool(reader, "main");
    for (size_t i = 0; i < settings->pool_count; i++) {
        struct pool_settings *pool = &settings->pools[i];
        workers += pool->workers;
        if (!*pool->socket)
            pool->socket = arena_printf(reader->arena, "%s/%s.sock", settings->run_directory, pool->name);
        for (size_t j = 0; j < i; j++) {
            if (text_equal(settings->pools[j].socket, pool->socket))
                return fail(reader, "pools '%s' and '%s' have the same socket", settings->pools[j].name,
                            pool->name);
        }
    }
    return workers <= MAX_WORKERS ||
           fail(reader, "%lld workers in all; at most %d are possible", (long long)workers, MAX_WORKERS);
}

struct settings *settings_load(struct arena *arena, const char *path, const char **error_out)
{
    struct reader reader = { .arena = arena, .path = path ? path : "defaults" };
    reader.settings = arena_alloc(arena, sizeof(*reader.settings));
    start_section(&reader, &main_list, reader.settings);
    bool fine = !path || (read_file(&reader) && check_issuer(&reader));
    fine = fine && check_cookies(&reader) && check_pools(&reader);
    *error_out = reader.error;
    return fine ? reader.settings : NULL;
}

/* --- showing --- */

/* The value as it would be written in the file; secrets only as whether they're set. */
static const char *print_value(struct arena *arena, const struct option *option, const void *source)
{
    const void *at = (const char *)source + option->offset;
    int64_t number;
    const char *text;
    bool boolean;
    switch (option->kind) {
    case KIND_INTEGER:
    case KIND_OCTAL:
    case KIND_SIZE:
    case KIND_DURATION:
        memcpy(&number, at, sizeof(number));
        return print_number(arena, option->kind, number);
    case KIND_BOOLEAN:
        memcpy(&boolean, at, sizeof(boolean));
        return boolean ? "yes" : "no";
    default:
        memcpy(&text, at, sizeof(text));
        if (option->kind == KIND_SECRET)
            return *text ? "(set)" : "(not set)";
        return text;
    }
}

static const char *print_default(struct arena *arena, const struct option *option)
{
    return option->kind == KIND_SECRET ? "(not set)" : expand(arena, option->fallback);
}

/* Calls write for each option of a list, or for those whose value isn't the default. */
static void each_option(const struct option_list *list, const void *source, bool changed_only,
                        struct arena *arena, void *context,
                        void (*write)(void *context, const struct option *option, const char *value,
                                      const char *fallback))
{
    for (size_t i = 0; i < list->count; i++) {
        const struct option *option = &list->options[i];
        const char *value = print_value(arena, option, source);
        const char *fallback = print_default(arena, option);
        if (!changed_only || !text_equal(value, fallback))
            write(context, option, value, fallback);
    }
}

/* The file's own form, so that it can be saved and loaded; a secret stays a comment. */
static void write_text(void *context, const struct option *option, const char *value, const char *fallback)
{
    struct strbuf *out = context;
    strbuf_add_format(out, "# %s", option->help);
    if (*fallback)
        strbuf_add_format(out, " Default: %s.", fallback);
    strbuf_add_format(out, "\n%s%s =%s%s\n\n", option->kind == KIND_SECRET ? "# " : "", option->name,
                      *value ? " " : "", value);
}

static void write_text_changed(void *context, const struct option *option, const char *value,
                               const char *fallback)
{
    (void)fallback;
    strbuf_add_format(context, "%s%s =%s%s\n", option->kind == KIND_SECRET ? "# " : "", option->name,
                      *value ? " " : "", value);
}

static void settings_write_text(const struct settings *settings, bool changed_only, struct strbuf *out)
{
    struct arena *arena = out->arena;
    each_option(&main_list, settings, changed_only, arena, out,
                changed_only ? write_text_changed : write_text);
    for (size_t i = 0; i < settings->pool_count; i++) {
        strbuf_add_format(out, "%s[pool %s]\n", changed_only ? "\n" : "", settings->pools[i].name);
        each_option(&pool_list, &settings->pools[i], changed_only, arena, out,
                    changed_only ? write_text_changed : write_text);
    }
}

static void write_json(void *context, const struct option *option, const char *value, const char *fallback)
{
    struct json_writer *writer = context;
    json_open_object(writer, NULL);
    json_write_text(writer, "name", option->name);
    json_write_text(writer, "value", value);
    json_write_text(writer, "default", fallback);
    json_write_boolean(writer, "changed", !text_equal(value, fallback));
    json_write_text(writer, "help", option->help);
    json_close_object(writer);
}

static void settings_write_json(const struct settings *settings, bool changed_only, struct strbuf *out)
{
    struct json_writer writer = json_writer_start(out->arena);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "options");
    each_option(&main_list, settings, changed_only, out->arena, &writer, write_json);
    json_close_array(&writer);
    json_open_array(&writer, "pools");
    for (size_t i = 0; i < settings->pool_count; i++) {
        json_open_object(&writer, NULL);
        json_write_text(&writer, "name", settings->pools[i].name);
        json_open_array(&writer, "options");
        each_option(&pool_list, &settings->pools[i], changed_only, out->arena, &writer, write_json);
        json_close_array(&writer);
        json_close_object(&writer);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    strbuf_add(out, writer.text.data, writer.text.length);
}

static bool has_bounds(const struct option *option)
{
    return kinds[option->kind].take == take_number;
}

/* mdoc wants each sentence on a line of its own. */
static void write_man_sentences(const char *text, struct strbuf *out)
{
    const char *end;
    for (; (end = strstr(text, ". ")); text = end + 2)
        strbuf_add_format(out, "%.*s.\n", (int)(end - text), text);
    strbuf_add_format(out, "%s\n", text);
}

/* "Default: x. From a to b." Directories of the build keep their names. */
static void write_man_option(const struct option *option, struct strbuf *out)
{
    struct arena *arena = out->arena;
    strbuf_add_format(out, ".It Cm %s No = ", option->name);
    if (option->choices) {
        const char *cursor = option->choices, *word;
        size_t length;
        for (bool first = true; text_next_word(&cursor, ' ', &word, &length); first = false)
            strbuf_add_format(out, "%s%.*s", first ? "" : " | ", (int)length, word);
    } else {
        strbuf_add_format(out, "Ar %s", kinds[option->kind].argument);
    }
    strbuf_add_char(out, '\n');
    write_man_sentences(option->help, out);
    if (*option->fallback)
        strbuf_add_format(out, "Default:\n.Ql %s .\n", option->fallback);
    if (has_bounds(option))
        strbuf_add_format(out, "From %s to %s.\n", print_number(arena, option->kind, option->minimum),
                          print_number(arena, option->kind, option->maximum));
}

static void write_man_list(const struct option_list *list, struct strbuf *out)
{
    strbuf_add_text(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < list->count; i++)
        write_man_option(&list->options[i], out);
    strbuf_add_text(out, ".El\n");
}

static void settings_write_man(struct strbuf *out)
{
    write_man_list(&main_list, out);
    strbuf_add_text(out, ".Ss Options of a pool\nBelow a line\n.Ql [pool NAME] :\n");
    write_man_list(&pool_list, out);
}

void settings_write(const struct settings *settings, enum settings_format format, bool changed_only,
                    struct strbuf *out)
{
    switch (format) {
    case SETTINGS_TEXT:
        settings_write_text(settings, changed_only, out);
        return;
    case SETTINGS_JSON:
        settings_write_json(settings, changed_only, out);
        return;
    case SETTINGS_MAN:
        settings_write_man(out);
        return;
    }
}
