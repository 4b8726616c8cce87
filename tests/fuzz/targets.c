/* targets.c: see targets.h. */
#include "targets.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/mustache.h"
#include "core/text.h"
#include "core/uri.h"
#include "crypto/certificate.h"
#include "crypto/handle.h"
#include "crypto/jws.h"
#include "http/cookie.h"
#include "net/frame.h"

#include <unistd.h>

#define PROMISE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            bug("broken: %s", #condition);                                                                   \
    } while (0)

/* --- core --- */

/* What was read, printed and read again prints the same. */
static void run_json(struct arena *arena, const char *data, size_t length)
{
    const char *error = NULL;
    struct json *value = json_parse(arena, data, length, &error);
    PROMISE((value == NULL) == (error != NULL));
    if (!value)
        return;
    const char *text = json_print(arena, value);
    struct json *again = json_parse(arena, text, strlen(text), &error);
    PROMISE(again && text_equal(json_print(arena, again), text));
}

/* Each value has one spelling. */
static void run_base64(struct arena *arena, const char *data, size_t length)
{
    struct bytes bytes;
    if (base64url_decode(arena, data, length, &bytes)) {
        const char *text = base64url_encode(arena, bytes.data, bytes.length);
        PROMISE(strlen(text) == length && memcmp(text, data, length) == 0);
    }
    if (base64_decode(arena, data, length, &bytes)) {
        const char *text = base64_encode(arena, bytes.data, bytes.length);
        PROMISE(strlen(text) == length && memcmp(text, data, length) == 0);
    }
}

static void run_percent(struct arena *arena, const char *data, size_t length)
{
    char *text, *again;
    if (!percent_decode(arena, data, length, true, &text))
        return;
    const char *encoded = percent_encode(arena, text);
    PROMISE(text_is_utf8(text, strlen(text)));
    PROMISE(percent_decode(arena, encoded, strlen(encoded), false, &again) && text_equal(text, again));
}

/* A URI that was taken stays the same one with a query behind it, and its origin is one too. */
static void run_uri(struct arena *arena, const char *data, size_t length)
{
    struct uri uri, again;
    const char *text = arena_strndup(arena, data, length);
    (void)uri_is_local_path(text);
    if (!uri_parse(arena, text, &uri))
        return;
    const char *origin = uri_origin(arena, &uri);
    PROMISE(uri.scheme && uri.host && uri.port && uri.path);
    PROMISE(uri.port_start <= uri.authority_end && uri.authority_end <= strlen(text));
    PROMISE(!uri_is_web(&uri) || uri_parse(arena, origin, &again));
    if (uri.has_fragment || strlen(text) > 1000)
        return;
    const char *longer = uri_add_query(arena, text, "code=a%20b");
    PROMISE(uri_parse(arena, longer, &again));
    PROMISE(text_equal(again.host, uri.host) && text_equal(again.path, uri.path) && again.query);
}

static const struct mustache *partial(const char *name, void *context)
{
    const struct mustache *const *partials = context;
    return text_equal(name, "a") ? partials[0] : text_equal(name, "b") ? partials[1] : NULL;
}

static void count_use(const struct mustache_use *use, void *context)
{
    size_t *count = context;
    PROMISE(use->name && use->line > 0);
    (*count)++;
}

static const struct mustache *compiled(struct arena *arena, const char *text)
{
    struct mustache_error error;
    struct mustache *template = mustache_compile(arena, text, strlen(text), &error);
    PROMISE(template != NULL);
    return template;
}

static void run_mustache(struct arena *arena, const char *data, size_t length)
{
    static const char model_text[] = "{\"name\":\"<&>\\\"'\",\"yes\":true,\"no\":false,\"one\":[{\"x\":1}],"
                                     "\"user\":{\"name\":\"n\",\"list\":[\"a\"]},\"none\":[],\"number\":-7}";
    const struct mustache *partials[] = {
        compiled(arena, "[{{name}}{{$block}}default{{/block}}]"),
        compiled(arena, "{{<a}}{{$block}}{{#yes}}{{user.name}}{{/yes}}{{/block}}{{/a}}"),
    };
    struct mustache_error error = { 0, NULL };
    const char *reason = NULL, *message = NULL;
    size_t uses = 0;
    struct mustache *template = mustache_compile(arena, data, length, &error);
    if (!template) {
        PROMISE(error.message && error.line > 0);
        return;
    }
    mustache_each_use(template, count_use, &uses);
    struct json *model = json_parse(arena, model_text, strlen(model_text), &message);
    struct strbuf out = strbuf_start(arena);
    PROMISE(mustache_render(template, model, partial, partials, &out, &reason) || reason);
    PROMISE(text_is_utf8(out.data, out.length));
}

/* --- crypto --- */

/* A key made for this process, by name; parsing and verifying must never take anything for its work. */
static const struct jwk *own_key(size_t index)
{
    static const char *const algs[] = { "HS256", "RS256", "ES256", "EdDSA" };
    static struct jwk *keys[ARRAY_SIZE(algs)];
    if (index >= ARRAY_SIZE(algs))
        return NULL;
    if (!keys[index])
        keys[index] = jwk_generate(algs[index], NULL);
    return keys[index];
}

static void verify_with_all(struct arena *arena, const char *text, size_t length)
{
    struct jws jws;
    const char *error = NULL;
    bool fine = jws_parse(arena, text, length, &jws, &error);
    PROMISE(fine == (error == NULL));
    for (size_t i = 0; fine && own_key(i); i++)
        PROMISE(!jws_verify(&jws, own_key(i), NULL));
}

/* The text as it is; then its first line as a header and the rest as a signature of 32, 64 or 256 bytes. */
static void run_jws(struct arena *arena, const char *data, size_t length)
{
    static const size_t lengths[] = { 32, 64, 256 };
    verify_with_all(arena, data, length);
    const char *end = memchr(data, '\n', length);
    if (!end)
        return;
    size_t header = (size_t)(end - data), rest = length - header - 1;
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        unsigned char signature[256] = { 0 };
        memcpy(signature, end + 1, rest < lengths[i] ? rest : lengths[i]);
        const char *text = arena_printf(arena, "%s.e30.%s", base64url_encode(arena, data, header),
                                        base64url_encode(arena, signature, lengths[i]));
        verify_with_all(arena, text, strlen(text));
    }
}

/* A key that was taken is written so that it's taken again as the same, and never with its private members.
 */
static void run_jwk(struct arena *arena, const char *data, size_t length)
{
    const char *error = NULL;
    struct json *object = json_parse(arena, data, length, &error);
    struct jwk *key = object ? jwk_parse(object, &error) : NULL;
    PROMISE((key == NULL) == (error != NULL));
    if (!key)
        return;
    struct json_writer writer = json_writer_start(arena);
    jwk_write_public(key, &writer, NULL);
    struct json *shown = json_parse(arena, writer.text.data, writer.text.length, &error);
    PROMISE(shown && !json_member(shown, "d") && !json_member(shown, "p") && !json_member(shown, "k"));
    if (!text_equal(jwk_kty(key), "oct")) {
        struct jwk *again = jwk_parse(shown, &error);
        PROMISE(again && text_equal(jwk_thumbprint(again, arena), jwk_thumbprint(key, arena)));
        jwk_free(again);
    }
    jwk_free(key);
}

static const struct certificate *read_certificate(struct arena *arena, const char *text)
{
    const char *error;
    const struct certificate *certificate = certificate_read(arena, text, &error);
    PROMISE((certificate == NULL) == (error != NULL));
    for (size_t i = 0; certificate && i < CERTIFICATE_NAMES; i++)
        PROMISE(certificate->names[i] && strlen(certificate->thumbprint) == 43);
    return certificate;
}

/* As a web server would hand it over; then as what stands between the lines of PEM. */
static void run_certificate(struct arena *arena, const char *data, size_t length)
{
    (void)read_certificate(arena, arena_strndup(arena, data, length));
    const struct certificate *certificate = read_certificate(
        arena, arena_printf(arena, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----",
                            base64_encode(arena, data, length)));
    if (!certificate)
        return;
    (void)certificate_has_subject(certificate, arena, "CN=api client,O=Acme,C=DE");
    for (int kind = 0; kind < CERTIFICATE_NAMES; kind++)
        PROMISE(!certificate_has_name(certificate, (enum certificate_name)kind, "nobody's"));
}

/* A subject that can't be read is nobody's. */
static void run_subject(struct arena *arena, const char *data, size_t length)
{
    static const struct bytes nobody = { (const unsigned char *)"\x30\x00", 2 };
    const struct certificate certificate = { .subject = nobody };
    const char *text = arena_strndup(arena, data, length);
    bool readable = certificate_subject_is_readable(arena, text);
    PROMISE(!certificate_has_subject(&certificate, arena, text) || !readable);
}

static const struct keyfile *own_keyfile(void)
{
    static struct keyfile *keyfile;
    char folder[] = "/tmp/doorward-fuzz-XXXXXX", path[64];
    const char *error = NULL;
    if (keyfile)
        return keyfile;
    PROMISE(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/key", folder);
    PROMISE(keyfile_create(path));
    keyfile = keyfile_load(path, &error);
    PROMISE(keyfile != NULL);
    unlink(path);
    rmdir(folder);
    return keyfile;
}

static void run_handle(struct arena *arena, const char *data, size_t length)
{
    struct handle handle;
    struct bytes plain;
    const char *text = arena_strndup(arena, data, length);
    for (int kind = HANDLE_CODE; kind <= HANDLE_TICKET; kind++)
        PROMISE(!handle_parse(own_keyfile(), arena, (enum handle_kind)kind, text, &handle));
    struct bytes sealed = { (const unsigned char *)data, length };
    PROMISE(!keyfile_open(own_keyfile(), arena, "row", sealed, &plain));
}

/* --- http --- */

static void run_form(struct arena *arena, const char *data, size_t length)
{
    struct form form;
    if (!form_parse(arena, data, length, &form))
        return;
    PROMISE(form.count <= FORM_MAX_FIELDS);
    for (size_t i = 0; i < form.count; i++) {
        const struct field *field = &form.fields[i];
        PROMISE(text_is_utf8(field->name, strlen(field->name)) &&
                text_is_utf8(field->value, strlen(field->value)));
        PROMISE(form_times(&form, field->name) >= 1);
    }
}

struct body {
    const char *at, *end;
};

static long read_body(void *connection, void *data, size_t size)
{
    struct body *body = connection;
    size_t left = (size_t)(body->end - body->at), count = left < size ? left : size;
    memcpy(data, body->at, count);
    body->at += count;
    return (long)count;
}

/* Lines of NAME=value up to an empty one, as the web server's parameters; the rest is the body. */
static void run_request(struct arena *arena, const char *data, size_t length)
{
    static const struct request_limits limits = { "/base", "192.0.2.1 ::1", 16 * 1024 };
    enum { MAX = REQUEST_MAX_PARAMETERS + 8 };
    char *parameters[MAX + 1] = { NULL };
    const char *at = data, *end = data + length;
    for (size_t i = 0; i < MAX && at < end && *at != '\n'; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        parameters[i] = arena_strndup(arena, at, (size_t)(stop - at));
        at = stop < end ? stop + 1 : end;
    }
    struct body body = { at < end ? at + 1 : end, end };
    struct request request;
    int status = request_read(arena, parameters, &limits, read_body, &body, &request);
    PROMISE(status == 0 || (status >= 400 && status <= 431));
    if (status)
        return;
    PROMISE(request.path[0] == '/' && !strstr(request.path, "/../") &&
            text_is_utf8(request.path, strlen(request.path)));
    PROMISE(request.body.length <= limits.max_body);
    const char *value = cookie_read(&request, "__Host-session");
    PROMISE(!value || text_is_printable(value));
    (void)request_header(&request, "Authorization", NULL);
}

/* --- net --- */

/* What was taken is written as the same bytes. */
static void run_frame(struct arena *arena, const char *data, size_t length)
{
    const struct bytes frame = { (const unsigned char *)data, length };
    struct ask ask;
    struct reply reply;
    if (frame_read_ask(arena, frame, &ask)) {
        struct bytes again = frame_of_ask(arena, &ask);
        PROMISE(again.length == FRAME_HEAD + length && memcmp(again.data + FRAME_HEAD, data, length) == 0);
    }
    if (frame_read_reply(frame, &reply)) {
        struct bytes again = frame_of_reply(arena, &reply);
        PROMISE(again.length == FRAME_HEAD + length && memcmp(again.data + FRAME_HEAD, data, length) == 0);
    }
}

/* --- all of them --- */

const struct fuzz_target fuzz_targets[] = {
    { "base64", run_base64 },   { "certificate", run_certificate },
    { "subject", run_subject }, { "form", run_form },
    { "frame", run_frame },     { "handle", run_handle },
    { "json", run_json },       { "jwk", run_jwk },
    { "jws", run_jws },         { "mustache", run_mustache },
    { "percent", run_percent }, { "request", run_request },
    { "uri", run_uri },         { NULL, NULL },
};

void fuzz_start(void)
{
    PROMISE(log_open("stderr", "error"));
}

void fuzz_run(const struct fuzz_target *target, const void *data, size_t length)
{
    enum { MAX_INPUT = 64 * 1024, LIMIT = 64 * 1024 * 1024 };
    if (length > MAX_INPUT)
        return;
    struct arena *arena = arena_make(LIMIT);
    /* A copy of exactly its length, so that reading behind it is seen. */
    char *copy = malloc(length + !length);
    if (!copy)
        fatal("out of memory");
    if (length)
        memcpy(copy, data, length);
    target->run(arena, copy, length);
    free(copy);
    arena_destroy(arena);
}
