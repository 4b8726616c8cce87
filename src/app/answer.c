/* answer.c: see answer.h. */
#include "app/answer.h"

#include "app/route.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/oauth/dpop.h"

/* clang-format off */
static const struct answer answers[] = {
    /*                                        wire name                     status redirect reason  log */
    [OUTCOME_OK]                          = { "ok",                         200, false, false, LOG_INFO_ },
    [OUTCOME_INVALID_REQUEST]             = { "invalid_request",            400, true,  true,  LOG_INFO_ },
    [OUTCOME_INVALID_CLIENT]              = { "invalid_client",             401, false, true,  LOG_INFO_ },
    [OUTCOME_INVALID_GRANT]               = { "invalid_grant",              400, false, true,  LOG_INFO_ },
    [OUTCOME_EXPIRED_GRANT]               = { "invalid_grant",              400, false, true,  LOG_INFO_ },
    [OUTCOME_UNAUTHORIZED_CLIENT]         = { "unauthorized_client",        400, true,  true,  LOG_INFO_ },
    [OUTCOME_UNSUPPORTED_GRANT_TYPE]      = { "unsupported_grant_type",     400, false, true,  LOG_INFO_ },
    [OUTCOME_UNSUPPORTED_RESPONSE_TYPE]   = { "unsupported_response_type",  400, true,  true,  LOG_INFO_ },
    [OUTCOME_INVALID_SCOPE]               = { "invalid_scope",              400, true,  true,  LOG_INFO_ },
    [OUTCOME_ACCESS_DENIED]               = { "access_denied",              403, true,  true,  LOG_INFO_ },
    [OUTCOME_LOGIN_REQUIRED]              = { "login_required",             400, true,  true,  LOG_INFO_ },
    [OUTCOME_CONSENT_REQUIRED]            = { "consent_required",           400, true,  true,  LOG_INFO_ },
    [OUTCOME_ACCOUNT_SELECTION_REQUIRED]  = { "account_selection_required", 400, true,  true,  LOG_INFO_ },
    [OUTCOME_REQUEST_NOT_SUPPORTED]       = { "request_not_supported",      400, true,  true,  LOG_INFO_ },
    [OUTCOME_REQUEST_URI_NOT_SUPPORTED]   = { "request_uri_not_supported",  400, true,  true,  LOG_INFO_ },
    [OUTCOME_REGISTRATION_NOT_SUPPORTED]  = { "registration_not_supported", 400, true,  true,  LOG_INFO_ },
    [OUTCOME_INVALID_TOKEN]               = { "invalid_token",              401, false, true,  LOG_INFO_ },
    [OUTCOME_INVALID_DPOP_PROOF]          = { "invalid_dpop_proof",         400, false, true,  LOG_INFO_ },
    [OUTCOME_USE_DPOP_NONCE]              = { "use_dpop_nonce",             400, false, true,  LOG_INFO_ },
    [OUTCOME_INVALID_TOKEN_PROOF]         = { "invalid_dpop_proof",         401, false, true,  LOG_INFO_ },
    [OUTCOME_USE_TOKEN_NONCE]             = { "use_dpop_nonce",             401, false, true,  LOG_INFO_ },
    [OUTCOME_INSUFFICIENT_SCOPE]          = { "insufficient_scope",         403, false, true,  LOG_INFO_ },
    [OUTCOME_INVALID_REDIRECT_URI]        = { "invalid_redirect_uri",       400, false, true,  LOG_INFO_ },
    [OUTCOME_INVALID_CLIENT_METADATA]     = { "invalid_client_metadata",    400, false, true,  LOG_INFO_ },
    [OUTCOME_UNAUTHENTICATED]             = { "invalid_token",              401, false, true,  LOG_INFO_ },
    [OUTCOME_WRONG_PASSWORD]              = { "access_denied",              401, false, false, LOG_WARN_ },
    [OUTCOME_PASSWORD_NOT_SET]            = { "access_denied",              401, false, false, LOG_WARN_ },
    [OUTCOME_EMAIL_NOT_VERIFIED]          = { "access_denied",              403, false, true,  LOG_INFO_ },
    [OUTCOME_WRONG_PIN]                   = { "access_denied",              401, false, false, LOG_WARN_ },
    [OUTCOME_PIN_SPENT]                   = { "access_denied",              401, false, false, LOG_WARN_ },
    [OUTCOME_PIN_NOT_FOUND]               = { "access_denied",              401, false, false, LOG_INFO_ },
    [OUTCOME_REAUTHENTICATION_REQUIRED]   = { "access_denied",              403, false, true,  LOG_INFO_ },
    [OUTCOME_FORBIDDEN]                   = { "access_denied",              403, false, true,  LOG_WARN_ },
    [OUTCOME_NOT_ACTIVE]                  = { "access_denied",              403, false, true,  LOG_WARN_ },
    [OUTCOME_FOREIGN_FORM]                = { "invalid_request",            403, false, true,  LOG_WARN_ },
    [OUTCOME_INSECURE_TRANSPORT]          = { "invalid_request",            403, false, true,  LOG_WARN_ },
    [OUTCOME_MALFORMED]                   = { "invalid_request",            400, false, true,  LOG_INFO_ },
    [OUTCOME_NOT_FOUND]                   = { "not_found",                  404, false, true,  LOG_INFO_ },
    [OUTCOME_METHOD_NOT_ALLOWED]          = { "Method not allowed",         405, false, false, LOG_INFO_ },
    [OUTCOME_UNSUPPORTED_MEDIA_TYPE]      = { "invalid_request",            415, false, true,  LOG_INFO_ },
    [OUTCOME_TOO_LARGE]                   = { "invalid_request",            413, false, true,  LOG_INFO_ },
    [OUTCOME_URI_TOO_LONG]                = { "invalid_request",            414, false, true,  LOG_INFO_ },
    [OUTCOME_HEADERS_TOO_LARGE]           = { "invalid_request",            431, false, true,  LOG_INFO_ },
    [OUTCOME_ALREADY_EXISTS]              = { "already_exists",             409, false, true,  LOG_INFO_ },
    [OUTCOME_PRECONDITION_FAILED]         = { "precondition_failed",        412, false, true,  LOG_INFO_ },
    [OUTCOME_KEY_IN_USE]                  = { "idempotency_key_in_use",     409, false, true,  LOG_INFO_ },
    [OUTCOME_KEY_REUSED]                  = { "idempotency_key_reused",     422, false, true,  LOG_INFO_ },
    [OUTCOME_LIMIT_REACHED]               = { "limit_reached",              409, false, true,  LOG_INFO_ },
    [OUTCOME_FLOW_ENDED]                  = { "invalid_request",            410, false, true,  LOG_INFO_ },
    [OUTCOME_PROVIDER_REFUSED]            = { "access_denied",              403, false, true,  LOG_INFO_ },
    [OUTCOME_PROVIDER_FAILED]             = { "temporarily_unavailable",    502, false, true,  LOG_WARN_ },
    [OUTCOME_TOO_MANY_REQUESTS]           = { "Too many requests",          429, false, true,  LOG_WARN_ },
    [OUTCOME_UNAVAILABLE]                 = { "temporarily_unavailable",    503, true,  true,  LOG_WARN_ },
    [OUTCOME_SERVER_ERROR]                = { "server_error",               500, true,  false, LOG_ERROR_ },
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(answers) == OUTCOME_COUNT, "an outcome without an answer");

const struct answer *answer_for(enum outcome outcome)
{
    if (outcome >= OUTCOME_COUNT || !answers[outcome].name)
        bug("outcome %d has no answer", (int)outcome);
    return &answers[outcome];
}

/* RFC 6750 §3: the error stands in the challenge only when a token was presented, and in that of the scheme
 * that it came by. */
static const char *error_of(const struct call *call, enum outcome outcome, bool by_dpop)
{
    if (outcome == OUTCOME_UNAUTHENTICATED || by_dpop != call->token_by_dpop)
        return "";
    return arena_printf(call->arena, ", error=\"%s\", error_description=\"%s\"", answer_for(outcome)->name,
                        call->context.reason ? call->context.reason : "");
}

/* RFC 9449 §7.2: both schemes, for a client that doesn't know them yet; whoever used DPoP does. */
static void challenge_token(struct call *call, enum outcome outcome)
{
    if (!call->token_by_dpop)
        response_add_header(
            &call->response, "WWW-Authenticate",
            arena_printf(call->arena, "Bearer realm=\"Doorward\"%s", error_of(call, outcome, false)));
    response_add_header(&call->response, "WWW-Authenticate",
                        arena_printf(call->arena, "DPoP realm=\"Doorward\"%s, algs=\"%s\"",
                                     error_of(call, outcome, true), dpop_algs));
}

static void challenge(struct call *call, enum outcome outcome)
{
    unsigned who = call->route ? call->route->who : 0;
    bool about_token = outcome == OUTCOME_UNAUTHENTICATED || outcome == OUTCOME_INVALID_TOKEN ||
                       outcome == OUTCOME_INVALID_TOKEN_PROOF || outcome == OUTCOME_USE_TOKEN_NONCE ||
                       outcome == OUTCOME_INSUFFICIENT_SCOPE;
    if (outcome == OUTCOME_INVALID_CLIENT && call->client_used_basic)
        response_header(&call->response, "WWW-Authenticate", "Basic realm=\"Doorward\", charset=\"UTF-8\"");
    if (outcome == OUTCOME_UNAUTHENTICATED && (who & BY_API_KEY))
        response_add_header(&call->response, "WWW-Authenticate", "ApiKey realm=\"Doorward\"");
    if (about_token && (who & BY_BEARER))
        challenge_token(call, outcome);
}

void answer_error_headers(struct call *call, enum outcome outcome)
{
    if (call->allow)
        response_header(&call->response, "Allow", call->allow);
    if (call->context.retry_after_s > 0) {
        const char *seconds = arena_printf(call->arena, "%lld", (long long)call->context.retry_after_s);
        response_header(&call->response, "Retry-After", seconds);
    }
    challenge(call, outcome);
}

/* RFC 6749 §5.2 and RFC 6750 §3.1 have one status for whatever makes a request invalid. */
static int oauth_status(enum outcome outcome)
{
    return outcome == OUTCOME_UNSUPPORTED_MEDIA_TYPE ? 400 : answer_for(outcome)->status;
}

void answer_oauth_error(struct call *call, enum outcome outcome)
{
    const struct answer *answer = answer_for(outcome);
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "error", answer->name);
    if (answer->show_reason)
        json_write_text(&writer, "error_description", call->context.reason);
    if (outcome == OUTCOME_TOO_MANY_REQUESTS) {
        json_write_text(&writer, "message", call->context.reason);
        json_write_integer(&writer, "retryAfter", call->context.retry_after_s);
    }
    json_close_object(&writer);
    answer_error_headers(call, outcome);
    response_header(&call->response, "Pragma", "no-cache");
    response_json(&call->response, oauth_status(outcome), writer.text.data);
}
