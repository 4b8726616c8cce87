/* access_token.c: see access_token.h. */
#include "domain/oauth/access_token.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/keyring.h"
#include "domain/permissions/permission.h"
#include "store/access_state.h"

/* A token of a client alone has no sub, as promised, and so doesn't claim RFC 9068's type, which
 * demands one. */
#define TYPE_OF_USER "at+jwt"
#define TYPE_OF_CLIENT "JWT"
#define TOKEN_TYPE "access_token" /* tells it from an ID token even where typ isn't looked at */

enum { ENHANCED_LIFE_S = 300 };

static void make_jti(const unsigned char *authorization_id, unsigned char jti_out[32])
{
    random_bytes(jti_out, 32);
    if (authorization_id)
        memcpy(jti_out, authorization_id, 16);
}

/* Under enhanced security a token lives for minutes, whatever the setting says. */
static int64_t lifetime(const struct context *context, const struct client *client)
{
    int64_t wanted = context->settings->access_token_lifetime_s;
    return client->enhanced_security && wanted > ENHANCED_LIFE_S ? ENHANCED_LIFE_S : wanted;
}

enum outcome access_token_issue(struct context *context, const struct access_token_request *request,
                                const char **token_out, int64_t *lifetime_s_out)
{
    unsigned char jti[32];
    struct json_writer writer = json_writer_start(context->arena);
    const struct settings *settings = context->settings;
    make_jti(request->authorization_id, jti);
    *lifetime_s_out = lifetime(context, request->client);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "iss", settings->issuer);
    json_write_text(&writer, "aud", request->client->client_id);
    if (request->user_id)
        json_write_text(&writer, "sub", uuid_encode(context->arena, request->user_id));
    json_write_text(&writer, "client_id", request->client->client_id);
    if (request->client->workspace)
        json_write_text(&writer, "tenant_id", request->client->service->id_text);
    json_write_integer(&writer, "iat", context->now);
    json_write_integer(&writer, "exp", context->now + *lifetime_s_out);
    json_write_text(&writer, "jti", base64url_encode(context->arena, jti, sizeof(jti)));
    if (!text_empty(request->scope))
        json_write_text(&writer, "scope", request->scope);
    if (request->auth_time)
        json_write_integer(&writer, "auth_time", request->auth_time);
    if (request->subject)
        claims_write_access(&writer, request->subject, request->scope);
    binding_write(&writer, &request->binding);
    json_write_text(&writer, "token_type", TOKEN_TYPE);
    json_close_object(&writer);
    const char *type = request->user_id ? TYPE_OF_USER : TYPE_OF_CLIENT;
    return keyring_sign(context, settings->access_token_alg, type, &writer.text, token_out);
}

static enum outcome bad_token(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_TOKEN, reason);
}

static bool read_jti(struct context *context, const char *text, unsigned char jti_out[32])
{
    struct bytes jti;
    if (!text || !base64url_decode(context->arena, text, strlen(text), &jti) || jti.length != 32)
        return false;
    memcpy(jti_out, jti.data, 32);
    return true;
}

enum outcome access_token_read(struct context *context, const char *token, struct access *access_out)
{
    struct access *access = access_out;
    *access = (struct access) { .token = token };
    const struct json *claims = keyring_verify(context, token, TYPE_OF_USER);
    bool of_user = claims != NULL;
    if (!claims)
        claims = keyring_verify(context, token, TYPE_OF_CLIENT);
    if (!claims || !text_equal(json_member_text(claims, "token_type"), TOKEN_TYPE))
        return bad_token(context, "the access token is not valid");
    access->issuer = json_member_text(claims, "iss");
    access->audience = json_member_text(claims, "aud");
    access->client_id = json_member_text(claims, "client_id");
    access->scope = json_member_text(claims, "scope");
    access->jti_text = json_member_text(claims, "jti");
    access->sub = json_member_text(claims, "sub");
    access->has_user = of_user;
    access->binding = binding_read(claims);
    if (!text_equal(access->issuer, context->settings->issuer) || !access->client_id || !access->audience ||
        !read_jti(context, access->jti_text, access->jti))
        return bad_token(context, "the access token is not valid");
    if (!json_integer(json_member(claims, "exp"), &access->expires_at) ||
        !json_integer(json_member(claims, "iat"), &access->issued_at))
        return bad_token(context, "the access token is not valid");
    if (!json_integer(json_member(claims, "auth_time"), &access->auth_time))
        access->auth_time = 0;
    if (access->expires_at <= context->now)
        return bad_token(context, "the access token has expired");
    if (of_user != (access->sub && uuid_decode(access->sub, access->user_id)))
        return bad_token(context, "the access token is not valid");
    memcpy(access->authorization_id, access->jti, 16);
    return OUTCOME_OK;
}

/* The client must still be there and enabled; its entry is in the cache. */
static enum outcome check_client(struct context *context, struct access *access)
{
    enum outcome outcome = directory_client(context, access->client_id, &access->client);
    if (outcome == OUTCOME_INVALID_CLIENT || (outcome == OUTCOME_OK && !access->client->active))
        return bad_token(context, "the client is disabled");
    return outcome;
}

static enum outcome check_user_state(struct context *context, struct access *access)
{
    struct access_state state;
    enum store_result found = access_state_find(context->db, context->arena, access->jti,
                                                access->authorization_id, access->user_id, &state);
    enum outcome outcome =
        store_outcome(context, found, OUTCOME_INVALID_TOKEN, "what the access token hangs from is gone");
    if (outcome != OUTCOME_OK)
        return outcome;
    if (state.token_revoked || state.authorization_revoked_at)
        return bad_token(context, "the access token has been revoked");
    if (!state.grant_scope || !text_equal(state.user_status, "active") ||
        state.authorization_created_at < state.user_tokens_after)
        return bad_token(context, "the access token has been revoked");
    if (!permission_suffices(access->client, &state.permission))
        return bad_token(context, "the user has no permission for this client");
    access->permission = state.permission;
    access->user_email = state.user_email;
    access->user_email_verified = state.user_email_verified;
    access->user_name = state.user_name;
    access->user_claims = state.user_claims;
    access->user_updated_at = state.user_updated_at;
    return OUTCOME_OK;
}

static enum outcome check_machine_state(struct context *context, const struct access *access)
{
    bool revoked;
    enum store_result found = access_state_find_machine(context->db, context->arena, access->jti, &revoked);
    enum outcome outcome = store_outcome(context, found, OUTCOME_INVALID_TOKEN, "unknown token");
    if (outcome == OUTCOME_OK && revoked)
        return bad_token(context, "the access token has been revoked");
    return outcome;
}

enum outcome access_token_is_alive(struct context *context, struct access *access)
{
    enum outcome outcome = check_client(context, access);
    if (outcome != OUTCOME_OK)
        return outcome;
    return access->has_user ? check_user_state(context, access) : check_machine_state(context, access);
}

enum outcome access_token_check(struct context *context, const char *token, bool by_dpop,
                                struct access *access_out)
{
    struct dpop_proof proof;
    enum outcome outcome = access_token_read(context, token, access_out);
    if (outcome == OUTCOME_OK)
        outcome = binding_check(context, token, &access_out->binding, by_dpop, &proof);
    if (outcome == OUTCOME_OK)
        outcome = access_token_is_alive(context, access_out);
    if (outcome == OUTCOME_OK && proof.jkt)
        dpop_use(context, &proof, true);
    return outcome;
}
