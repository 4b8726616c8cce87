/* provider_call.c: see provider_call.h. */
#include "domain/providers/provider_call.h"

#include "core/clock.h"
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/providers/signed_secret.h"
#include "core/uri.h"
#include "net/outgoing.h"

enum {
    CONNECT_LIMIT_MS = 3000,
    TALK_LIMIT_MS = 8000,
    ANSWER_BYTES = 128 * 1024,
    ERROR_WORD_MAX = 64,
};

int64_t provider_talk_until(const struct context *context)
{
    return context->now_ms + TALK_LIMIT_MS;
}

int64_t provider_call_until(void)
{
    return clock_now_ms() + TALK_LIMIT_MS;
}

/* RFC 6749 §5.2 lets no '"' and '\' into a description, and others' words may hold anything. */
static const char *plain(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    for (char *at = copy; *at; at++)
        if (*at < 0x20 || *at > 0x7e || *at == '"' || *at == '\\')
            *at = '?';
    return copy;
}

enum outcome provider_fail(struct context *context, const struct provider *provider, const char *what,
                           const char *why)
{
    const char *reason =
        plain(context->arena, arena_printf(context->arena, "provider %s: %s: %s", provider->name, what, why));
    log_warn("%s", reason);
    return refuse(context, OUTCOME_PROVIDER_FAILED, reason);
}

void provider_add_pair(struct strbuf *form, const char *name, const char *value)
{
    if (value)
        strbuf_add_format(form, "%s%s=%s", form->length ? "&" : "", name, percent_encode(form->arena, value));
}

/* --- answers --- */

/* An error word as it may be logged and shown: of few letters; what else it may be isn't told. */
static const char *error_word(const char *word)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = word ? strspn(word, letters) : 0;
    return length && length <= ERROR_WORD_MAX && !word[length] ? word : "unknown_error";
}

/* RFC 6749 §5.2 has a string; facebook has an object with a type. */
static const char *read_error(const struct json *json)
{
    const struct json *error = json_member(json, "error");
    if (!error)
        return NULL;
    return error_word(json_kind(error) == JSON_OBJECT ? json_member_text(error, "type") : json_text(error));
}

/* Facebook has it in the object, Microsoft a list of them beside the word. */
static int64_t read_code(const struct json *json)
{
    int64_t code;
    const struct json *codes = json_member(json, "error_codes"), *error = json_member(json, "error");
    const struct json *value = json_kind(codes) == JSON_ARRAY && json_count(codes)
                                   ? json_item(codes, 0)
                                   : json_member(error, "code");
    return json_integer(value, &code) ? code : 0;
}

static enum outcome judge(struct context *context, const struct provider *provider, const char *host,
                          const struct http_answer *answer, struct provider_answer *answer_out)
{
    const char *error;
    bool good = answer->status >= 200 && answer->status < 300;
    *answer_out = (struct provider_answer) { .status = answer->status };
    if (answer->status < 200 || (answer->status >= 300 && answer->status < 400) || answer->status >= 500 ||
        answer->status == 429)
        return provider_fail(context, provider, host,
                             arena_printf(context->arena, "the answer was %d", answer->status));
    answer_out->json =
        json_parse(context->arena, (const char *)answer->body.data, answer->body.length, &error);
    answer_out->error = read_error(answer_out->json);
    answer_out->code = read_code(answer_out->json);
    if (good && !answer_out->json && answer->body.length)
        return provider_fail(context, provider, host, "the answer isn't JSON");
    return OUTCOME_OK;
}

/* --- requests --- */

static const char *basic(struct arena *arena, const struct provider *provider)
{
    /* RFC 6749 §2.3.1: each part form-encoded before they are joined */
    const char *pair = arena_printf(arena, "%s:%s", percent_encode(arena, provider->client_id),
                                    percent_encode(arena, provider->client_secret));
    return arena_printf(arena, "Authorization: Basic %s", base64_encode(arena, pair, strlen(pair)));
}

static const char *host_of(struct arena *arena, const char *url)
{
    struct uri uri;
    return uri_parse(arena, url, &uri) ? uri.host : "its endpoint";
}

static enum outcome send(struct context *context, const struct provider *provider,
                         const struct provider_request *request, const char *authorization, int64_t until_ms,
                         struct provider_answer *answer_out)
{
    const char *const headers[] = { "Accept: application/json", authorization, NULL };
    const char *body = request->body ? request->body : "";
    const char *host = host_of(context->arena, request->url);
    int64_t left_ms = until_ms - clock_now_ms();
    if (left_ms <= 0)
        return provider_fail(context, provider, host, "no time is left to ask");
    if (left_ms > TALK_LIMIT_MS)
        left_ms = TALK_LIMIT_MS;
    const struct http_request http = { .url = request->url,
                                       .headers = headers,
                                       .content_type = request->content_type,
                                       .method = request->method,
                                       .body = { (const unsigned char *)body, strlen(body) },
                                       .answer_limit = ANSWER_BYTES,
                                       .connect_limit_ms =
                                           left_ms < CONNECT_LIMIT_MS ? left_ms : CONNECT_LIMIT_MS,
                                       .limit_ms = left_ms };
    struct http_answer answer;
    if (outgoing_send(context->outgoing, context->arena, &http, &answer) != HTTP_ANSWERED)
        return provider_fail(context, provider, host, answer.error);
    return judge(context, provider, host, &answer, answer_out);
}

enum outcome provider_send(struct context *context, const struct provider *provider,
                           const struct provider_request *request, int64_t until_ms,
                           struct provider_answer *answer_out)
{
    const char *authorization =
        request->bearer ? arena_printf(context->arena, "Authorization: Bearer %s", request->bearer)
                        : basic(context->arena, provider);
    return send(context, provider, request, authorization, until_ms, answer_out);
}

/* The client's credentials as members of the form. False when the secret can't be made. */
static bool add_credentials(struct context *context, const struct provider *provider, struct strbuf *form)
{
    const char *secret = provider->client_secret;
    provider_add_pair(form, "client_id", provider->client_id);
    if (provider->kind->signs_secret)
        secret = signed_secret_make(context, provider);
    if (!secret)
        return false;
    if (*secret)
        provider_add_pair(form, "client_secret", secret);
    return true;
}

enum outcome provider_post(struct context *context, const struct provider *provider, const char *url,
                           const char *form, int64_t until_ms, struct provider_answer *answer_out)
{
    bool in_header = text_equal(provider->token_auth_method, "client_secret_basic");
    struct strbuf body = strbuf_start(context->arena);
    strbuf_add_text(&body, form);
    if (!in_header && !add_credentials(context, provider, &body))
        return provider_fail(context, provider, "client_secret", "its key doesn't sign");
    const struct provider_request request = { .url = url,
                                              .content_type = "application/x-www-form-urlencoded",
                                              .body = body.data };
    return send(context, provider, &request, in_header ? basic(context->arena, provider) : NULL, until_ms,
                answer_out);
}

enum outcome provider_get(struct context *context, const struct provider *provider, const char *url,
                          const char *access_token, int64_t until_ms, struct provider_answer *answer_out)
{
    const struct provider_request request = { .url = url, .bearer = access_token };
    return provider_send(context, provider, &request, until_ms, answer_out);
}
