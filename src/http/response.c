/*
 * response.c: builds the one answer of a request and prints it in the CGI form that FastCGI carries
 * (RFC 3875 §6). What would let an answer be split or written twice is a fault of ours and stops here.
 */
#include "http/response.h"

#include "core/strbuf.h"
#include "core/text.h"

enum { USUAL_HEADERS_BYTES = 512 };

static const struct header always[] = {
    { "Cache-Control", "no-store" },
    { "Referrer-Policy", "no-referrer" },
    { "Strict-Transport-Security", "max-age=31536000" },
    { "X-Content-Type-Options", "nosniff" },
};

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
};

static const char *phrase_of(int status)
{
    for (size_t i = 0; i < ARRAY_SIZE(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Status";
}

void response_start(struct response *response, struct arena *arena)
{
    *response = (struct response) { .arena = arena, .header_count = ARRAY_SIZE(always) };
    memcpy(response->headers, always, sizeof(always));
}

/* RFC 9110 §5.6.2 allows some signs more; none of our names has one. */
static bool is_token(const char *text)
{
    for (const char *byte = text; *byte; byte++) {
        bool letter = (*byte >= 'a' && *byte <= 'z') || (*byte >= 'A' && *byte <= 'Z');
        if (!letter && *byte != '-' && !(*byte >= '0' && *byte <= '9'))
            return false;
    }
    return *text;
}

static bool is_one_line(const char *text)
{
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++)
        if ((*byte < 0x20 && *byte != '\t') || *byte == 0x7f)
            return false;
    return true;
}

/* A name that isn't a token or a value that isn't one line would split the answer (RFC 9110 §5.5). */
static void check_header(const char *name, const char *value)
{
    if (!name || !is_token(name))
        bug("response header with a name that is no token");
    if (!value || !is_one_line(value))
        bug("response header %s with a control character or without a value", name);
}

void response_add_header(struct response *response, const char *name, const char *value)
{
    check_header(name, value);
    if (response->header_count == RESPONSE_MAX_HEADERS)
        bug("more than %d response headers", RESPONSE_MAX_HEADERS);
    response->headers[response->header_count++] = (struct header) {
        .name = arena_strdup(response->arena, name),
        .value = arena_strdup(response->arena, value),
    };
}

void response_header(struct response *response, const char *name, const char *value)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (text_equal_ascii_case(response->headers[i].name, name)) {
            check_header(name, value);
            response->headers[i].value = arena_strdup(response->arena, value);
            return;
        }
    }
    response_add_header(response, name, value);
}

static void set_status(struct response *response, int status)
{
    if (response->status)
        bug("answered twice: %d, then %d", response->status, status);
    if (status < 200 || status > 599)
        bug("answered with status %d", status);
    response->status = status;
}

void response_body(struct response *response, int status, const char *content_type, struct bytes body)
{
    set_status(response, status);
    response_header(response, "Content-Type", content_type);
    response->body = body;
}

static void text_body(struct response *response, int status, const char *content_type, const char *text)
{
    struct bytes body = { .data = (const unsigned char *)text, .length = strlen(text) };
    response_body(response, status, content_type, body);
}

void response_json(struct response *response, int status, const char *json)
{
    text_body(response, status, "application/json", json);
}

void response_html(struct response *response, int status, const char *html)
{
    text_body(response, status, "text/html; charset=utf-8", html);
}

void response_empty(struct response *response, int status)
{
    set_status(response, status);
}

/* "https://…", "app:/…" or "/path", in printable ASCII: never "//host" and never "/\host" (T-12, T-13). */
static bool is_location(const char *location)
{
    if (!text_is_printable(location) || strpbrk(location, " \\\"<>"))
        return false;
    if (location[0] == '/')
        return location[1] != '/';
    const char *colon = strchr(location, ':');
    return colon && colon > location &&
           strcspn(location, "/?#") > (size_t)(colon - location); /* so it's a scheme's colon */
}

void response_redirect(struct response *response, int status, const char *location)
{
    if (!is_location(location))
        bug("redirect to what is neither an absolute URL nor an absolute path");
    set_status(response, status);
    response_header(response, "Location", location);
}

/* RFC 9110 §8.6: no Content-Length in a 204; a 304 tells nothing about a body that it doesn't have. */
static bool has_length(int status)
{
    return status != 204 && status != 304;
}

static void print_header(struct strbuf *text, const struct header *header)
{
    strbuf_add_text(text, header->name);
    strbuf_add(text, ": ", 2);
    strbuf_add_text(text, header->value);
    strbuf_add(text, "\r\n", 2);
}

struct bytes response_print(const struct response *response, bool head)
{
    struct strbuf text = strbuf_start(response->arena);

    if (!response->status)
        bug("response printed before it was answered");
    strbuf_reserve(&text, USUAL_HEADERS_BYTES + (head ? 0 : response->body.length));
    strbuf_add_format(&text, "Status: %d %s\r\n", response->status, phrase_of(response->status));
    for (size_t i = 0; i < response->header_count; i++)
        print_header(&text, &response->headers[i]);
    if (has_length(response->status))
        strbuf_add_format(&text, "Content-Length: %zu\r\n", response->body.length);
    strbuf_add_text(&text, "\r\n");
    if (!head && response->body.length > 0)
        strbuf_add(&text, response->body.data, response->body.length);
    return (struct bytes) { .data = (const unsigned char *)text.data, .length = text.length };
}
