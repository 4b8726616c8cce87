/* administer.c: see administer.h. */
#include "domain/permissions/administer.h"

#include "core/text.h"
#include "domain/login/canonical.h"
#include "domain/login/device.h"
#include "domain/permissions/permission.h"

/* The browser can show that this account was signed in to in it; or nothing that is known of it has changed:
 * a cookie that was carried elsewhere has neither. */
static bool is_same_device(struct context *context, const struct administering *asking)
{
    const struct session *session = asking->session;
    const char *email_key = email_canonical(context->arena, session->user_email);
    if (email_key &&
        device_is_known(context, asking->browser, asking->devices, email_key, session->authenticated_at))
        return true;
    const char *agent = session->user_agent;
    return !text_empty(agent) && text_starts(context->user_agent, agent) &&
           text_equal(context->address, session->address);
}

static enum outcome holds_role(struct context *context, const struct session *session)
{
    const char *client_id = context->settings->admin_dashboard_client;
    const struct client *dashboard;
    struct permission permission;
    if (text_empty(client_id))
        return refuse(context, OUTCOME_FORBIDDEN, "no client is the administrators' dashboard");
    enum outcome outcome = directory_client(context, client_id, &dashboard);
    if (outcome == OUTCOME_INVALID_CLIENT || (outcome == OUTCOME_OK && !dashboard->active))
        return refuse(context, OUTCOME_FORBIDDEN, "the administrators' dashboard is switched off");
    if (outcome == OUTCOME_OK)
        outcome = permission_find(context, session->user_id, dashboard, &permission);
    if (outcome == OUTCOME_NOT_FOUND ||
        (outcome == OUTCOME_OK && !(permission.has_access && text_equal(permission.role, "admin"))))
        return refuse(context, OUTCOME_FORBIDDEN, "administrators only");
    return outcome;
}

enum outcome administer_check(struct context *context, const struct administering *asking, bool change)
{
    enum outcome outcome = holds_role(context, asking->session);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!is_same_device(context, asking))
        return refuse(context, OUTCOME_REAUTHENTICATION_REQUIRED, "sign in on this device first");
    int64_t age = context->now - asking->session->authenticated_at;
    if (change && age > context->settings->recent_sign_in_s)
        return refuse(context, OUTCOME_REAUTHENTICATION_REQUIRED, "sign in again to do this");
    return OUTCOME_OK;
}
