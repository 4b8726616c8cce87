/*
 * send.c: see send.h. What the server says is read on the way, since libcurl tells only numbers: the last
 * command that was sent and the last answer make the error, and say whose fault it is. A 5xx for the
 * recipient or the mail itself is final; one for the greeting, TLS, the login or the sender is a matter of
 * configuration, which somebody may put right while the mail waits.
 */
#include "net/send.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/text.h"
#include "core/uri.h"
#include "net/message.h"
#include "net/sendmail.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { CONNECT_LIMIT_S = 15, ANSWER_LIMIT_S = 30, LINE_BYTES = 300, VERB_BYTES = 8, ENDING_MS = 5000 };

struct talk {
    struct bytes left;
    char verb[VERB_BYTES + 1];   /* of the last command: "RCPT" */
    char answer[LINE_BYTES + 1]; /* the last line that the server said */
    char problem[CURL_ERROR_SIZE];
    bool over;
    bool all_given; /* the whole mail is on its way: giving up now would risk sending it twice */
    const struct send_watch *watch;
    int64_t leaving_since_ms;
};

/* --- what libcurl calls --- */

static size_t give(char *buffer, size_t size, size_t count, void *context)
{
    struct talk *talk = context;
    size_t length = size * count < talk->left.length ? size * count : talk->left.length;
    if (length > 0)
        memcpy(buffer, talk->left.data, length);
    talk->left.data += length;
    talk->left.length -= length;
    talk->all_given |= talk->left.length == 0;
    return length;
}

static void keep_line(char *kept, size_t most, const char *data, size_t size)
{
    size_t length = 0;
    while (length < size && length < most && data[length] != '\r' && data[length] != '\n')
        length++;
    memcpy(kept, data, length);
    kept[length] = '\0';
}

/* Of what we say only the first word, so that no password is ever kept. */
static void keep_verb(struct talk *talk, const char *data, size_t size)
{
    size_t length = 0;
    while (length < size && length < VERB_BYTES && data[length] >= 'A' && data[length] <= 'Z')
        length++;
    if (length >= 4)
        keep_line(talk->verb, length, data, length);
}

static int overhear(CURL *handle, curl_infotype type, char *data, size_t size, void *context)
{
    struct talk *talk = context;
    (void)handle;
    if (type == CURLINFO_HEADER_OUT && size >= 4 && memcmp(data, "QUIT", 4) == 0)
        talk->over = true; /* what comes now is a goodbye */
    if (talk->over)
        return 0;
    if (type == CURLINFO_HEADER_IN)
        keep_line(talk->answer, LINE_BYTES, data, size);
    if (type == CURLINFO_HEADER_OUT)
        keep_verb(talk, data, size);
    return 0;
}

/* Not 0 gives up. A mail that has been given away whole gets a moment more for its answer. */
static int look_up(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct talk *talk = context;
    (void)a, (void)b, (void)c, (void)d;
    if (!talk->watch->is_leaving || !talk->watch->is_leaving(talk->watch->context))
        return 0;
    if (!talk->leaving_since_ms)
        talk->leaving_since_ms = clock_mono_ms();
    return !talk->all_given || clock_mono_ms() - talk->leaving_since_ms > ENDING_MS;
}

/* --- setting up --- */

/* What we call ourselves: the issuer's host, an address as a literal (RFC 5321 §4.1.3). */
static const char *own_name(struct arena *arena, const struct settings *settings)
{
    struct uri issuer;
    if (!uri_parse(arena, settings->issuer, &issuer) || !*issuer.host)
        return "localhost";
    if (issuer.host[0] == '[')
        return arena_printf(arena, "[IPv6:%s", issuer.host + 1);
    bool is_address = strspn(issuer.host, "0123456789.") == strlen(issuer.host);
    return is_address ? arena_printf(arena, "[%s]", issuer.host) : issuer.host;
}

/* A password is never sent in the clear because somebody left STARTTLS out of the greeting. */
static long tls_of(const struct settings *settings)
{
    if (text_equal(settings->mail_tls, "off"))
        return CURLUSESSL_NONE;
    if (text_equal(settings->mail_tls, "optional") && text_empty(settings->mail_user))
        return CURLUSESSL_TRY;
    return CURLUSESSL_ALL;
}

static void set_limits(CURL *handle, struct talk *talk)
{
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_LIMIT_S);
    curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)ANSWER_LIMIT_S);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, (long)talk->watch->limit_s);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, talk->problem);
    curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, overhear);
    curl_easy_setopt(handle, CURLOPT_DEBUGDATA, talk);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look_up);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, talk);
}

static void set_server(CURL *handle, struct arena *arena, const struct settings *settings)
{
    const char *name = percent_encode(arena, own_name(arena, settings));
    curl_easy_setopt(handle, CURLOPT_URL, arena_printf(arena, "%s/%s", settings->mail, name));
    curl_easy_setopt(handle, CURLOPT_USE_SSL, tls_of(settings));
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (!text_empty(settings->mail_tls_ca)) {
        curl_easy_setopt(handle, CURLOPT_CAINFO, settings->mail_tls_ca);
        curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
    }
    if (!text_empty(settings->mail_user)) {
        curl_easy_setopt(handle, CURLOPT_USERNAME, settings->mail_user);
        curl_easy_setopt(handle, CURLOPT_PASSWORD, settings->mail_password);
    }
}

/* --- how it ended --- */

/* Where a person should look, for the failures that are a matter of set-up. */
static const struct {
    CURLcode code;
    const char *words;
} hints[] = {
    { CURLE_COULDNT_RESOLVE_HOST, "is the host in mail spelled right, and does this machine resolve names?" },
    { CURLE_COULDNT_CONNECT,
      "does the server that mail names run, is its port right, and does a firewall let "
      "this machine through?" },
    { CURLE_OPERATION_TIMEDOUT,
      "is the port in mail right (smtps:// is for TLS from the first byte, port 465, "
      "smtp:// for the others)?" },
    { CURLE_PEER_FAILED_VERIFICATION,
      "the server's certificate isn't trusted: name its CA's in mail_tls_ca, and "
      "the host in mail as the certificate does" },
    { CURLE_SSL_CACERT_BADFILE, "mail_tls_ca can't be read or holds no certificate" },
    { CURLE_USE_SSL_FAILED,
      "the server doesn't offer STARTTLS: mail_tls = off is for a server on this machine, "
      "smtps:// for one that begins with TLS" },
    { CURLE_LOGIN_DENIED, "are mail_user and mail_password right?" },
    { CURLE_SSL_CONNECT_ERROR,
      "does the server speak TLS on this port? smtps:// is for port 465, smtp:// with "
      "STARTTLS for 587 and 25" },
};

static const char *hint_for(CURLcode code)
{
    for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
        if (hints[i].code == code)
            return hints[i].words;
    return NULL;
}

static bool is_refusal(const struct talk *talk)
{
    return talk->answer[0] == '4' || talk->answer[0] == '5';
}

/* RFC 4954 §6: about the login, whichever command they answer. */
static bool is_about_login(const char *answer)
{
    static const char *const codes[] = { "530", "534", "535", "538" };
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (text_starts(answer, codes[i]))
            return true;
    return false;
}

static enum send_result judge(const struct talk *talk, CURLcode code)
{
    bool of_mail = text_equal(talk->verb, "RCPT") || text_equal(talk->verb, "DATA");
    if (code == CURLE_OK)
        return SEND_OK;
    return of_mail && talk->answer[0] == '5' && !is_about_login(talk->answer) ? SEND_NEVER : SEND_LATER;
}

static const char *explain(struct arena *arena, const struct talk *talk, CURLcode code)
{
    const char *hint = hint_for(code), *what = talk->problem[0] ? talk->problem : curl_easy_strerror(code);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return "interrupted: the program ends";
    if (is_refusal(talk)) {
        what = arena_printf(arena, "%s%s%s", talk->verb, talk->verb[0] ? ": " : "", talk->answer);
        hint = is_about_login(talk->answer) ? hint_for(CURLE_LOGIN_DENIED) : NULL;
    }
    return hint ? arena_printf(arena, "%s - %s", what, hint) : what;
}

static CURL *open_talk(struct arena *arena, const struct settings *settings, struct talk *talk)
{
    CURL *handle = curl_easy_init();
    if (!handle)
        fatal("out of memory");
    set_limits(handle, talk);
    set_server(handle, arena, settings);
    return handle;
}

static enum send_result send_by_smtp(struct arena *arena, const struct settings *settings, const char *from,
                                     const char *to, struct talk *talk, const char **error_out)
{
    CURL *handle = open_talk(arena, settings, talk);
    struct curl_slist *recipients = curl_slist_append(NULL, arena_printf(arena, "<%s>", to));
    if (!recipients)
        fatal("out of memory");
    curl_easy_setopt(handle, CURLOPT_MAIL_FROM, arena_printf(arena, "<%s>", from));
    curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(handle, CURLOPT_READDATA, talk);
    CURLcode code = curl_easy_perform(handle);
    *error_out = code == CURLE_OK ? "" : explain(arena, talk, code);
    curl_slist_free_all(recipients);
    curl_easy_cleanup(handle);
    return judge(talk, code);
}

/* One line of printable text, whatever the other side said. */
static const char *printable(struct arena *arena, const char *text)
{
    char *line = arena_strndup(arena, text, strnlen(text, LINE_BYTES));
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
            *at = *at == '\n' || *at == '\r' || *at == '\t' ? ' ' : '?';
    return text_trim(arena, line);
}

static const char command_prefix[] = "sendmail:";

enum send_result send_mail(struct arena *arena, const struct settings *settings, const char *from,
                           const char *to, struct bytes bytes, const struct send_watch *watch,
                           const char **error_out)
{
    enum send_result result;
    *error_out = "";
    if (!message_address_is_plain(from) || !message_address_is_plain(to)) {
        *error_out = "the address can't be written in a mail";
        return SEND_NEVER;
    }
    /* libcurl with NOSIGNAL and a command that doesn't read to the end would both raise it. */
    signal(SIGPIPE, SIG_IGN);
    if (text_starts(settings->mail, command_prefix)) {
        result =
            sendmail_run(arena, settings->mail + strlen(command_prefix), from, to, bytes, watch, error_out);
    } else {
        struct talk *talk = arena_alloc(arena, sizeof(*talk));
        talk->left = bytes;
        talk->watch = watch;
        result = send_by_smtp(arena, settings, from, to, talk, error_out);
    }
    *error_out = result == SEND_OK ? "" : printable(arena, *error_out);
    return result;
}

bool send_probe(struct arena *arena, const struct settings *settings, int64_t limit_s, const char **error_out)
{
    *error_out = "";
    if (text_starts(settings->mail, command_prefix)) {
        const char *path = settings->mail + strlen(command_prefix);
        bool usable = access(path, X_OK) == 0;
        *error_out = usable ? "" : arena_printf(arena, "%s can't be run: %s", path, strerror(errno));
        return usable;
    }
    const struct send_watch watch = { .limit_s = limit_s };
    struct talk *talk = arena_alloc(arena, sizeof(*talk));
    talk->watch = &watch;
    signal(SIGPIPE, SIG_IGN);
    CURL *handle = open_talk(arena, settings, talk);
    curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L);
    CURLcode code = curl_easy_perform(handle);
    if (code != CURLE_OK)
        *error_out = printable(arena, explain(arena, talk, code));
    curl_easy_cleanup(handle);
    return code == CURLE_OK;
}
