/*
 * settings.c: reads a file of options by the table of settings_options.c, and says what is wrong with
 * it. See settings.h.
 */
#include "core/settings_options.h"

#include "core/file.h"
#include "core/network.h"
#include "core/text.h"
#include "core/uri.h"

#include <errno.h>

enum { FILE_MAX = 64 * 1024, SECRET_MAX = 4096, NAME_MAX_LENGTH = 32 };

/* What is being read. The target of the options is the settings or one of their pools. */
struct reader {
    struct arena *arena;
    const char *path;
    size_t line;
    const char *error;
    struct settings *settings;
    const struct option_list *list;
    void *target;
    size_t lines[SETTINGS_MAX_OPTIONS]; /* where each option of the section was set; 0: nowhere */
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
                    settings_print_number(reader->arena, option->kind, option->minimum),
                    settings_print_number(reader->arena, option->kind, option->maximum));
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
    size_t length;
    if (*path != '/' || !file_read(path, buffer, sizeof(buffer), &length))
        return fail(reader, "can't read file:%s: %s", path, *path == '/' ? strerror(errno) : "not a path");
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
        return fail(reader, "%s = %s: expected a URL such as https://id.example.org, in lower case",
                    option->name, text);
    if (uri.query || uri.has_fragment || text_ends(text, "/"))
        return fail(reader, "%s = %s: leave out the query, the fragment and the slash at the end",
                    option->name, text);
    if (option->kind == KIND_ISSUER)
        reader->issuer_line = reader->line;
    return take_text(reader, option, text);
}

static bool take_base_url(struct reader *reader, const struct option *option, const char *text)
{
    if (*text && !text_starts(text, "https://"))
        return fail(reader, "%s = %s: must be https", option->name, text);
    return *text ? take_issuer(reader, option, text) : take_text(reader, option, text);
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
    struct ip_address address;
    (void)arena;
    return ip_parse(word, &address);
}

static bool take_addresses(struct reader *reader, const struct option *option, const char *text)
{
    return take_words(reader, option, text, is_address, "an IP address");
}

static bool is_host_or_network(struct arena *arena, const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    struct network network;
    (void)arena;
    bool is_number = strspn(word, "0123456789./") == strlen(word);
    return network_parse(word, strlen(word), &network) ||
           (!is_number && strspn(word, letters) == strlen(word));
}

static bool take_hosts(struct reader *reader, const struct option *option, const char *text)
{
    return take_words(reader, option, text, is_host_or_network,
                      "a host such as hooks.example.org, an address or a range such as 10.0.0.0/8");
}

/* "smtp://host:port" or "smtps://host:port" with the port left out or not, or "sendmail:/path". */
static bool take_mail(struct reader *reader, const struct option *option, const char *text)
{
    struct uri uri;
    bool command = text_starts(text, "sendmail:/");
    bool server = uri_parse(reader->arena, text, &uri) && *uri.host && !*uri.path && !uri.query &&
                  !uri.has_userinfo && !uri.has_fragment &&
                  (text_equal(uri.scheme, "smtp") || text_equal(uri.scheme, "smtps"));
    if (*text && !command && !server)
        return fail(reader, "%s = %s: expected smtp://host:port, smtps://host:port or sendmail:/path",
                    option->name, text);
    return take_text(reader, option, text);
}

/* How the value of each kind is read. */
static bool (*const takers[])(struct reader *reader, const struct option *option, const char *text) = {
    [KIND_TEXT] = take_text,         [KIND_PATH] = take_path,       [KIND_SECRET] = take_secret,
    [KIND_INTEGER] = take_number,    [KIND_OCTAL] = take_number,    [KIND_SIZE] = take_number,
    [KIND_DURATION] = take_number,   [KIND_BOOLEAN] = take_boolean, [KIND_CHOICE] = take_choice,
    [KIND_ISSUER] = take_issuer,     [KIND_ORIGINS] = take_origins, [KIND_ADDRESSES] = take_addresses,
    [KIND_BASE_URL] = take_base_url, [KIND_MAIL] = take_mail,       [KIND_HOSTS] = take_hosts,
};

/* --- defaults --- */

/* Starts a section: its options have their defaults and none was set yet. */
static void start_section(struct reader *reader, const struct option_list *list, void *target)
{
    reader->list = list;
    reader->target = target;
    memset(reader->lines, 0, sizeof(reader->lines));
    for (size_t i = 0; i < list->count; i++) {
        const struct option *option = &list->options[i];
        const char *fallback = settings_expand(reader->arena, option->fallback);
        if (option->kind == KIND_ISSUER)
            memcpy((char *)target + option->offset, &fallback, sizeof(fallback));
        else if (!takers[option->kind](reader, option, fallback))
            bug("settings: default of %s: %s", option->name, reader->error);
    }
}

static struct pool_settings *add_pool(struct reader *reader, const char *name)
{
    struct pool_settings *pool = &reader->settings->pools[reader->settings->pool_count++];
    start_section(reader, &settings_pool_list, pool);
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
    bool in_pool = reader->list == &settings_pool_list;
    const struct option_list *other = in_pool ? &settings_main_list : &settings_pool_list;
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
    return takers[option->kind](reader, option, value);
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
    char *text = arena_alloc(reader->arena, FILE_MAX + 1);
    size_t length;
    if (!file_read(reader->path, text, FILE_MAX + 1, &length))
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

/* One path for both, so that a request has one address below it. */
static bool check_mtls_url(struct reader *reader)
{
    const struct settings *settings = reader->settings;
    struct uri issuer, mtls;
    if (!*settings->mtls_url)
        return true;
    if (!settings->client_certificates)
        return fail(reader, "mtls_url is of use only with client_certificates = yes");
    return (uri_parse(reader->arena, settings->issuer, &issuer) &&
            uri_parse(reader->arena, settings->mtls_url, &mtls) && text_equal(issuer.path, mtls.path)) ||
           fail(reader, "mtls_url = %s: must have the path of the issuer", settings->mtls_url);
}

/* An access token hangs from what its refresh token hangs from: it would die before the time it tells. */
static bool check_lifetimes(struct reader *reader)
{
    const struct settings *settings = reader->settings;
    if (settings->session_idle_s > settings->session_lifetime_s)
        return fail(reader, "session_idle can't be longer than session_lifetime");
    if (settings->access_token_lifetime_s > settings->refresh_token_lifetime_s)
        return fail(reader, "access_token_lifetime can't be longer than refresh_token_lifetime");
    if (settings->refresh_token_lifetime_s > settings->refresh_token_max_age_s)
        return fail(reader, "refresh_token_lifetime can't be longer than refresh_token_max_age");
    return true;
}

/* A mail needs somebody that it comes from: a bounce has to go somewhere. */
static bool check_mail(struct reader *reader)
{
    const struct settings *settings = reader->settings;
    const char *at = strchr(settings->mail_from, '@');
    if (*settings->mail && (!at || at == settings->mail_from || !at[1]))
        return fail(reader, "mail is set, so mail_from must be an address such as accounts@example.org");
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
            pool->socket = settings_default_socket(reader->arena, settings, pool->name);
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
    start_section(&reader, &settings_main_list, reader.settings);
    bool fine = !path || (read_file(&reader) && check_issuer(&reader));
    fine = fine && check_mtls_url(&reader) && check_lifetimes(&reader) && check_mail(&reader) &&
           check_pools(&reader);
    *error_out = reader.error;
    return fine ? reader.settings : NULL;
}

/* --- a copy --- */

static bool is_text(enum option_kind kind)
{
    static const bool is_other[] = { [KIND_INTEGER] = true,
                                     [KIND_OCTAL] = true,
                                     [KIND_SIZE] = true,
                                     [KIND_DURATION] = true,
                                     [KIND_BOOLEAN] = true };
    return kind >= ARRAY_SIZE(is_other) || !is_other[kind];
}

/* Gives the texts of a copied section memory of their own. */
static void own_texts(struct arena *arena, const struct option_list *list, void *section)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct option *option = &list->options[i];
        const char *text;
        if (!is_text(option->kind))
            continue;
        memcpy(&text, (char *)section + option->offset, sizeof(text));
        text = option->kind == KIND_SECRET ? "" : arena_strdup(arena, text);
        memcpy((char *)section + option->offset, &text, sizeof(text));
    }
}

const struct settings *settings_without_secrets(struct arena *arena, const struct settings *settings)
{
    struct settings *copy = arena_alloc(arena, sizeof(*copy));
    *copy = *settings;
    own_texts(arena, &settings_main_list, copy);
    for (size_t i = 0; i < copy->pool_count; i++) {
        own_texts(arena, &settings_pool_list, &copy->pools[i]);
        copy->pools[i].name = arena_strdup(arena, settings->pools[i].name);
    }
    return copy;
}
