/*
 * request.c: the door. What is read, and why so:
 *
 * - the path from REQUEST_URI alone (target.c): SCRIPT_NAME and PATH_INFO differ with every set-up;
 * - SERVER_NAME, SERVER_PORT and REMOTE_USER are never read, and Host only to compare it with the names of
 *   workspaces, never to make an address of it: a client can set each of them
 *   behind at least one web server;
 * - the body to its end, and its length compared with CONTENT_LENGTH: mod_fcgid loses the body of an
 *   HTTP/2 request without a length, and an empty form is not what was sent;
 * - one value of what decides (method, target, length, peer): two different ones are refused.
 */
#include "http/request.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "http/peer.h"
#include "http/target.h"

#include <errno.h>
#include <sys/random.h>

enum { ID_BYTES = 8, MAX_NAME = 64, MAX_PARAMETER_BYTES = 16 * 1024, MAX_TOTAL_BYTES = 128 * 1024 };

/* A name of an HTTP header and of the parameter that carries it differ in a prefix and in '-'. */
static bool parameter_name(const char *header, char name_out[MAX_NAME])
{
    static const char prefix[] = "HTTP_";
    char *out = name_out + sizeof(prefix) - 1;

    memcpy(name_out, prefix, sizeof(prefix));
    if (strlen(header) > MAX_NAME - sizeof(prefix))
        return false;
    for (; *header; header++) {
        bool small = *header >= 'a' && *header <= 'z';
        *out++ = small ? (char)(*header - 'a' + 'A') : *header == '-' ? '_' : *header;
    }
    *out = '\0';
    return true;
}

/* The value of "NAME=value", NULL when the name is another. */
static const char *value_of(const char *parameter, const char *name)
{
    while (*name && *parameter == *name) {
        parameter++;
        name++;
    }
    return !*name && *parameter == '=' ? parameter + 1 : NULL;
}

/* The first value of a parameter that isn't empty, and how often the parameter is there. */
static const char *find_parameter(char *const *parameters, const char *name, size_t *times_out)
{
    const char *found = NULL;

    *times_out = 0;
    for (; parameters && *parameters; parameters++) {
        const char *value = value_of(*parameters, name);
        if (!value)
            continue;
        ++*times_out;
        if (!found && *value)
            found = value;
    }
    return found;
}

const char *request_header(const struct request *request, const char *name, bool *repeated_out)
{
    char parameter[MAX_NAME];
    size_t times = 0;
    const char *value = NULL;

    if (parameter_name(name, parameter))
        value = find_parameter(request->parameters, parameter, &times);
    /* Apache's internal redirect (FallbackResource, mod_rewrite in .htaccess) renames it */
    if (times == 0 && text_equal(parameter, "HTTP_AUTHORIZATION"))
        value = find_parameter(request->parameters, "REDIRECT_HTTP_AUTHORIZATION", &times);
    if (repeated_out)
        *repeated_out = times > 1;
    return value;
}

const char *request_server_parameter(const struct request *request, const char *name)
{
    size_t times;

    if (text_starts(name, "HTTP_"))
        return NULL;
    const char *value = find_parameter(request->parameters, name, &times);
    return value && text_is_utf8(value, strlen(value)) ? value : NULL;
}

/* An id for the log and the error page, no secret: so bytes for several are asked for at once. A failing
 * generator is no state to go on in. */
static const char *make_id(struct arena *arena)
{
    static unsigned char bytes[ID_BYTES * 32];
    static size_t left;

    while (!left)
        if (getrandom(bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes)
            left = sizeof bytes;
        else if (errno != EINTR)
            bug("getrandom failed: %s", strerror(errno));
    left -= ID_BYTES;
    return hex_encode(arena, bytes + left, ID_BYTES);
}

static bool is_field_value(const char *value, size_t length)
{
    for (const char *byte = value; *byte; byte++)
        if (((unsigned char)*byte < 0x20 && *byte != '\t') || *byte == 0x7f)
            return false;
    return text_is_utf8(value, length);
}

/* Foreign cookies of the same domain may hold anything; cookie.c looks at ours alone. */
static bool is_checked_here(const char *parameter)
{
    return text_starts(parameter, "HTTP_") && !value_of(parameter, "HTTP_COOKIE");
}

static bool is_target(const char *parameter)
{
    return value_of(parameter, "REQUEST_URI") || value_of(parameter, "QUERY_STRING");
}

static int check_parameters(char *const *parameters)
{
    size_t total = 0;

    for (size_t i = 0; parameters[i]; i++) {
        size_t length = strnlen(parameters[i], MAX_TOTAL_BYTES + 1);
        bool is_ours = is_checked_here(parameters[i]);
        total += length;
        if (i >= REQUEST_MAX_PARAMETERS || total > MAX_TOTAL_BYTES ||
            (length > MAX_PARAMETER_BYTES && is_ours))
            return is_target(parameters[i]) && length > REQUEST_MAX_URI ? 414 : 431;
        if (is_ours && !is_field_value(parameters[i], length))
            return 400;
    }
    return 0;
}

/* False when the web server passed the parameter with two different values: nobody knows which holds. */
static bool has_one_value(char *const *parameters, const char *name)
{
    size_t times;
    const char *first = find_parameter(parameters, name, &times);

    for (; times > 1 && *parameters; parameters++) {
        const char *value = value_of(*parameters, name);
        if (value && !text_equal(value, first ? first : ""))
            return false;
    }
    return true;
}

static int check_single_values(char *const *parameters)
{
    static const char *const single[] = {
        "REQUEST_METHOD", "REQUEST_URI",     "CONTENT_LENGTH",          "CONTENT_TYPE",     "REMOTE_ADDR",
        "HTTPS",          "SSL_CLIENT_CERT", "SSL_CLIENT_ESCAPED_CERT", "SSL_CLIENT_VERIFY"
    };

    for (size_t i = 0; i < ARRAY_SIZE(single); i++) {
        if (!has_one_value(parameters, single[i])) {
            log_warn("web server passes %s twice with different values", single[i]);
            return 400;
        }
    }
    return 0;
}

static int read_method(struct request *request)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    const char *method = request_server_parameter(request, "REQUEST_METHOD");

    if (!method || strlen(method) > 32 || strspn(method, letters) != strlen(method))
        return 400;
    request->method = arena_strdup(request->arena, method);
    return 0;
}

static int read_target(struct request *request, const struct request_limits *limits)
{
    const char *request_uri = request_server_parameter(request, "REQUEST_URI");
    struct target target;

    if (!request_uri)
        return 400;
    int status = target_read(request->arena, request_uri, limits->base_path, &target);
    request->path = target.path;
    request->raw_query = target.query;
    if (status)
        return status;
    return form_parse(request->arena, target.query, strlen(target.query), &request->query) ? 0 : 400;
}

/* A charset other than UTF-8 would make other text of the same bytes. */
static bool charset_is_utf8(struct arena *arena, const char *parameters)
{
    const char *word;
    size_t length;

    while (text_next_word(&parameters, ';', &word, &length)) {
        const char *parameter = text_lower(arena, text_trim(arena, arena_strndup(arena, word, length)));
        if (text_starts(parameter, "charset=") && !text_equal(parameter, "charset=utf-8") &&
            !text_equal(parameter, "charset=\"utf-8\""))
            return false;
    }
    return true;
}

static int read_content_type(struct request *request)
{
    const char *value = request_server_parameter(request, "CONTENT_TYPE");

    if (!value)
        return 0;
    if (!text_is_printable(value) || strlen(value) > 256)
        return 400;
    size_t length = strcspn(value, ";");
    const char *type = text_trim(request->arena, arena_strndup(request->arena, value, length));
    request->content_type = text_lower(request->arena, type);
    return charset_is_utf8(request->arena, value + length) ? 0 : 400;
}

/* -1: none was told (chunked behind Apache, nginx without request buffering): read to the end. */
static int read_content_length(const struct request *request, size_t max_body, int64_t *length_out)
{
    const char *value = request_server_parameter(request, "CONTENT_LENGTH");

    *length_out = -1;
    if (!value)
        return 0;
    if (strspn(value, "0123456789") != strlen(value))
        return 400;
    return text_to_int(value, 0, (int64_t)max_body, length_out) ? 0 : 413;
}

static int read_body(struct request *request, size_t max_body, request_body_fn read, void *connection)
{
    struct strbuf body = strbuf_start(request->arena);
    int64_t announced;
    int status = read_content_length(request, max_body, &announced);

    if (status)
        return status;
    strbuf_reserve(&body, announced >= 0 ? (size_t)announced + 1 : 4096);
    for (;;) {
        strbuf_reserve(&body, 1);
        size_t room = body.capacity - body.length - 1;
        long got = read(connection, body.data + body.length, room);
        if (got < 0)
            return 400;
        if (got == 0)
            break;
        body.length += (size_t)got;
        body.data[body.length] = '\0';
        if (body.length > max_body)
            return 413;
    }
    if (announced >= 0 && body.length != (size_t)announced)
        return 400;
    request->body = (struct bytes) { .data = (const unsigned char *)body.data, .length = body.length };
    return 0;
}

/* We take no compressed bodies: a small one could hold a large one (RFC 9110 §8.4). */
static int check_content_encoding(const struct request *request)
{
    const char *encoding = request_header(request, "Content-Encoding", NULL);

    return !encoding || text_equal_ascii_case(encoding, "identity") ? 0 : 400;
}

/* What the rest of the program may rely on, whatever is found out later. */
static void start_request(struct arena *arena, char *const *parameters, struct request *request_out)
{
    static char *const none[] = { NULL };

    *request_out = (struct request) {
        .arena = arena,
        .id = make_id(arena),
        .method = "GET",
        .path = "/",
        .raw_query = "",
        .address = "",
        .content_type = "",
        .body = { .data = (const unsigned char *)"" },
        .parameters = parameters ? parameters : none,
    };
}

int request_read(struct arena *arena, char *const *parameters, const struct request_limits *limits,
                 request_body_fn read, void *connection, struct request *request_out)
{
    start_request(arena, parameters, request_out);
    int status = check_parameters(request_out->parameters);
    /* whatever is wrong: each refusal can be logged with its address */
    bool peer_known = peer_read(request_out, status ? "" : limits->trusted_proxies);

    if (status == 0)
        status = check_single_values(request_out->parameters);
    if (status == 0)
        status = read_method(request_out);
    if (status == 0)
        status = read_target(request_out, limits);
    if (status == 0 && !peer_known) {
        log_warn("request without a usable REMOTE_ADDR, or with a bad header of a trusted proxy");
        status = 400;
    }
    if (status == 0)
        status = read_content_type(request_out);
    if (status == 0)
        status = check_content_encoding(request_out);
    return status ? status : read_body(request_out, limits->max_body, read, connection);
}
