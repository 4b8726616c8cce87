/*
 * limit.c: see limit.h. One row a category. The shared page speaks for this machine and turns away without
 * a statement; what it lets through is counted with what the other machines let through.
 */
#include "app/limit.h"

#include "app/route.h"
#include "domain/login/attempts.h"

#include <arpa/inet.h>

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

/* An IPv6 customer has a whole /64 to try from: it counts as one address. */
static const char *limited_address(struct context *context)
{
    unsigned char address[16];
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, context->address, address) != 1)
        return context->address;
    memset(address + 8, 0, 8);
    inet_ntop(AF_INET6, address, text, sizeof(text));
    return arena_strdup(context->arena, text);
}

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

enum outcome limit_check(struct call *call)
{
    struct context *context = &call->context;
    enum limit_category category = call->route->limit;
    struct limit_state state;
    struct attempt attempt;
    if (category == LIMIT_NONE)
        return OUTCOME_OK;
    const struct attempt_limit limit = { .kind = categories[category].name,
                                         .subject = limited_address(context),
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
