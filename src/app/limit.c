/*
 * limit.c: see limit.h. One row a category. The shared page speaks for this machine and turns away without
 * a statement; what it lets through is counted with what the other machines let through.
 *
 * Who hasn't shown who they are can't use up what belongs to somebody else: they are callers by their
 * address, and don't count as their service's.
 */
#include "app/limit.h"

#include "app/route.h"
#include "core/encode.h"
#include "core/network.h"
#include "domain/login/attempts.h"

static const struct {
    const char *name;
    size_t limit, window; /* offsets in struct settings */
} categories[] = {
    [LIMIT_SIGN_IN] = { "sign-in address", offsetof(struct settings, sign_in_limit_per_address),
                        offsetof(struct settings, sign_in_window_s) },
    [LIMIT_MAIL] = { "mail address", offsetof(struct settings, mail_request_limit_per_address),
                     offsetof(struct settings, sign_in_window_s) },
    [LIMIT_PIN] = { "pin address", offsetof(struct settings, pin_limit_per_address),
                    offsetof(struct settings, sign_in_window_s) },
};
_Static_assert(ARRAY_SIZE(categories) == LIMIT_CATEGORIES, "a category without its row");

static int64_t setting(const struct settings *settings, size_t offset)
{
    return *(const int64_t *)(const void *)((const char *)settings + offset);
}

static void header(struct call *call, const char *name, int64_t value)
{
    response_header(&call->response, name, arena_printf(call->arena, "%lld", (long long)value));
}

static void write_headers(struct call *call, const struct limit_state *state)
{
    header(call, "RateLimit-Limit", state->limit);
    header(call, "RateLimit-Remaining", state->limit > state->used ? state->limit - state->used : 0);
    header(call, "RateLimit-Reset", state->reset_s);
}

enum outcome limit_take(struct call *call, enum limit_category category)
{
    struct context *context = &call->context;
    struct limit_state state;
    struct attempt attempt;
    const struct attempt_limit limit = { .kind = categories[category].name,
                                         .subject = network_of_customer(context->arena, context->address),
                                         .limit = setting(context->settings, categories[category].limit),
                                         .window_s =
                                             setting(context->settings, categories[category].window) };
    uint64_t key = shared_limit_key("machine", arena_printf(call->arena, "%s %s", limit.kind, limit.subject));
    bool within =
        shared_limit_take(context->shared, key, context->now_ms, limit.window_s, limit.limit, 1, &state);
    enum outcome outcome = OUTCOME_TOO_MANY_REQUESTS;
    context->retry_after_s = state.retry_after_s;
    if (within)
        outcome = attempt_begin(context, &limit, &attempt);
    if (outcome == OUTCOME_TOO_MANY_REQUESTS)
        state.used = state.limit;
    write_headers(call, &state);
    if (outcome == OUTCOME_TOO_MANY_REQUESTS)
        return refuse(context, outcome, "too many attempts from this address");
    return outcome;
}

enum outcome limit_check(struct call *call)
{
    enum limit_category category = call->route->limit;
    return category == LIMIT_NONE ? OUTCOME_OK : limit_take(call, category);
}

/* --- callers --- */

enum { HOUR_S = 3600 };

static const struct {
    const char *name;
    size_t limit; /* offset in struct settings */
} caller_limits[] = {
    [CALLER_MANAGES_SERVICES] = { "service management", offsetof(struct settings, service_management_limit) },
    [CALLER_MANAGES_CLIENTS] = { "client management", offsetof(struct settings, client_management_limit) },
    [CALLER_AUTHORIZES] = { "authorization", offsetof(struct settings, authorization_limit) },
    [CALLER_TAKES_TOKENS] = { "tokens", offsetof(struct settings, token_limit) },
};
_Static_assert(ARRAY_SIZE(caller_limits) == CALLER_LIMITS, "a limit without its row");

/* So many calls in so many seconds; a limit of 0 is none. */
struct allowance {
    const char *name;
    int64_t limit, window_s;
};

/* A key may use up its burst at once, and then again at the pace of its rate. */
static struct allowance allowance_of(const struct call *call)
{
    const struct settings *settings = call->context.settings;
    enum caller_limit which = call->route->caller_limit;
    int64_t rate = settings->service_api_rate;
    if (call->api_key && rate > 0)
        return (struct allowance) { "service API", settings->service_api_burst,
                                    (settings->service_api_burst + rate - 1) / rate };
    if (which == CALLER_DEFAULT && (call->access.token || call->admin))
        which = CALLER_MANAGES_SERVICES;
    if (call->api_key || which == CALLER_DEFAULT)
        return (struct allowance) { .limit = 0 };
    return (struct allowance) { caller_limits[which].name, setting(settings, caller_limits[which].limit),
                                HOUR_S };
}

/* Who calls, in words that nobody else has. *service_out is whose caller it has shown to be, or NULL. */
static const char *caller_of(struct call *call, const struct service **service_out)
{
    const struct client *client = call->access.client ? call->access.client : call->client;
    *service_out = client ? client->service : NULL;
    if (call->api_key)
        return arena_printf(call->arena, "key %s", call->api_key->id_text);
    if (call->admin)
        return arena_printf(call->arena, "admin %s", call->admin->email);
    if (call->access.token)
        return arena_printf(call->arena, "token %s %s", call->access.client_id,
                            call->access.sub ? call->access.sub : "");
    if (call->client && !client_is_public(call->client))
        return arena_printf(call->arena, "client %s", call->client->client_id);
    *service_out = NULL;
    if (call->session)
        return arena_printf(call->arena, "user %s", uuid_encode(call->arena, call->session->user_id));
    return arena_printf(call->arena, "address %s %s", network_of_customer(call->arena, call->context.address),
                        call->client ? call->client->client_id : "");
}

static bool take(struct call *call, const struct allowance *allowance, const char *who,
                 struct limit_state *state)
{
    uint64_t key = shared_limit_key(allowance->name, who);
    return shared_limit_take_spread(call->context.shared, key, call->context.now_ms, allowance->window_s,
                                    allowance->limit, state);
}

/* The service as a whole: only what one of its callers was allowed counts. */
static bool take_for_service(struct call *call, const struct allowance *allowance,
                             const struct service *service, struct limit_state *state)
{
    struct allowance whole = *allowance;
    struct limit_state of_service;
    whole.limit *= call->context.settings->service_limit_factor;
    if (!service || whole.limit == 0 || call->api_key)
        return true;
    bool within = take(call, &whole, arena_printf(call->arena, "service %s", service->id_text), &of_service);
    if (!within || of_service.limit - of_service.used < state->limit - state->used)
        *state = of_service;
    return within;
}

enum outcome limit_check_caller(struct call *call)
{
    const struct allowance allowance = allowance_of(call);
    const struct service *service;
    struct limit_state state;
    if (allowance.limit == 0)
        return OUTCOME_OK;
    const char *who = caller_of(call, &service);
    bool within = take(call, &allowance, who, &state) && take_for_service(call, &allowance, service, &state);
    /* A limit of guesses is the tighter one, and has been told. */
    if (call->route->limit == LIMIT_NONE || !within)
        write_headers(call, &state);
    if (within)
        return OUTCOME_OK;
    call->context.retry_after_s = state.retry_after_s;
    return refuse(&call->context, OUTCOME_TOO_MANY_REQUESTS,
                  arena_printf(call->arena, "too many requests: the limit of %s is reached", allowance.name));
}
