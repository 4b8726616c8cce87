/* logout.c: see logout.h. */
#include "domain/oidc/logout.h"

#include "core/encode.h"
#include "core/text.h"
#include "core/uri.h"
#include "domain/oauth/redirect_uri.h"
#include "domain/oidc/id_token.h"

static enum outcome bad_request(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_INVALID_REQUEST, reason);
}

/* Who asks: the hint's audience, else client_id by itself. */
static enum outcome find_client(struct context *context, const struct logout_parameters *parameters,
                                const struct id_token_hint *hint, const struct client **client_out)
{
    const char *client_id = hint->audience ? hint->audience : parameters->client_id;
    if (hint->audience && parameters->client_id && !text_equal(hint->audience, parameters->client_id))
        return bad_request(context, "id_token_hint was issued to another client");
    if (!client_id)
        return OUTCOME_OK;
    enum outcome outcome = directory_client(context, client_id, client_out);
    if (outcome == OUTCOME_INVALID_CLIENT)
        return bad_request(context, "the client is unknown");
    return outcome;
}

static bool hint_fits_session(struct context *context, const struct id_token_hint *hint,
                              const struct session *session)
{
    return hint->sid && session && text_equal(hint->sid, uuid_encode(context->arena, session->sid));
}

static enum outcome read_redirect(struct context *context, const struct logout_parameters *parameters,
                                  const struct client *client, const char **redirect_uri_out)
{
    const char *uri = parameters->post_logout_redirect_uri;
    if (!uri)
        return OUTCOME_OK;
    if (!client || !client->active || !post_logout_uri_is_registered(client, uri))
        return bad_request(context, "post_logout_redirect_uri is not registered");
    const char *state = parameters->state;
    const char *pair =
        state ? arena_printf(context->arena, "state=%s", percent_encode(context->arena, state)) : NULL;
    *redirect_uri_out = pair ? uri_add_query(context->arena, uri, pair) : uri;
    return OUTCOME_OK;
}

enum outcome logout_request(struct context *context, const struct logout_parameters *parameters,
                            const struct session *session, struct logout_decision *decision_out)
{
    struct id_token_hint hint = { 0 };
    *decision_out = (struct logout_decision) { 0 };
    if (parameters->repeated)
        return bad_request(context, "a parameter came more than once");
    if (parameters->id_token_hint) {
        enum outcome outcome = id_token_read_hint(context, parameters->id_token_hint, &hint);
        if (outcome != OUTCOME_OK)
            return outcome;
    }
    enum outcome outcome = find_client(context, parameters, &hint, &decision_out->client);
    if (outcome == OUTCOME_OK)
        outcome = read_redirect(context, parameters, decision_out->client, &decision_out->redirect_uri);
    /* Without a session there is nothing to lose; a foreign page must not end one unasked. */
    decision_out->confirm = session ? !hint_fits_session(context, &hint, session) : !hint.sid;
    return outcome;
}
