/* admin_side.c: see admin_side.h. */
#include "app/admin_side.h"

#include "app/browser_side.h"
#include "core/encode.h"
#include "core/log.h"
#include "crypto/random.h"
#include "domain/login/browser.h"

#define STEP_COOKIE "__Host-doorward-admin-step"

/* The number of a rendering, as bytes and as base64url. */
enum { FORM_BYTES = 16, NUMBER_BYTES = 12, NUMBER_CHARACTERS = 16 };

enum outcome admin_side_find(struct call *call)
{
    struct admin_session session;
    enum outcome outcome =
        admin_session_find(&call->context, cookie_read(call->request, ADMIN_SESSION_COOKIE), &session);
    if (outcome == OUTCOME_OK)
        call->admin = (const void *)arena_copy(call->arena, &session, sizeof(session)).data;
    return outcome;
}

enum outcome admin_side_look(struct call *call)
{
    enum outcome outcome = admin_side_find(call);
    return outcome == OUTCOME_UNAUTHENTICATED ? OUTCOME_OK : outcome;
}

static void write_cookie(struct call *call, const char *name, const char *value, int64_t max_age_s)
{
    cookie_write(
        &call->response,
        &(struct cookie) {
            .name = name, .value = value, .domain = "", .same_site = "Lax", .max_age_s = max_age_s });
}

void admin_side_keep_step(struct call *call, const struct admin_step *step)
{
    write_cookie(call, STEP_COOKIE, admin_step_seal(&call->context, step, browser_side_ensure(call)),
                 ADMIN_STEP_LIFETIME_S);
}

enum outcome admin_side_step(struct call *call, struct admin_step *step_out)
{
    return admin_step_open(&call->context, cookie_read(call->request, STEP_COOKIE), call->browser, step_out);
}

enum outcome admin_side_sign_in(struct call *call, const struct admin_step *step, const char *method)
{
    const char *cookie;
    enum outcome opened = admin_session_open(&call->context, step->admin.id, method,
                                             cookie_read(call->request, ADMIN_SESSION_COOKIE), &cookie);
    if (opened != OUTCOME_OK)
        return opened;
    log_info("admin %s signed in (%s)", step->admin.email_key, method);
    write_cookie(call, ADMIN_SESSION_COOKIE, cookie, ADMIN_SESSION_LIFETIME_S);
    write_cookie(call, STEP_COOKIE, "", 0);
    return OUTCOME_OK;
}

enum outcome admin_side_sign_out(struct call *call)
{
    enum outcome ended = admin_session_end(&call->context, call->admin);
    if (ended == OUTCOME_OK)
        write_cookie(call, ADMIN_SESSION_COOKIE, "", 0);
    return ended;
}

const char *admin_side_form(struct call *call)
{
    return hex_encode(call->arena, call->admin->id_hash, FORM_BYTES);
}

static const char *name_of(struct call *call, const char *form)
{
    return arena_printf(call->arena, "admin %s", form);
}

/* The number stands before the address, at a length of its own, so that no two of them give the same words.
 */
static const char *flow_of(struct call *call, const char *number)
{
    return arena_printf(call->arena, "%s %s %s", admin_side_form(call), number, call->request->path);
}

const char *admin_side_token(struct call *call, const char *form)
{
    const char *number = random_text(call->arena, NUMBER_BYTES);
    const char *token = browser_form_token(&call->context, browser_side_ensure(call), name_of(call, form),
                                           flow_of(call, number));
    return arena_printf(call->arena, "%s%s", number, token);
}

enum outcome admin_side_check(struct call *call, const char *form)
{
    const char *token = call_parameter(call, "token");
    bool whole = token != NULL && strlen(token) > NUMBER_CHARACTERS;
    const char *number = whole ? arena_strndup(call->arena, token, NUMBER_CHARACTERS) : "";
    return browser_side_check_token(call, name_of(call, form), flow_of(call, number),
                                    whole ? token + NUMBER_CHARACTERS : NULL);
}
