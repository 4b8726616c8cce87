/* userinfo_api.c: the family "userinfo": what a token's user allowed to be told (OpenID Connect Core
 * §5.3). The policy's one statement has read the user already. */
#include "api/api.h"
#include "app/answer.h"
#include "core/json_writer.h"
#include "domain/oauth/scope.h"
#include "domain/oidc/claims.h"

static enum outcome get_userinfo(struct call *call)
{
    const struct access *access = &call->access;
    if (!access->has_user || !scope_has(access->scope, "openid"))
        return refuse(&call->context, OUTCOME_INSUFFICIENT_SCOPE, "the scope openid is required");
    struct claims_subject subject = {
        .email = access->user_email,
        .name = access->user_name,
        .claims = access->user_claims,
        .email_verified = access->user_email_verified,
        .updated_at = access->user_updated_at,
        .permission = access->permission,
    };
    enum outcome outcome =
        claims_read(&call->context, access->client, access->user_id, access->scope, &subject);
    if (outcome != OUTCOME_OK)
        return outcome;

    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "sub", access->sub);
    claims_write(&call->context, &writer, &subject, access->scope);
    json_close_object(&writer);
    response_json(&call->response, 200, writer.text.data);
    return OUTCOME_OK;
}

static const struct route routes[] = {
    { .method = "GET",
      .path = "/api/oauth/userinfo",
      .aliases = { "/userinfo" },
      .who = BY_BEARER,
      .caller_limit = CALLER_TAKES_TOKENS,
      .cors = CORS_LISTED,
      .handler = get_userinfo },
    { .method = "POST",
      .path = "/api/oauth/userinfo",
      .aliases = { "/userinfo" },
      .who = BY_BEARER,
      .caller_limit = CALLER_TAKES_TOKENS,
      .body = BODY_FORM,
      .cors = CORS_LISTED,
      .handler = get_userinfo },
};

const struct route_family userinfo_family = { "userinfo", routes, ARRAY_SIZE(routes), answer_oauth_error };
