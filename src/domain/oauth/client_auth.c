/* client_auth.c: see client_auth.h. */
#include "domain/oauth/client_auth.h"

#include "core/log.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

const char client_auth_methods[] = "client_secret_basic client_secret_post none";

/* What a request tried: at most one way of the table. */
struct attempt {
    const char *method, *client_id, *secret;
};

static enum outcome read_attempt(struct context *context, const struct client_credentials *credentials,
                                 struct attempt *attempt_out)
{
    const char *basic = credentials->basic_id, *body = credentials->body_id;
    if (credentials->has_assertion)
        return refuse(context, OUTCOME_INVALID_CLIENT, "no client is registered for assertions");
    if (basic && (credentials->body_secret || credentials->has_empty_secret))
        return refuse(context, OUTCOME_INVALID_REQUEST, "more than one way of client authentication");
    if (basic && body && !text_equal(basic, body))
        return refuse(context, OUTCOME_INVALID_REQUEST, "client_id differs from the Authorization header");
    if (basic) {
        *attempt_out = (struct attempt) { "client_secret_basic", basic, credentials->basic_secret };
        return OUTCOME_OK;
    }
    if (text_empty(body))
        return refuse(context, OUTCOME_INVALID_CLIENT, "client authentication is required");
    bool secret = credentials->body_secret || credentials->has_empty_secret;
    *attempt_out =
        (struct attempt) { secret ? "client_secret_post" : "none", body, credentials->body_secret };
    return OUTCOME_OK;
}

/* A client whose registration names no way may use either way of sending its secret. */
static bool method_is_registered(const struct client *client, const char *method)
{
    if (client->token_endpoint_auth_method)
        return text_equal(client->token_endpoint_auth_method, method);
    return !text_equal(method, "none");
}

/* Each valid secret is compared, so that time does not tell which one it was. */
static bool secret_is_right(const struct context *context, const struct client *client, const char *secret)
{
    unsigned char hash[32];
    bool right = false;
    if (text_empty(secret))
        return false;
    sha256_text(secret, hash);
    for (size_t i = 0; i < client->secret_count; i++) {
        const struct client_secret *known = &client->secrets[i];
        bool alive = !known->expires_at || known->expires_at > context->now;
        right |= secret_equal_hash(hash, known->hash) && alive;
    }
    return right;
}

/* An unknown client and a wrong secret are told apart in the log alone. */
static enum outcome failed(struct context *context, const struct attempt *attempt, const char *reason)
{
    log_warn("client authentication failed: from=%s reason=\"%s\" client=%s", context->address, reason,
             attempt->client_id);
    return refuse(context, OUTCOME_INVALID_CLIENT, "client authentication failed");
}

enum outcome client_authenticate(struct context *context, const struct client_credentials *credentials,
                                 const struct client **client_out)
{
    struct attempt attempt = { 0 };
    enum outcome outcome = read_attempt(context, credentials, &attempt);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = directory_client(context, attempt.client_id, client_out);
    if (outcome == OUTCOME_INVALID_CLIENT)
        return failed(context, &attempt, "unknown client");
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct client *client = *client_out;
    *client_out = NULL;
    if (!client->active)
        return failed(context, &attempt, "disabled client");
    if (!method_is_registered(client, attempt.method))
        return failed(context, &attempt, "registered for another way");
    if (!client_is_public(client) && !secret_is_right(context, client, attempt.secret))
        return failed(context, &attempt, "wrong secret");
    *client_out = client;
    return OUTCOME_OK;
}
