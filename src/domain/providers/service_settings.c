/* service_settings.c: see service_settings.h. */
#include "domain/providers/service_settings.h"

#include "core/json_writer.h"
#include "core/text.h"
#include "core/uri.h"

enum { MAX_SETTINGS = 16 * 1024, MAX_NAME = 40, MAX_SCOPES = 2000, MAX_URIS = 100, MAX_PROVIDERS = 100 };

static bool name_is_fine(const char *name, size_t length)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return length > 0 && length <= MAX_NAME && strspn(name, characters) >= length;
}

/* A redirect URI as those of clients are: of a web page, without a fragment; http for loopback alone. */
static bool uri_is_fine(struct arena *arena, const char *text)
{
    struct uri uri;
    return text && uri_parse(arena, text, &uri) && uri_is_web(&uri) && !uri.has_userinfo &&
           !uri.has_fragment && (text_equal(uri.scheme, "https") || uri_host_is_loopback(&uri));
}

/* --- reading --- */

struct reading {
    struct arena *arena;
    struct service_providers *settings;
    struct provider_allowance *allowances;
    const char *error;
};

/* The words of an array, each of at most 2000 bytes in all; NULL for anything else. */
static const char *read_words(struct arena *arena, const struct json *array)
{
    struct strbuf words = strbuf_start(arena);
    if (json_kind(array) != JSON_ARRAY)
        return NULL;
    for (size_t i = 0; i < json_count(array); i++) {
        const char *word = json_text(json_item(array, i));
        if (text_empty(word) || strchr(word, ' ') || !text_is_printable(word))
            return NULL;
        strbuf_add_format(&words, "%s%s", i ? " " : "", word);
    }
    return words.length <= MAX_SCOPES ? words.data : NULL;
}

static void read_sign_in(struct reading *reading, const struct json *member)
{
    const char *cursor, *word;
    size_t length;
    reading->settings->sign_in = cursor = read_words(reading->arena, member);
    if (!cursor)
        reading->error = "sign_in must be an array of names of providers";
    while (cursor && text_next_word(&cursor, ' ', &word, &length)) {
        if (!name_is_fine(word, length))
            reading->error = "a name of a provider in sign_in can't be one";
    }
}

static void read_allowance(const char *name, struct json *member, void *argument)
{
    struct reading *reading = argument;
    struct service_providers *settings = reading->settings;
    const char *scopes = read_words(reading->arena, member);
    if (!name_is_fine(name, strlen(name)))
        reading->error = "a name of a provider in scopes can't be one";
    else if (text_empty(scopes))
        reading->error = "scopes must be an object of arrays of words, none of them empty";
    else
        reading->allowances[settings->allowance_count++] = (struct provider_allowance) { name, scopes };
}

static void read_scopes(struct reading *reading, const struct json *member)
{
    if (json_kind(member) != JSON_OBJECT || json_count(member) > MAX_PROVIDERS) {
        reading->error = "scopes must be an object of at most 100 providers";
        return;
    }
    reading->allowances = arena_array(reading->arena, json_count(member) + 1, sizeof(*reading->allowances));
    reading->settings->allowances = reading->allowances;
    json_each(member, read_allowance, reading);
}

static void read_redirect_uris(struct reading *reading, const struct json *member)
{
    size_t count = json_count(member);
    const char **uris = arena_array(reading->arena, count + 1, sizeof(*uris));
    if (json_kind(member) != JSON_ARRAY || count > MAX_URIS)
        reading->error = "redirect_uris must be an array of at most 100 URIs";
    for (size_t i = 0; !reading->error && i < count; i++) {
        uris[i] = json_text(json_item(member, i));
        if (!uri_is_fine(reading->arena, uris[i]))
            reading->error = "a redirect URI must be an https address without a fragment (http for "
                             "127.0.0.1 and [::1] alone)";
    }
    reading->settings->redirect_uris = uris;
}

static const struct {
    const char *name;
    void (*read)(struct reading *reading, const struct json *member);
} members[] = {
    { "sign_in", read_sign_in },
    { "scopes", read_scopes },
    { "redirect_uris", read_redirect_uris },
};

static void read_named(const char *name, struct json *member, void *argument)
{
    struct reading *reading = argument;
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (text_equal(members[i].name, name)) {
            members[i].read(reading, member);
            return;
        }
    }
    reading->error = "the settings of providers have a member that is not known";
}

bool service_providers_read(struct arena *arena, const char *text, struct service_providers *settings_out,
                            const char **error_out)
{
    static const char *const no_uris[] = { NULL };
    struct reading reading = { .arena = arena, .settings = settings_out };
    *settings_out = (struct service_providers) { .redirect_uris = no_uris };
    if (!text)
        return true;
    const struct json *object = json_parse(arena, text, strlen(text), error_out);
    if (!object)
        return false;
    if (json_kind(object) != JSON_OBJECT)
        reading.error = "the settings of providers must be a JSON object";
    else
        json_each(object, read_named, &reading);
    *error_out = reading.error;
    return !reading.error;
}

/* --- asking --- */

bool service_providers_sign_in(const struct service_providers *settings, const char *provider)
{
    return !settings->sign_in || text_has_word(settings->sign_in, ' ', provider);
}

const char *service_providers_scopes(const struct service_providers *settings, const char *provider)
{
    for (size_t i = 0; i < settings->allowance_count; i++) {
        if (text_equal(settings->allowances[i].provider, provider))
            return settings->allowances[i].scopes;
    }
    return NULL;
}

const char *service_providers_redirect_uri(const struct service_providers *settings, const char *wanted)
{
    for (size_t i = 0; wanted && settings->redirect_uris[i]; i++) {
        if (text_equal(settings->redirect_uris[i], wanted))
            return settings->redirect_uris[i];
    }
    return wanted ? NULL : settings->redirect_uris[0];
}

const char *service_providers_list(struct arena *arena, const struct service_providers *settings,
                                   const char *separator)
{
    struct strbuf list = strbuf_start(arena);
    for (size_t i = 0; i < settings->allowance_count; i++)
        strbuf_add_format(&list, "%s%s=%s", i ? separator : "", settings->allowances[i].provider,
                          settings->allowances[i].scopes);
    return list.data;
}

/* --- changing --- */

static const struct provider_allowance *find_allowance(const struct provider_allowance *allowances,
                                                       size_t count, const char *provider)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(allowances[i].provider, provider))
            return &allowances[i];
    }
    return NULL;
}

/* Whether a word begins the list of a provider: "github=repo", "github=". */
static bool begins_list(const char *word, size_t length, size_t *name_out)
{
    const char *sign = memchr(word, '=', length);
    *name_out = sign ? (size_t)(sign - word) : 0;
    return sign && name_is_fine(word, *name_out);
}

/* "github=repo read:user google=openid" taken apart; false when it doesn't begin with a provider. */
static bool read_lists(struct arena *arena, const char *text, struct provider_allowance *lists_out,
                       size_t *count_out)
{
    const char *word;
    size_t length, name;
    *count_out = 0;
    while (text_next_word(&text, ' ', &word, &length)) {
        struct provider_allowance *list = &lists_out[*count_out];
        bool begins = begins_list(word, length, &name);
        if (begins && *count_out == MAX_PROVIDERS)
            return false;
        if (begins) {
            (*count_out)++;
            *list = (struct provider_allowance) { arena_strndup(arena, word, name),
                                                  arena_strndup(arena, word + name + 1, length - name - 1) };
        } else if (*count_out == 0) {
            return false;
        } else {
            list[-1].scopes = arena_printf(arena, "%s%s%.*s", list[-1].scopes, *list[-1].scopes ? " " : "",
                                           (int)length, word);
        }
    }
    return true;
}

/* Those that stay, then those that are new. */
static bool write_scopes(struct json_writer *writer, const struct service_providers *settings,
                         const char *change, bool replaces)
{
    struct provider_allowance lists[MAX_PROVIDERS + 1];
    size_t count = 0;
    bool none = text_equal(change, "none"), keeps = !none && !(change && replaces);
    if (change && !none && !read_lists(writer->text.arena, change, lists, &count))
        return false;
    json_open_object(writer, "scopes");
    for (size_t i = 0; keeps && i < settings->allowance_count; i++) {
        const struct provider_allowance *old = &settings->allowances[i];
        if (!find_allowance(lists, count, old->provider))
            json_write_words(writer, old->provider, old->scopes, ' ');
    }
    for (size_t i = 0; i < count; i++) {
        if (*lists[i].scopes)
            json_write_words(writer, lists[i].provider, lists[i].scopes, ' ');
    }
    json_close_object(writer);
    return true;
}

static void write_redirect_uris(struct json_writer *writer, const struct service_providers *settings,
                                const char *change)
{
    if (change) {
        json_write_words(writer, "redirect_uris", text_equal(change, "none") ? "" : change, ' ');
        return;
    }
    json_open_array(writer, "redirect_uris");
    for (size_t i = 0; settings->redirect_uris[i]; i++)
        json_write_text(writer, NULL, settings->redirect_uris[i]);
    json_close_array(writer);
}

const char *service_providers_changed(struct arena *arena, const char *text,
                                      const struct service_providers_change *change, const char **error_out)
{
    struct service_providers settings;
    struct json_writer writer = json_writer_start(arena);
    if (!service_providers_read(arena, text, &settings, error_out))
        return NULL;
    const char *sign_in = change->sign_in ? change->sign_in : settings.sign_in;
    json_open_object(&writer, NULL);
    if (sign_in && !text_equal(change->sign_in, "all"))
        json_write_words(&writer, "sign_in", text_equal(change->sign_in, "none") ? "" : sign_in, ' ');
    if (!write_scopes(&writer, &settings, change->scopes, change->replaces)) {
        *error_out = "scopes are given as PROVIDER=SCOPE SCOPE";
        return NULL;
    }
    write_redirect_uris(&writer, &settings, change->redirect_uris);
    json_close_object(&writer);
    if (writer.text.length > MAX_SETTINGS)
        *error_out = "the settings of providers are too long";
    else if (service_providers_read(arena, writer.text.data, &settings, error_out))
        return writer.text.data;
    return NULL;
}
