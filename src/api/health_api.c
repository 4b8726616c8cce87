/* health_api.c: the family "health": for load balancers and supervisors. No version, no secret. */
#include "api/api.h"
#include "app/answer.h"
#include "domain/keyring.h"
#include "domain/readiness.h"

/* The process answers; the database is not asked. */
static enum outcome get_healthz(struct call *call)
{
    response_json(&call->response, 200, "{\"status\":\"ok\"}");
    return OUTCOME_OK;
}

/* The database answers, its schema is known, and there are keys to sign with. */
static enum outcome get_readyz(struct call *call)
{
    struct bytes jwks;
    const char *etag;
    enum outcome outcome = readiness_check(&call->context);
    if (outcome == OUTCOME_OK)
        outcome = keyring_refresh(&call->context);
    if (outcome == OUTCOME_OK)
        outcome = keyring_jwks(&call->context, &jwks, &etag);
    if (outcome == OUTCOME_OK)
        response_json(&call->response, 200, "{\"status\":\"ready\"}");
    return outcome;
}

static const struct route routes[] = {
    { .method = "GET", .path = "/healthz", .who = BY_ANYONE, .plain_http = true, .handler = get_healthz },
    { .method = "GET", .path = "/readyz", .who = BY_ANYONE, .plain_http = true, .handler = get_readyz },
};

const struct route_family health_family = { "health", routes, ARRAY_SIZE(routes), answer_oauth_error };
