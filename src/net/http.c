/*
 * http.c: see http.h. libcurl resolves and hands each address over just before it opens the socket
 * (CURLOPT_OPENSOCKETFUNCTION): that is where it is checked, so that no second answer of a name server can
 * come between (T-54). Each request has a handle and a connection of its own, and no name is remembered, so
 * that nothing of one is known to the next.
 */
#include "net/http.h"

#include "core/strbuf.h"
#include "core/text.h"
#include "net/egress.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <poll.h>
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
    struct curl_slist *lines; /* the headers that are sent */
    void *owner;              /* of one among many */
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
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
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
    if (request->content_type) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS,
                         request->body.length ? (const char *)request->body.data : "");
    }
    if (request->method)
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

/* What goes into a header may have come from others: no line of theirs gets in. */
static bool is_sendable(const struct http_request *request)
{
    for (size_t i = 0; request->headers && request->headers[i]; i++)
        if (!text_is_printable(request->headers[i]))
            return false;
    return (!request->content_type || text_is_printable(request->content_type)) &&
           (!request->method || text_is_printable(request->method));
}

static void set_up(struct exchange *exchange)
{
    CURL *handle = curl_easy_init();

    if (!handle)
        fatal("out of memory");
    exchange->handle = handle;
    exchange->lines = make_headers(exchange->arena, exchange->request);
    /* libcurl with NOSIGNAL leaves it to us */
    signal(SIGPIPE, SIG_IGN);
    set_manners(handle, exchange);
    set_callbacks(handle, exchange);
    set_what_is_asked(handle, exchange->request);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, exchange->lines);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, exchange);
}

/* An exchange that can be performed; NULL when it's refused, with the reason in the answer. */
static struct exchange *begin(struct arena *arena, const struct settings *settings,
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
    if (wrong)
        answer_out->error = arena_printf(arena, "the URL can't be used: %s", wrong);
    else if (!is_sendable(request))
        answer_out->error = "a header of the request would hold control characters";
    if (!text_empty(answer_out->error))
        return NULL;
    set_up(exchange);
    return exchange;
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

static void clean_up(struct exchange *exchange)
{
    curl_easy_cleanup(exchange->handle);
    curl_slist_free_all(exchange->lines);
}

static enum http_result finish(struct exchange *exchange, CURLcode code, struct http_answer *answer_out)
{
    long status = 0;

    *answer_out = (struct http_answer) { .headers = "", .error = "" };
    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    clean_up(exchange);
    if (code != CURLE_OK && !exchange->enough) {
        answer_out->error = explain(exchange, code);
        return exchange->refused && !exchange->connected ? HTTP_REFUSED : HTTP_FAILED;
    }
    answer_out->status = (int)status;
    answer_out->headers = exchange->headers.data;
    answer_out->body = (struct bytes) { (const unsigned char *)exchange->body.data, exchange->body.length };
    return HTTP_ANSWERED;
}

enum http_result http_send(struct arena *arena, const struct settings *settings,
                           const struct http_request *request, struct http_answer *answer_out)
{
    struct exchange *exchange = begin(arena, settings, request, answer_out);

    return exchange ? finish(exchange, curl_easy_perform(exchange->handle), answer_out) : HTTP_REFUSED;
}

/* --- many at once --- */

struct http_many {
    CURLM *multi;
    struct curl_waitfd watched[HTTP_MANY_WATCHED];
};

struct http_many *http_many_make(void)
{
    struct http_many *many = calloc(1, sizeof(*many));

    if (many)
        many->multi = curl_multi_init();
    if (!many || !many->multi)
        fatal("out of memory");
    return many;
}

void http_many_free(struct http_many *many)
{
    curl_multi_cleanup(many->multi);
    free(many);
}

struct exchange *http_many_begin(struct http_many *many, struct arena *arena, const struct settings *settings,
                                 const struct http_request *request, void *owner,
                                 struct http_answer *answer_out)
{
    struct exchange *exchange = begin(arena, settings, request, answer_out);

    if (!exchange)
        return NULL;
    exchange->owner = owner;
    curl_easy_setopt(exchange->handle, CURLOPT_NOPROGRESS, 1L);
    if (curl_multi_add_handle(many->multi, exchange->handle) != CURLM_OK)
        fatal("out of memory");
    return exchange;
}

void http_many_drop(struct http_many *many, struct exchange *exchange)
{
    curl_multi_remove_handle(many->multi, exchange->handle);
    clean_up(exchange);
}

/* What libcurl calls the events is what poll() does, in bits of its own. */
static short to_curl(short events)
{
    return (short)((events & POLLIN ? CURL_WAIT_POLLIN : 0) | (events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
}

static short from_curl(short events)
{
    return (short)((events & CURL_WAIT_POLLIN ? POLLIN : 0) | (events & CURL_WAIT_POLLOUT ? POLLOUT : 0));
}

/* Goes on only behind the wait, so that the caller hears of what has ended before it waits again. */
void http_many_wait(struct http_many *many, struct pollfd *watched, size_t count, int timeout_ms)
{
    int running;

    if (count > HTTP_MANY_WATCHED)
        bug("%zu descriptors to watch", count);
    for (size_t i = 0; i < count; i++)
        many->watched[i] = (struct curl_waitfd) { watched[i].fd, to_curl(watched[i].events), 0 };
    CURLMcode code = curl_multi_poll(many->multi, many->watched, (unsigned)count, timeout_ms, NULL);
    if (code != CURLM_OK)
        fatal("waiting for the network: %s", curl_multi_strerror(code));
    curl_multi_perform(many->multi, &running);
    for (size_t i = 0; i < count; i++)
        watched[i].revents = from_curl(many->watched[i].revents);
}

void *http_many_next(struct http_many *many, enum http_result *result_out, struct http_answer *answer_out)
{
    struct exchange *exchange = NULL;
    const CURLMsg *message;
    int left;

    do {
        message = curl_multi_info_read(many->multi, &left);
    } while (message && message->msg != CURLMSG_DONE);
    if (!message)
        return NULL;
    CURLcode code = message->data.result;
    CURL *handle = message->easy_handle;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, (char **)&exchange);
    curl_multi_remove_handle(many->multi, handle);
    *result_out = finish(exchange, code, answer_out);
    return exchange->owner;
}

/* --- reading an answer --- */

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
