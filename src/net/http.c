/*
 * http.c: see http.h. libcurl resolves and hands each address over just before it opens the socket
 * (CURLOPT_OPENSOCKETFUNCTION): that is where it is checked, so that no second answer of a name server can
 * come between (T-54). Each request has a handle of its own, so that nothing of one is known to the next.
 */
#include "net/http.h"

#include "core/strbuf.h"
#include "core/text.h"
#include "net/egress.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <signal.h>
#include <sys/socket.h>

enum { HEADERS_LIMIT = 16 * 1024, ERROR_BYTES = 250 };

struct exchange {
    struct arena *arena;
    const struct settings *settings;
    const struct http_request *request;
    struct uri uri;
    struct strbuf headers, body;
    CURL *handle;
    char problem[CURL_ERROR_SIZE];
    const char *refused;  /* the last address that wasn't allowed; NULL */
    bool connected;       /* a socket was opened to one that was */
    bool enough;          /* all that is wanted has come */
    const char *too_much; /* what was too large; NULL */
};

/* --- what libcurl calls --- */

static bool read_address(const struct curl_sockaddr *from, struct ip_address *address_out)
{
    if (from->family == AF_INET && from->addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in v4;
        unsigned char bytes[4];
        memcpy(&v4, &from->addr, sizeof(v4));
        memcpy(bytes, &v4.sin_addr, sizeof(bytes));
        ip_from_v4(bytes, address_out);
        return true;
    }
    if (from->family == AF_INET6 && from->addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 v6;
        memcpy(&v6, (const void *)&from->addr, sizeof(v6));
        memcpy(address_out->bytes, &v6.sin6_addr, sizeof(address_out->bytes));
        return true;
    }
    return false;
}

static const char *print_address(struct arena *arena, const struct ip_address *address)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (ip_is_v4(address))
        inet_ntop(AF_INET, address->bytes + 12, text, sizeof(text));
    else
        inet_ntop(AF_INET6, address->bytes, text, sizeof(text));
    return arena_strdup(arena, text);
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct exchange *exchange = context;
    struct ip_address address;

    if (purpose != CURLSOCKTYPE_IPCXN || !read_address(to, &address))
        return CURL_SOCKET_BAD;
    if (!egress_allows(exchange->settings, exchange->uri.host, &address)) {
        exchange->refused = print_address(exchange->arena, &address);
        return CURL_SOCKET_BAD;
    }
    exchange->connected = true;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Lines of an interim answer (1xx) are forgotten when the next one begins. */
static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t length = size * count;
    long status = 0;

    if (length >= 5 && memcmp(data, "HTTP/", 5) == 0)
        strbuf_cut(&exchange->headers, 0);
    if (exchange->headers.length + length > HEADERS_LIMIT) {
        exchange->too_much = "headers";
        return 0;
    }
    strbuf_add(&exchange->headers, data, length);
    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    bool ended = length <= 2 && (data[0] == '\r' || data[0] == '\n');
    exchange->enough = ended && status >= 200 && exchange->request->answer_limit == 0;
    return exchange->enough ? 0 : length;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t length = size * count;

    if (exchange->body.length + length > exchange->request->answer_limit) {
        exchange->too_much = "body";
        return 0;
    }
    strbuf_add(&exchange->body, data, length);
    return length;
}

/* Not 0 gives up. */
static int look_up(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct http_request *request = ((struct exchange *)context)->request;

    (void)a, (void)b, (void)c, (void)d;
    return request->is_leaving && request->is_leaving(request->context);
}

/* --- setting up --- */

static void set_manners(CURL *handle, const struct exchange *exchange)
{
    const struct http_request *request = exchange->request;

    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, exchange->uri.scheme);
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "Doorward");
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_limit_ms);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)request->limit_ms);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* the end isn't kept waiting by a name server that is still silent when the time is over */
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#endif
    if (!text_empty(exchange->settings->egress_ca))
        curl_easy_setopt(handle, CURLOPT_CAINFO, exchange->settings->egress_ca);
}

static void set_callbacks(CURL *handle, struct exchange *exchange)
{
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->problem);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look_up);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, exchange);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);

    if (!longer)
        fatal("out of memory");
    return longer;
}

/* "Expect:" keeps libcurl from waiting for a 100 that many servers never send. */
static struct curl_slist *make_headers(struct arena *arena, const struct http_request *request)
{
    struct curl_slist *list = add_header(NULL, "Expect:");

    for (size_t i = 0; request->headers && request->headers[i]; i++)
        list = add_header(list, request->headers[i]);
    if (request->content_type)
        list = add_header(list, arena_printf(arena, "Content-Type: %s", request->content_type));
    return list;
}

static void set_what_is_asked(CURL *handle, const struct http_request *request)
{
    curl_easy_setopt(handle, CURLOPT_URL, request->url);
    if (!request->content_type)
        return;
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS,
                     request->body.length ? (const char *)request->body.data : "");
    if (request->method)
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

/* --- how it ended --- */

static const char *printable(struct arena *arena, const char *text)
{
    char *line = arena_strndup(arena, text, strnlen(text, ERROR_BYTES));

    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
            *at = *at == '\n' || *at == '\r' || *at == '\t' ? ' ' : '?';
    return text_trim(arena, line);
}

static const char *explain(const struct exchange *exchange, CURLcode code)
{
    struct arena *arena = exchange->arena;

    if (exchange->too_much)
        return arena_printf(arena, "the answer's %s is too large", exchange->too_much);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return "interrupted: the program ends";
    if (exchange->refused && !exchange->connected)
        return arena_printf(arena, "%s is not a public address; egress_allow could allow it",
                            exchange->refused);
    return printable(arena, exchange->problem[0] ? exchange->problem : curl_easy_strerror(code));
}

static enum http_result finish(struct exchange *exchange, CURLcode code, struct http_answer *answer_out)
{
    long status = 0;

    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK && !exchange->enough) {
        answer_out->error = explain(exchange, code);
        return exchange->refused && !exchange->connected ? HTTP_REFUSED : HTTP_FAILED;
    }
    answer_out->status = (int)status;
    answer_out->headers = exchange->headers.data;
    answer_out->body = (struct bytes) { (const unsigned char *)exchange->body.data, exchange->body.length };
    return HTTP_ANSWERED;
}

static enum http_result perform(struct exchange *exchange, struct http_answer *answer_out)
{
    CURL *handle = curl_easy_init();
    struct curl_slist *headers = make_headers(exchange->arena, exchange->request);

    if (!handle)
        fatal("out of memory");
    exchange->handle = handle;
    /* libcurl with NOSIGNAL leaves it to us */
    signal(SIGPIPE, SIG_IGN);
    set_manners(handle, exchange);
    set_callbacks(handle, exchange);
    set_what_is_asked(handle, exchange->request);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    enum http_result result = finish(exchange, curl_easy_perform(handle), answer_out);
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
    return result;
}

enum http_result http_send(struct arena *arena, const struct settings *settings,
                           const struct http_request *request, struct http_answer *answer_out)
{
    struct exchange *exchange = arena_alloc(arena, sizeof(*exchange));

    *answer_out = (struct http_answer) { .headers = "", .error = "" };
    *exchange = (struct exchange) {
        .arena = arena,
        .settings = settings,
        .request = request,
        .headers = strbuf_start(arena),
        .body = strbuf_start(arena),
    };
    const char *wrong = egress_check_url(arena, settings, request->url, &exchange->uri);
    if (!wrong)
        return perform(exchange, answer_out);
    answer_out->error = arena_printf(arena, "the URL can't be used: %s", wrong);
    return HTTP_REFUSED;
}

const char *http_answer_header(struct arena *arena, const struct http_answer *answer, const char *name)
{
    const char *cursor = answer->headers, *line;
    size_t length;

    while (text_next_word(&cursor, '\n', &line, &length)) {
        const char *colon = memchr(line, ':', length);
        if (colon && text_equal_ascii_case(arena_strndup(arena, line, (size_t)(colon - line)), name))
            return text_trim(arena, arena_strndup(arena, colon + 1, length - (size_t)(colon + 1 - line)));
    }
    return NULL;
}
