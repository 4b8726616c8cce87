/* limit.c: see limit.h. One row a category. */
#include "app/limit.h"

#include "app/route.h"

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

enum outcome limit_check(struct call *call)
{
    struct context *context = &call->context;
    enum limit_category category = call->route->limit;
    struct limit_state state;
    if (category == LIMIT_NONE)
        return OUTCOME_OK;
    uint64_t key = shared_limit_key(categories[category].name, limited_address(context));
    bool within = shared_limit_take(context->shared, key, context->now_ms,
                                    setting(context->settings, categories[category].window),
                                    setting(context->settings, categories[category].limit), 1, &state);
    header(call, "RateLimit-Limit", state.limit);
    header(call, "RateLimit-Remaining", state.limit > state.used ? state.limit - state.used : 0);
    header(call, "RateLimit-Reset", state.reset_s);
    if (within)
        return OUTCOME_OK;
    context->retry_after_s = state.retry_after_s;
    return refuse(context, OUTCOME_TOO_MANY_REQUESTS, "too many attempts from this address");
}
