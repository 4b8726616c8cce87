/* exchange.c: see exchange.h. Requests are made by provider_call.c; what kinds have of their own is in rows
 * of kinds.c, which this file reads. */
#include "domain/providers/exchange.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "core/uri.h"
#include "crypto/digest.h"
#include "crypto/jws.h"
#include "domain/oauth/pkce.h"
#include "domain/providers/profile.h"
#include "domain/providers/provider_call.h"
#include "domain/providers/provider_scopes.h"
#include "domain/providers/received_id_token.h"

enum { TOKEN_MAX_BYTES = 16 * 1024, EXPIRES_IN_MAX_S = 10 * 365 * 86400 };

/* --- where people are sent --- */

/* As the kind takes it: one that can't ask for a fresh sign-in asks at least which account it is to be. */
static const char *prompt_taken(const struct provider_kind *kind, const char *prompt)
{
    static const char nearest[] = "select_account";
    if (!prompt || !kind->prompts || text_has_word(kind->prompts, ' ', prompt))
        return prompt;
    return text_equal(prompt, "login") && text_has_word(kind->prompts, ' ', nearest) ? nearest : NULL;
}

static const char *prompt_words(struct arena *arena, const struct provider_kind *kind,
                                const struct provider_authorization *authorization)
{
    const char *prompt = prompt_taken(kind, authorization->prompt);
    const char *added = authorization->offline ? kind->offline_prompt : NULL;
    if (!added || text_equal(prompt, "none"))
        return prompt;
    if (text_empty(prompt) || text_has_word(prompt, ' ', added))
        return text_empty(prompt) ? added : prompt;
    return arena_printf(arena, "%s %s", prompt, added);
}

const char *provider_authorization_url(struct context *context, const struct provider *provider,
                                       const struct provider_authorization *authorization)
{
    struct arena *arena = context->arena;
    const struct provider_kind *kind = provider->kind;
    const char *verifier = kind->has_pkce ? authorization->code_verifier : NULL;
    struct strbuf query = strbuf_start(arena);
    provider_add_pair(&query, "response_type", "code");
    provider_add_pair(&query, "client_id", provider->client_id);
    provider_add_pair(&query, "redirect_uri", authorization->redirect_uri);
    provider_add_pair(&query, "scope",
                      provider_scopes_asked(arena, kind, authorization->scopes, authorization->offline));
    provider_add_pair(&query, "state", authorization->state);
    provider_add_pair(&query, "nonce", kind->is_oidc ? authorization->nonce : NULL);
    provider_add_pair(&query, "code_challenge", verifier ? pkce_challenge(arena, verifier) : NULL);
    provider_add_pair(&query, "code_challenge_method", verifier ? "S256" : NULL);
    if (kind->hint_parameter)
        provider_add_pair(&query, kind->hint_parameter, authorization->login_hint);
    provider_add_pair(&query, "prompt", prompt_words(arena, kind, authorization));
    const char *parameters =
        authorization->offline && kind->offline_parameters ? kind->offline_parameters : kind->parameters;
    const char *url = uri_add_query(arena, provider->authorization_endpoint, query.data);
    if (authorization->adding && kind->adding_parameters)
        url = uri_add_query(arena, url, kind->adding_parameters);
    return uri_add_query(arena, url, parameters);
}

/* --- tokens --- */

/* code: the provider's own number of the error, which its documentation explains; 0: none. */
static enum outcome refused(struct context *context, const struct provider *provider, const char *word,
                            int64_t code)
{
    if (code)
        log_warn("provider %s: refused: %s (%lld)", provider->name, word, (long long)code);
    else
        log_warn("provider %s: refused: %s", provider->name, word);
    return refuse(context, OUTCOME_PROVIDER_REFUSED, word);
}

/* It is put into a header: nothing but what RFC 6749 appendix A.12 lets stand there, and no space. */
static const char *token_text(const struct json *json, const char *name)
{
    const char *token = json_member_text(json, name);
    bool fine = !text_empty(token) && strlen(token) <= TOKEN_MAX_BYTES && text_is_printable(token) &&
                !strchr(token, ' ');
    return fine ? token : NULL;
}

/* A number, or digits as text. */
static int64_t read_expiry(const struct context *context, const struct json *json)
{
    int64_t seconds;
    const struct json *value = json_member(json, "expires_in");
    const char *text = json_text(value);
    if (!json_integer(value, &seconds) && !(text && text_to_int(text, 0, EXPIRES_IN_MAX_S, &seconds)))
        return 0;
    if (seconds > EXPIRES_IN_MAX_S)
        return 0;
    return context->now + (seconds > 0 ? seconds : 0);
}

static enum outcome read_tokens(struct context *context, const struct provider *provider,
                                const struct json *json, const char *asked,
                                struct provider_tokens *tokens_out)
{
    const char *type = json_member_text(json, "token_type");
    *tokens_out = (struct provider_tokens) { .access_token = token_text(json, "access_token"),
                                             .refresh_token = token_text(json, "refresh_token"),
                                             .expires_at = read_expiry(context, json) };
    if (!tokens_out->access_token)
        return provider_fail(context, provider, "its token endpoint", "no access token came");
    if (type && !text_equal_ascii_case(type, "bearer"))
        return provider_fail(context, provider, "its token endpoint", "the token is of another type");
    tokens_out->scopes =
        provider_scopes_given(context->arena, provider->kind, json_member_text(json, "scope"), asked);
    if (!tokens_out->scopes)
        return provider_fail(context, provider, "its token endpoint", "the scopes can't be read");
    return OUTCOME_OK;
}

/* A form to the token endpoint. An error word is a no, whatever the status it comes with (github). */
static enum outcome ask_tokens(struct context *context, const struct provider *provider, const char *form,
                               int64_t until_ms, struct provider_answer *answer_out)
{
    static const char what[] = "its token endpoint";
    enum outcome outcome =
        provider_post(context, provider, provider->token_endpoint, form, until_ms, answer_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (answer_out->error)
        return refused(context, provider, answer_out->error, answer_out->code);
    if (answer_out->status >= 300)
        return provider_fail(context, provider, what,
                             arena_printf(context->arena, "the answer was %d", answer_out->status));
    if (json_kind(answer_out->json) != JSON_OBJECT)
        return provider_fail(context, provider, what, "the answer isn't an object");
    return OUTCOME_OK;
}

/* For a token that ends within days, which is all there is of a provider without refresh tokens. When nothing
 * comes of it, there still is the one that came. */
static void exchange_short_one(struct context *context, const struct provider *provider, int64_t until_ms,
                               struct provider_tokens *tokens)
{
    enum { SHORT_S = 3 * 86400 };
    const char *grant = provider->kind->exchange_grant;
    struct provider_answer answer;
    struct provider_tokens lasting;
    struct strbuf form = strbuf_start(context->arena);
    if (!grant || !tokens->expires_at || tokens->expires_at > context->now + SHORT_S)
        return;
    provider_add_pair(&form, "grant_type", grant);
    provider_add_pair(&form, grant, tokens->access_token);
    if (ask_tokens(context, provider, form.data, until_ms, &answer) == OUTCOME_OK &&
        read_tokens(context, provider, answer.json, tokens->scopes, &lasting) == OUTCOME_OK)
        *tokens = lasting;
}

/* --- who it is --- */

/* Facebook wants to see that who uses a token knows the secret. */
static const char *secret_proof(struct arena *arena, const struct provider *provider, const char *token)
{
    unsigned char mac[64];
    const struct bytes key = { (const unsigned char *)provider->client_secret,
                               strlen(provider->client_secret) };
    if (!provider->kind->proves_secret || !key.length)
        return NULL;
    size_t length = hmac_sha2(256, key, token, strlen(token), mac);
    return hex_encode(arena, mac, length);
}

static const char *profile_url(struct arena *arena, const struct provider *provider, const char *token)
{
    struct strbuf query = strbuf_start(arena);
    strbuf_add_text(&query, provider->kind->profile_query ? provider->kind->profile_query : "");
    provider_add_pair(&query, "appsecret_proof", secret_proof(arena, provider, token));
    return uri_add_query(arena, provider->userinfo_endpoint, query.data);
}

/* An answer that isn't a profile: one that may be done without, as long as it's a no and no accident. */
static bool is_denied(const struct provider_answer *answer)
{
    return answer->status == 401 || answer->status == 403 || answer->status == 404;
}

static enum outcome fetch_profile(struct context *context, const struct provider *provider, const char *token,
                                  int64_t until_ms, struct provider_answer *answer_out)
{
    enum outcome outcome = provider_get(context, provider, profile_url(context->arena, provider, token),
                                        token, until_ms, answer_out);
    if (outcome != OUTCOME_OK || is_denied(answer_out))
        return outcome;
    if (answer_out->status >= 300 || json_kind(answer_out->json) != JSON_OBJECT || answer_out->error)
        return provider_fail(context, provider, "its userinfo endpoint", "the answer is no profile");
    return OUTCOME_OK;
}

static enum outcome add_addresses(struct context *context, const struct provider *provider, const char *token,
                                  int64_t until_ms, struct provider_identity *identity)
{
    struct provider_answer answer;
    if (!provider->emails_endpoint || identity->email)
        return OUTCOME_OK;
    enum outcome outcome =
        provider_get(context, provider, provider->emails_endpoint, token, until_ms, &answer);
    if (outcome != OUTCOME_OK || is_denied(&answer))
        return outcome;
    if (answer.status >= 300 || json_kind(answer.json) != JSON_ARRAY)
        return provider_fail(context, provider, "its emails endpoint", "the answer is no list");
    profile_read_addresses(context->arena, answer.json, identity);
    return OUTCOME_OK;
}

/* What the person allowed, where that isn't said beside the token. */
static bool take_permissions(struct arena *arena, const struct provider_kind *kind,
                             const struct json *profile, struct provider_tokens *tokens)
{
    const char *permissions = profile_permissions(arena, kind, profile);
    if (permissions)
        tokens->scopes = provider_scopes_given(arena, kind, permissions, tokens->scopes);
    return tokens->scopes != NULL;
}

static enum outcome identify_by_profile(struct context *context, const struct provider *provider,
                                        int64_t until_ms, struct provider_tokens *tokens,
                                        struct provider_identity *identity_out)
{
    struct provider_answer answer;
    const char *token = tokens->access_token;
    enum outcome outcome = fetch_profile(context, provider, token, until_ms, &answer);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (is_denied(&answer))
        return provider_fail(context, provider, "its userinfo endpoint", "the token isn't taken");
    profile_read(context->arena, provider->kind, answer.json, identity_out);
    if (!identity_out->subject)
        return provider_fail(context, provider, "its userinfo endpoint", "the profile has no subject");
    if (!take_permissions(context->arena, provider->kind, answer.json, tokens))
        return provider_fail(context, provider, "its userinfo endpoint", "the permissions can't be read");
    return add_addresses(context, provider, token, until_ms, identity_out);
}

/* What the ID Token left out, of the same person: OpenID Connect Core §5.3.2. */
static enum outcome add_userinfo(struct context *context, const struct provider *provider,
                                 const struct json *claims, const char *token, int64_t until_ms,
                                 struct provider_identity *identity)
{
    struct provider_answer answer;
    enum outcome outcome = fetch_profile(context, provider, token, until_ms, &answer);
    if (outcome != OUTCOME_OK || is_denied(&answer))
        return outcome;
    if (!text_equal(json_member_text(answer.json, "sub"), json_member_text(claims, "sub")))
        return provider_fail(context, provider, "its userinfo endpoint", "sub is another's");
    profile_read(context->arena, provider->kind, answer.json, identity);
    return OUTCOME_OK;
}

static bool lacks_something(const struct provider *provider, const char *scopes,
                            const struct provider_identity *identity)
{
    return provider->userinfo_endpoint && ((!identity->email && text_has_word(scopes, ' ', "email")) ||
                                           (!*identity->name && text_has_word(scopes, ' ', "profile")));
}

static enum outcome identify_by_id_token(struct context *context, const struct provider *provider,
                                         const struct json *json, const struct provider_code *code,
                                         const char *token, int64_t until_ms,
                                         struct provider_identity *identity_out)
{
    const char *id_token = json_member_text(json, "id_token");
    const struct json *claims;
    if (!id_token)
        return provider_fail(context, provider, "its token endpoint", "no ID Token came");
    enum outcome outcome = received_id_token_read(context, provider, id_token, code->nonce, &claims);
    if (outcome != OUTCOME_OK)
        return outcome;
    profile_read(context->arena, provider->kind, claims, identity_out);
    if (!identity_out->subject)
        return provider_fail(context, provider, "ID Token", "the subject can't be kept");
    if (!json_integer(json_member(claims, "auth_time"), &identity_out->auth_time))
        identity_out->auth_time = 0;
    if (!lacks_something(provider, code->scopes, identity_out))
        return OUTCOME_OK;
    return add_userinfo(context, provider, claims, token, until_ms, identity_out);
}

enum outcome provider_redeem(struct context *context, const struct provider *provider,
                             const struct provider_code *code, struct provider_tokens *tokens_out,
                             struct provider_identity *identity_out)
{
    struct provider_answer answer;
    int64_t until_ms = provider_talk_until(context);
    struct strbuf form = strbuf_start(context->arena);
    *identity_out = (struct provider_identity) { .name = "" };
    provider_add_pair(&form, "grant_type", "authorization_code");
    provider_add_pair(&form, "code", code->code);
    provider_add_pair(&form, "redirect_uri", code->redirect_uri);
    provider_add_pair(&form, "code_verifier", provider->kind->has_pkce ? code->code_verifier : NULL);
    enum outcome outcome = ask_tokens(context, provider, form.data, until_ms, &answer);
    if (outcome == OUTCOME_OK)
        outcome = read_tokens(context, provider, answer.json, code->scopes, tokens_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (code->lasting)
        exchange_short_one(context, provider, until_ms, tokens_out);
    outcome = provider->kind->is_oidc
                  ? identify_by_id_token(context, provider, answer.json, code, tokens_out->access_token,
                                         until_ms, identity_out)
                  : identify_by_profile(context, provider, until_ms, tokens_out, identity_out);
    if (outcome == OUTCOME_OK)
        profile_read_user(context->arena, code->user, identity_out);
    return outcome;
}

/* --- refreshing --- */

/* Words that say that the refresh token itself is worth nothing any more; others are about this server, or
 * about the moment. */
static bool is_final(const char *word)
{
    return text_has_word("invalid_grant bad_refresh_token interaction_required consent_required "
                         "login_required",
                         ' ', word);
}

/*
 * OpenID Connect Core §12.2: an ID Token that comes with a refresh is of the same person. Nothing but this is
 * read in it, and it came from the token endpoint itself, so that a key that can't be had now loses no
 * rotated token.
 */
static bool is_of_another(struct context *context, const struct provider *provider, const struct json *answer,
                          const char *subject)
{
    const char *id_token = json_member_text(answer, "id_token"), *error;
    struct jws jws;
    if (!provider->kind->is_oidc || !id_token ||
        !jws_parse(context->arena, id_token, strlen(id_token), &jws, &error))
        return false;
    const struct json *claims =
        json_parse(context->arena, (const char *)jws.payload.data, jws.payload.length, &error);
    const char *found = claims ? profile_subject(context->arena, provider->kind, claims) : NULL;
    return found && subject && !text_equal(found, subject);
}

enum outcome provider_refresh(struct context *context, const struct provider *provider,
                              const struct provider_refreshing *refreshing,
                              struct provider_tokens *tokens_out)
{
    struct provider_answer answer;
    struct strbuf form = strbuf_start(context->arena);
    *tokens_out = (struct provider_tokens) { .refresh_token = NULL };
    if (!provider->kind->refreshes)
        return refused(context, provider, "unsupported_grant_type", 0);
    provider_add_pair(&form, "grant_type", "refresh_token");
    provider_add_pair(&form, "refresh_token", refreshing->token);
    enum outcome outcome = ask_tokens(context, provider, form.data, provider_call_until(), &answer);
    if (outcome == OUTCOME_PROVIDER_REFUSED && !is_final(answer.error))
        return provider_fail(context, provider, "refreshing", answer.error);
    if (outcome == OUTCOME_OK && is_of_another(context, provider, answer.json, refreshing->subject))
        return refused(context, provider, "its ID Token is another's", 0);
    return outcome == OUTCOME_OK ? read_tokens(context, provider, answer.json, refreshing->scopes, tokens_out)
                                 : outcome;
}

/* --- revoking --- */

static enum outcome revoke_standard(struct context *context, const struct provider *provider,
                                    const char *token, struct provider_answer *answer_out)
{
    struct strbuf form = strbuf_start(context->arena);
    provider_add_pair(&form, "token", token);
    return provider_post(context, provider, provider->revocation_endpoint, form.data, provider_call_until(),
                         answer_out);
}

static enum outcome revoke_permissions(struct context *context, const struct provider *provider,
                                       const char *token, struct provider_answer *answer_out)
{
    struct strbuf form = strbuf_start(context->arena);
    provider_add_pair(&form, "method", "delete");
    provider_add_pair(&form, "appsecret_proof", secret_proof(context->arena, provider, token));
    const struct provider_request request = { .url = provider->revocation_endpoint,
                                              .content_type = "application/x-www-form-urlencoded",
                                              .body = form.data,
                                              .bearer = token };
    return provider_send(context, provider, &request, provider_call_until(), answer_out);
}

/* The endpoint has the client's id in its path. */
static enum outcome revoke_application(struct context *context, const struct provider *provider,
                                       const char *token, struct provider_answer *answer_out)
{
    static const char hole[] = "{client_id}";
    const char *url = provider->revocation_endpoint, *at = strstr(url, hole);
    if (at)
        url = arena_printf(context->arena, "%.*s%s%s", (int)(at - url), url,
                           percent_encode(context->arena, provider->client_id), at + strlen(hole));
    struct json_writer body = json_writer_start(context->arena);
    json_open_object(&body, NULL);
    json_write_text(&body, "access_token", token);
    json_close_object(&body);
    const struct provider_request request = {
        .url = url, .method = "DELETE", .content_type = "application/json", .body = body.text.data
    };
    return provider_send(context, provider, &request, provider_call_until(), answer_out);
}

/* A token that the provider doesn't know is as revoked as one can be. Facebook has one word for nearly all
 * that goes wrong, too many calls among it, and a number for this. */
static bool is_gone(const struct provider_answer *answer)
{
    enum { FACEBOOK_TOKEN_INVALID = 190 };
    return answer->status < 300 || answer->status == 404 || answer->status == 422 ||
           text_equal(answer->error, "invalid_token") ||
           (text_equal(answer->error, "OAuthException") && answer->code == FACEBOOK_TOKEN_INVALID);
}

enum outcome provider_revoke(struct context *context, const struct provider *provider, const char *token)
{
    static enum outcome (*const ways[])(struct context * context, const struct provider *provider,
                                        const char *token, struct provider_answer *answer_out) = {
        [REVOCATION_STANDARD] = revoke_standard,
        [REVOCATION_PERMISSIONS] = revoke_permissions,
        [REVOCATION_APPLICATION] = revoke_application,
    };
    struct provider_answer answer;
    if (!provider->revocation_endpoint)
        return OUTCOME_OK;
    enum outcome outcome = ways[provider->kind->revocation](context, provider, token, &answer);
    if (outcome != OUTCOME_OK || is_gone(&answer))
        return outcome;
    return provider_fail(context, provider, "revoking", answer.error ? answer.error : "it was refused");
}
