/*
 * public_api.c: becoming somebody and signing in, by script: registering, password, mailed link, PIN,
 * a forgotten password, proving an address. No tokens are given here: the session's cookie is what a
 * sign-in gives. Rows and words: public_family.c.
 */
#include "api/public_family.h"

#include "app/browser_side.h"
#include "core/encode.h"
#include "core/text.h"
#include "domain/account/address.h"
#include "domain/account/recovery.h"
#include "domain/account/registration.h"
#include "domain/login/canonical.h"
#include "domain/login/return_to.h"

/* The same words whether or not anybody has the address (T-86). */
#define MAIL_IS_ON_ITS_WAY "If the address belongs to an account, a mail is on its way"

static const char *const field_errors[] = {
    [PERSON_NO_FIELD] = "Invalid request",
    [PERSON_EMAIL] = "Invalid email",
    [PERSON_NAME] = "Invalid name",
    [PERSON_PASSWORD] = "Password too weak",
};

/* A refusal of what was typed says which member it is about; a taken address, how one signs in to it. */
static enum outcome refuse_registration(struct call *call, enum outcome outcome,
                                        const struct registered *registered)
{
    if (outcome == OUTCOME_FORBIDDEN)
        return public_refuse(call, outcome, "Registration is closed", NULL);
    if (outcome == OUTCOME_INVALID_REQUEST && registered->field == PERSON_PASSWORD)
        return public_refuse_password(call, registered->password_problem);
    if (outcome == OUTCOME_INVALID_REQUEST)
        return public_refuse(call, outcome, field_errors[registered->field], NULL);
    if (outcome != OUTCOME_ALREADY_EXISTS)
        return outcome;
    struct json_writer writer = public_refusal_start(call, "Account already exists", "Sign in instead");
    json_write_words(&writer, "loginMethods", registered->login_methods, ' ');
    return public_refusal_finish(call, outcome, &writer);
}

/* Of an account that was there, only what was sent is told: nobody has proven to be its owner yet. */
static void answer_registered(struct call *call, const struct registration *sent,
                              const struct registered *registered)
{
    bool linking = registered->is_linking;
    struct json_writer writer = public_start(
        call, true,
        linking ? "Confirm the link in the mail that we sent to add this password to your account"
                : "Account created");
    json_write_boolean(&writer, "isAccountLinking", linking);
    json_write_words(&writer, "loginMethods", registered->login_methods, ' ');
    json_open_object(&writer, "user");
    if (!linking)
        json_write_text(&writer, "id", uuid_encode(call->arena, registered->user_id));
    json_write_text(&writer, "email", linking ? sent->email : registered->email);
    json_write_text(&writer, "name", linking ? sent->name : registered->name);
    json_write_text(&writer, "role", registered->role);
    if (!linking)
        json_write_time(&writer, "createdAt", registered->created_at);
    json_close_object(&writer);
    public_finish(call, linking ? 200 : 201, &writer);
}

enum outcome post_public_register(struct call *call)
{
    struct registered registered = { 0 };
    struct registration sent = { .email = public_text(call, "email"),
                                 .name = public_text(call, "name"),
                                 .password = public_text(call, "password") };
    if (!sent.email || !sent.name || !sent.password)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Missing required fields", NULL);
    struct sign_in_place place = browser_side_place(call);
    enum outcome outcome = account_register(&call->context, &sent, &place, &registered);
    if (outcome != OUTCOME_OK)
        return refuse_registration(call, outcome, &registered);
    struct signed_in signed_in = { .email = registered.email,
                                   .email_key = registered.email_key,
                                   .method = "pwd" };
    memcpy(signed_in.user_id, registered.user_id, sizeof(signed_in.user_id));
    if (!registered.is_linking)
        outcome = browser_side_sign_in(call, &signed_in);
    if (outcome == OUTCOME_OK)
        answer_registered(call, &sent, &registered);
    return outcome;
}

/* An account that signs in by other ways only: which ones. */
static enum outcome refuse_without_password(struct call *call, const struct signed_in *signed_in)
{
    struct account account;
    enum outcome found = account_find(&call->context, signed_in->user_id, &account);
    if (found != OUTCOME_OK)
        return found;
    struct json_writer writer =
        public_refusal_start(call, "Password not set", "This account has no password; sign in another way");
    json_write_words(&writer, "availableLoginMethods", account.login_methods, ' ');
    return public_refusal_finish(call, OUTCOME_PASSWORD_NOT_SET, &writer);
}

/* The password was right, and the PIN that was just mailed is asked for at verify-pin. */
static enum outcome ask_for_pin(struct call *call, const char *email)
{
    struct json_writer writer = public_start(call, false, "Enter the PIN that we sent to your email address");
    json_write_boolean(&writer, "requiresPin", true);
    json_write_text(&writer, "email", email);
    public_finish(call, 200, &writer);
    return OUTCOME_OK;
}

static enum outcome open_session(struct call *call, const struct signed_in *signed_in)
{
    enum outcome opened = browser_side_sign_in(call, signed_in);
    return opened == OUTCOME_OK ? public_success(call, "Signed in") : opened;
}

enum outcome post_public_login(struct call *call)
{
    struct signed_in signed_in = { 0 };
    const char *email = public_text(call, "email"), *password = public_text(call, "password");
    if (!email)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Email is required", NULL);
    if (!password)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Password is required", NULL);
    struct sign_in_place place = browser_side_place(call);
    enum outcome outcome = sign_in_by_password(&call->context, email, password, &place, &signed_in);
    browser_side_log_failure(call, outcome);
    if (outcome == OUTCOME_PASSWORD_NOT_SET)
        return refuse_without_password(call, &signed_in);
    if (outcome != OUTCOME_OK)
        return outcome;
    return signed_in.needs_pin ? ask_for_pin(call, email) : open_session(call, &signed_in);
}

/* What the endpoints that mail a link have in common: an address in, the same words out. */
typedef enum outcome (*mail_rule)(struct context *context, const char *email,
                                  const struct sign_in_place *place);

static enum outcome mail_link(struct call *call, mail_rule rule, const char *return_to)
{
    const char *email = public_text(call, "email");
    if (!email)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Email is required", NULL);
    struct sign_in_place place = browser_side_place(call);
    place.return_to = return_to;
    enum outcome outcome = rule(&call->context, email, &place);
    if (outcome == OUTCOME_INVALID_REQUEST)
        return public_refuse(call, outcome, "Invalid email", NULL);
    return outcome == OUTCOME_OK ? public_success(call, MAIL_IS_ON_ITS_WAY) : outcome;
}

enum outcome post_public_request_magic_link(struct call *call)
{
    const char *return_to;
    const struct json *wanted = json_member(call->json, "redirect_uri");
    if (wanted && !json_text(wanted))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "redirect_uri must be a string");
    enum outcome outcome = return_to_check(&call->context, json_text(wanted), &return_to);
    return outcome == OUTCOME_OK ? mail_link(call, magic_link_request, return_to) : outcome;
}

enum outcome post_public_forgot_password(struct call *call)
{
    return mail_link(call, recovery_request, NULL);
}

enum outcome post_public_resend_verification(struct call *call)
{
    return mail_link(call, address_request_verification, NULL);
}

/* The PIN behind a password or, when none was begun here, the one of a mailed link. */
static enum outcome try_pin(struct call *call, const char *email, const char *pin,
                            struct signed_in *signed_in_out)
{
    struct sign_in_place place = { .browser = call->browser, .devices = call->devices };
    enum outcome outcome = sign_in_by_pin(&call->context, email, pin, &place, signed_in_out);
    if (outcome != OUTCOME_PIN_NOT_FOUND)
        return outcome;
    return sign_in_by_mailed_pin(&call->context, email, pin, &place, signed_in_out);
}

enum outcome post_public_verify_pin(struct call *call)
{
    struct signed_in signed_in = { 0 };
    const char *email = public_text(call, "email"), *pin = public_text(call, "pin");
    if (!email)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Email is required", NULL);
    if (!pin)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "PIN is required", NULL);
    if (strlen(pin) != 6 || strspn(pin, "0123456789") != 6)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Invalid PIN", "A PIN has six digits");
    /* Told from the request alone, never from whether somebody has the address. */
    if (!call->browser || !email_canonical(call->arena, email))
        return public_refuse(call, OUTCOME_WRONG_PIN, "Invalid credentials", NULL);
    enum outcome outcome = try_pin(call, email, pin, &signed_in);
    browser_side_log_failure(call, outcome);
    return outcome == OUTCOME_OK ? open_session(call, &signed_in) : outcome;
}

enum outcome get_public_session(struct call *call)
{
    struct account account;
    enum outcome outcome = account_find(&call->context, call->session->user_id, &account);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_boolean(&writer, "isValid", true);
    json_open_object(&writer, "user");
    json_write_text(&writer, "id", uuid_encode(call->arena, account.user.id));
    json_write_text(&writer, "email", account.user.email);
    json_write_text(&writer, "name", account.user.name);
    json_write_text(&writer, "role", account.role);
    json_write_text(&writer, "status", account.user.status);
    json_write_boolean(&writer, "emailVerified", account.user.email_verified);
    json_write_words(&writer, "loginMethods", account.login_methods, ' ');
    json_close_object(&writer);
    public_finish(call, 200, &writer);
    return OUTCOME_OK;
}

/* Every session of the person ends, here and elsewhere; without one there is nothing to do. */
enum outcome post_public_logout(struct call *call)
{
    enum outcome outcome = OUTCOME_OK;
    if (call->session)
        outcome = account_end_sessions(&call->context, call->session->user_id, NULL);
    if (outcome == OUTCOME_OK)
        outcome = browser_side_sign_out(call);
    return outcome == OUTCOME_OK ? public_success(call, "Signed out") : outcome;
}

enum outcome post_public_reset_password(struct call *call)
{
    struct signed_in signed_in = { 0 };
    enum password_problem problem = PASSWORD_FINE;
    const char *token = public_text(call, "token"), *password = public_text(call, "password");
    if (!token || !password)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Missing required fields", NULL);
    enum outcome outcome = recovery_reset(&call->context, token, password, &signed_in, &problem);
    if (outcome == OUTCOME_INVALID_REQUEST)
        return public_refuse_password(call, problem);
    if (outcome == OUTCOME_OK)
        outcome = browser_side_sign_in(call, &signed_in);
    return outcome == OUTCOME_OK ? public_success(call, "Password changed") : outcome;
}

/* Every link that proves an address: of a registration, an added password, a change of address. */
static const struct {
    const char *result, *message;
} confirmed_words[] = {
    [ADDRESS_VERIFIED] = { "verified", "Email address verified" },
    [ADDRESS_PASSWORD_ADDED] = { "password_added", "Email address verified and password added" },
    [ADDRESS_CHANGE_WAITS] = { "change_waits", "Confirmed; the other address has still to confirm" },
    [ADDRESS_CHANGED] = { "changed", "Email address changed" },
};

enum outcome post_public_verify_email(struct call *call)
{
    struct address_confirmed confirmed;
    const char *token = public_text(call, "token");
    if (!token)
        return public_refuse(call, OUTCOME_INVALID_REQUEST, "Missing required fields", NULL);
    enum outcome outcome = address_confirm(&call->context, token, &confirmed);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct json_writer writer = public_start(call, true, confirmed_words[confirmed.result].message);
    json_write_text(&writer, "result", confirmed_words[confirmed.result].result);
    public_finish(call, 200, &writer);
    return OUTCOME_OK;
}
