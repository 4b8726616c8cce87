/*
 * account_api.c: what a signed-in person does with their account, by script: password, name, address,
 * sessions, applications that were allowed something. Rows and words: public_family.c.
 */
#include "api/public_family.h"

#include "app/browser_side.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/account/address.h"

enum outcome post_public_change_password(struct call *call)
{
    const struct session *session = call->session;
    enum password_problem problem = PASSWORD_FINE;
    const char *current = public_text(call, "currentPassword"), *password = public_text(call, "newPassword");
    if (!current || !password)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Missing required fields", NULL);
    enum outcome outcome = account_change_password(&call->context, session, current, password, &problem);
    browser_side_log_failure(call, outcome);
    if (outcome == OUTCOME_INVALID_REQUEST)
        return public_refuse_password(call, problem);
    if (outcome == OUTCOME_WRONG_PASSWORD)
        return public_refuse(call, outcome, "Current password is incorrect", NULL);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct signed_in signed_in = { .email = session->user_email, .method = "pwd" };
    memcpy(signed_in.user_id, session->user_id, sizeof(signed_in.user_id));
    outcome = browser_side_sign_in(call, &signed_in);
    return outcome == OUTCOME_OK ? public_success(call, "Password changed") : outcome;
}

enum outcome post_public_change_email(struct call *call)
{
    const char *email = public_text(call, "email");
    if (!email)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Email is required", NULL);
    enum outcome outcome = address_begin_change(&call->context, call->session, email);
    if (outcome == OUTCOME_INVALID_REQUEST)
        return public_refuse(call, outcome, "Invalid email", NULL);
    return outcome == OUTCOME_OK ? public_success(call, "Confirm the links in the mails that we sent")
                                 : outcome;
}

/* The name is all of the profile that people change; what else is sent has no effect (T-109). */
enum outcome patch_public_profile(struct call *call)
{
    struct account account;
    const struct session *session = call->session;
    const char *name = public_text(call, "name");
    if (!name)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Missing required fields", NULL);
    enum outcome outcome = account_change_name(&call->context, session->user_id, name);
    if (outcome == OUTCOME_INVALID_REQUEST)
        return public_refuse(call, outcome, "Invalid name", NULL);
    if (outcome == OUTCOME_OK)
        outcome = account_find(&call->context, session->user_id, &account);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = public_start(call, true, "Profile changed");
    json_open_object(&writer, "user");
    json_write_text(&writer, "id", uuid_encode(call->arena, account.user.id));
    json_write_text(&writer, "email", account.user.email);
    json_write_text(&writer, "name", account.user.name);
    json_close_object(&writer);
    public_finish(call, 200, &writer);
    return OUTCOME_OK;
}

enum outcome delete_public_account(struct call *call)
{
    enum outcome outcome = account_delete(&call->context, call->session);
    if (outcome == OUTCOME_OK)
        outcome = browser_side_sign_out(call);
    return outcome == OUTCOME_OK ? public_success(call, "Account deleted") : outcome;
}

enum outcome delete_public_connection(struct call *call)
{
    enum outcome outcome = account_unlink(&call->context, call->session, call->values[0]);
    if (outcome == OUTCOME_FORBIDDEN)
        return public_refuse(call, outcome, "Last login method",
                             "The account could not be signed in to any more");
    return outcome == OUTCOME_OK ? public_success(call, "Account unlinked") : outcome;
}

enum outcome get_public_authorizations(struct call *call)
{
    struct account_authorization *list;
    size_t count;
    enum outcome outcome = account_authorizations(&call->context, call->session->user_id, &list, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = public_start(call, true, NULL);
    json_open_array(&writer, "authorizations");
    for (size_t i = 0; i < count; i++) {
        json_open_object(&writer, NULL);
        json_write_text(&writer, "id", list[i].id);
        json_write_text(&writer, "clientId", list[i].client_id);
        json_write_text(&writer, "clientName", list[i].client_name);
        json_write_text(&writer, "clientUri", list[i].client_uri);
        json_write_text(&writer, "logoUri", list[i].logo_uri);
        json_write_text(&writer, "scope", list[i].scope);
        json_write_time(&writer, "createdAt", list[i].created_at);
        json_write_time(&writer, "updatedAt", list[i].updated_at);
        json_close_object(&writer);
    }
    json_close_array(&writer);
    public_finish(call, 200, &writer);
    return OUTCOME_OK;
}

enum outcome delete_public_authorization(struct call *call)
{
    enum outcome outcome = account_withdraw(&call->context, call->session->user_id, call->values[0]);
    return outcome == OUTCOME_OK ? public_success(call, "Authorization withdrawn") : outcome;
}

static void write_session(struct json_writer *writer, const struct account_session *session)
{
    json_open_object(writer, NULL);
    json_write_text(writer, "id", session->sid);
    json_write_boolean(writer, "isCurrent", session->is_current);
    json_write_text(writer, "method", session->method);
    json_write_text(writer, "ip", session->address);
    json_write_text(writer, "userAgent", session->user_agent);
    json_write_text(writer, "browser", session->agent);
    json_write_time(writer, "createdAt", session->created_at);
    json_write_time(writer, "authenticatedAt", session->authenticated_at);
    json_write_time(writer, "lastSeenAt", session->seen_at);
    json_write_time(writer, "expiresAt", session->expires_at);
    json_close_object(writer);
}

enum outcome get_public_sessions(struct call *call)
{
    struct account_session *sessions;
    size_t count;
    enum outcome outcome = account_sessions(&call->context, call->session, &sessions, &count);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = public_start(call, true, NULL);
    json_open_array(&writer, "sessions");
    for (size_t i = 0; i < count; i++)
        write_session(&writer, &sessions[i]);
    json_close_array(&writer);
    public_finish(call, 200, &writer);
    return OUTCOME_OK;
}

enum outcome delete_public_session(struct call *call)
{
    const char *sid = call->values[0];
    bool own = text_equal(sid, uuid_encode(call->arena, call->session->sid));
    enum outcome outcome = account_end_session(&call->context, call->session->user_id, sid);
    if (outcome == OUTCOME_OK && own)
        outcome = browser_side_sign_out(call);
    return outcome == OUTCOME_OK ? public_success(call, "Session ended") : outcome;
}
