/* authorize_page.c: the authorization endpoint (RFC 6749 §3.1) as a browser meets it. */
#include "app/answer.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/provider_buttons.h"
#include "pages/view.h"

/* Parameters by their names on the wire. Anything else is ignored (RFC 6749 §3.1). */
static const struct {
    const char *name;
    size_t offset;
} known[] = {
#define PARAMETER(name)                                                                                      \
    {                                                                                                        \
#name, offsetof(struct authorize_parameters, name)                                                   \
    }
    PARAMETER(client_id),     PARAMETER(redirect_uri),   PARAMETER(response_type),
    PARAMETER(scope),         PARAMETER(state),          PARAMETER(nonce),
    PARAMETER(response_mode), PARAMETER(code_challenge), PARAMETER(code_challenge_method),
    PARAMETER(prompt),        PARAMETER(max_age),        PARAMETER(login_hint),
    PARAMETER(id_token_hint), PARAMETER(ui_locales),     PARAMETER(acr_values),
    PARAMETER(display),       PARAMETER(claims),         PARAMETER(request),
    PARAMETER(request_uri),   PARAMETER(registration),   PARAMETER(dpop_jkt),
    PARAMETER(provider),
#undef PARAMETER
};

/* A POST's parameters are in its body; one that stands in the query too was sent twice. client_id and
 * redirect_uri come first in the list, since a repeated one of them must never redirect. */
static struct authorize_parameters read_parameters(const struct call *call)
{
    struct authorize_parameters parameters = { .repeated = NULL };
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        const char *value = call_parameter(call, known[i].name);
        memcpy((char *)&parameters + known[i].offset, &value, sizeof value);
        size_t times =
            form_times(&call->request->query, known[i].name) + form_times(&call->form, known[i].name);
        if (times > 1 && parameters.repeated == NULL)
            parameters.repeated = known[i].name;
    }
    return parameters;
}

/* The provider that the application names, when people sign in to it by that one; NULL: none, and the person
 * chooses. */
static const struct provider *provider_asked_for(struct call *call, const struct ticket *ticket,
                                                 const char *name)
{
    const struct provider *provider = name == NULL ? NULL : provider_listed(&call->context, name);
    return provider != NULL && provider_is_offered(ticket->client->service, provider) ? provider : NULL;
}

/* Who would have to say who they are goes straight to the provider; coming back is what the flow waits for.
 */
static enum outcome go_on(struct call *call, struct ticket *ticket, const char *provider_name)
{
    enum next_step next;
    enum outcome failure, outcome = flow_next(call, ticket, &next, &failure);
    if (outcome != OUTCOME_OK)
        return outcome;
    const struct provider *provider =
        next == NEXT_SIGN_IN ? provider_asked_for(call, ticket, provider_name) : NULL;
    if (provider == NULL)
        return flow_take(call, ticket, next, failure);
    return flow_take_sign_in(call, ticket, arena_printf(call->arena, "/api/auth/%s/login", provider->name));
}

enum outcome any_authorize(struct call *call)
{
    struct authorize_parameters parameters = read_parameters(call);

    struct ticket ticket;
    bool redirectable;
    enum outcome accepted = authorize_accept(&call->context, &parameters, &ticket, &redirectable);
    call->client = ticket.client;
    if (accepted != OUTCOME_OK && redirectable && answer_for(accepted)->by_redirect)
        return flow_refuse(call, &ticket, accepted, call->context.reason);
    if (accepted != OUTCOME_OK)
        return accepted;
    if (flow_asks_again_by_get(call, "/api/oauth/authorize"))
        return OUTCOME_OK;
    return go_on(call, &ticket, parameters.provider);
}
