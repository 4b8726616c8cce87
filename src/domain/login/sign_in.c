/*
 * sign_in.c: see sign_in.h. What could tell whether an account exists is the same for every address, up to
 * the point where a right password or a mailbox has been shown (T-86).
 */
#include "domain/login/sign_in.h"

#include "core/log.h"
#include "core/text.h"
#include "domain/account/link_mail.h"
#include "domain/account/recovery.h"
#include "domain/analytics/usage.h"
#include "domain/login/canonical.h"
#include "domain/login/device.h"
#include "domain/login/passwords.h"

enum { PERIOD = 10 /* of a periodic PIN gate, in sign-ins */, MAIL_LIMIT_WINDOW_S = 3600 };

#define MAGIC_LINK_PATH "/api/public/magic-login?token="
#define METHOD_PASSWORD "pwd"
#define METHOD_MAILED "otp"

/* --- what a challenge begins --- */

static struct json *begun_by(struct context *context, const struct sign_in_place *place, const char *method)
{
    struct json *data = json_new_object(context->arena);
    json_put_text(data, "flow", place->flow);
    json_put_text(data, "return_to", place->return_to);
    json_put_text(data, "pending", place->pending);
    json_put_text(data, "method", method);
    return data;
}

static bool is_active(const struct user_row *user)
{
    return user != NULL && text_equal(user->status, "active");
}

static bool will_be_sent(const struct outbox_row *mail)
{
    return text_equal(mail->state, "waiting");
}

/* --- the PIN gate --- */

/* Whom a PIN is sent to. */
struct pin_owner {
    const unsigned char *user_id;
    const char *email, *email_key, *name, *method;
};

/* Who is asked for a PIN has shown a password, so nothing needs to be hidden from them. */
static enum outcome send_pin(struct context *context, const struct pin_owner *owner,
                             const struct sign_in_place *place)
{
    struct challenge challenge;
    struct link_mail_rows sent;
    const struct new_challenge wanted = { .kind = CHALLENGE_PIN,
                                          .user_id = owner->user_id,
                                          .email = owner->email,
                                          .email_key = owner->email_key,
                                          .browser = place->browser,
                                          .data = begun_by(context, place, owner->method) };
    if (!mail_is_possible(context))
        return refuse(context, OUTCOME_UNAVAILABLE, "a PIN is asked for, but no mail is configured");
    challenge_make(context, &wanted, &challenge, &sent.challenge);
    const struct mail mail = { .template = MAIL_PIN,
                               .email = owner->email,
                               .email_key = owner->email_key,
                               .name = owner->name,
                               .service_id = place->service == NULL ? NULL : place->service->id,
                               .languages = place->languages,
                               .pin = challenge.pin,
                               .lasts_s = challenge_lasts_s(CHALLENGE_PIN) };
    enum outcome prepared = mail_prepare(context, &mail, &sent.mail);
    if (prepared != OUTCOME_OK)
        return prepared;
    if (!will_be_sent(&sent.mail)) {
        context->retry_after_s = MAIL_LIMIT_WINDOW_S;
        return refuse(context, OUTCOME_TOO_MANY_REQUESTS, "too many mails to this address");
    }
    return link_mail_store(context, &sent);
}

bool pin_gate_wants_step_up(const struct service *service, const struct session *session)
{
    return service != NULL && service->pin_gate == PIN_ALWAYS &&
           !text_has_word(session->method, ' ', METHOD_MAILED);
}

static enum outcome gate_of_place(struct context *context, const struct sign_in_place *place,
                                  enum pin_gate *gate_out)
{
    if (place->service == NULL)
        return directory_strictest_pin_gate(context, gate_out);
    *gate_out = place->service->pin_gate;
    return OUTCOME_OK;
}

static bool gate_is_closed(enum pin_gate gate, const struct user_row *user, bool browser_is_known)
{
    switch (gate) {
    case PIN_OFF:
        return false;
    case PIN_PERIODIC:
        return (user->sign_ins + 1) % PERIOD == 0;
    case PIN_NEW_BROWSER:
        return !browser_is_known;
    case PIN_ALWAYS:
        break;
    }
    return true;
}

/* --- by password --- */

/* Behind a right password, or what stands for one: whether it suffices. */
static enum outcome let_in(struct context *context, const struct user_row *user, const char *method,
                           bool browser_is_known, const struct sign_in_place *place,
                           struct signed_in *signed_in)
{
    enum pin_gate gate = PIN_OFF;
    if (user->self_registered && !user->email_verified && !context->settings->unverified_sign_in &&
        mail_is_possible(context))
        return refuse(context, OUTCOME_EMAIL_NOT_VERIFIED, "the address has not been confirmed yet");
    *signed_in = (struct signed_in) { .email = user->email,
                                      .email_key = user->email_key,
                                      .method = method,
                                      .flow = place->flow,
                                      .return_to = place->return_to,
                                      .pending = place->pending };
    memcpy(signed_in->user_id, user->id, sizeof(signed_in->user_id));
    enum outcome outcome = gate_of_place(context, place, &gate);
    if (outcome != OUTCOME_OK || !gate_is_closed(gate, user, browser_is_known))
        return outcome;
    if (place->browser == NULL)
        return refuse(context, OUTCOME_FORBIDDEN, "a code from a mail is asked for, which needs a browser");
    const struct pin_owner owner = { user->id, user->email, user->email_key, user->name, method };
    signed_in->needs_pin = true;
    return send_pin(context, &owner, place);
}

/* Only who could sign in another way is told that there is no password. */
static enum outcome wrong_password(struct context *context, const struct user_row *user,
                                   struct signed_in *signed_in_out)
{
    if (is_active(user) && text_empty(user->password_hash) && user->has_connection) {
        memcpy(signed_in_out->user_id, user->id, sizeof(signed_in_out->user_id));
        return refuse(context, OUTCOME_PASSWORD_NOT_SET, "the account has no password");
    }
    return refuse(context, OUTCOME_WRONG_PASSWORD, "wrong address or password");
}

/* The user of a canonical address; *user_out is NULL when there is none. */
static enum outcome find_user(struct context *context, const char *email_key, struct user_row *row,
                              const struct user_row **user_out)
{
    enum store_result found = users_find_by_email_key(context->db, context->arena, email_key, row);
    *user_out = found == STORE_OK ? row : NULL;
    return found == STORE_NOT_FOUND ? OUTCOME_OK
                                    : store_outcome(context, found, OUTCOME_WRONG_PASSWORD, "no such user");
}

/* A guess that was wrong counts as the service's, of whose flow it is; one that a limit turned away is none.
 */
static enum outcome noted(struct context *context, const struct sign_in_place *place, const char *method,
                          enum outcome outcome)
{
    static const enum outcome failures[] = { OUTCOME_WRONG_PASSWORD, OUTCOME_PASSWORD_NOT_SET,
                                             OUTCOME_EMAIL_NOT_VERIFIED, OUTCOME_WRONG_PIN,
                                             OUTCOME_PIN_SPENT };
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
        if (outcome == failures[i])
            usage_note_failure(context, place->service, usage_provider(context->arena, method));
    return outcome;
}

static enum outcome try_password(struct context *context, const char *email, const char *password,
                                 const struct sign_in_place *place, struct signed_in *signed_in_out)
{
    struct user_row row;
    const struct user_row *user;
    const char *email_key = email_canonical(context->arena, email);
    if (email_key == NULL)
        return refuse(context, OUTCOME_WRONG_PASSWORD, "no usable address was sent");
    enum outcome outcome = find_user(context, email_key, &row, &user);
    if (outcome != OUTCOME_OK)
        return outcome;

    int64_t since = user == NULL ? 0 : user->tokens_after;
    bool known = device_is_known(context, place->browser, place->devices, email_key, since);
    struct password_guess guess = { .user = user,
                                    .email_key = email_key,
                                    .password = password,
                                    .known_browser = known ? place->browser : NULL };
    outcome = password_try(context, &guess);
    if (outcome != OUTCOME_OK)
        return outcome;
    /* A known browser's lock is its own: no link lifts it. */
    if (guess.locked_now && !known)
        recovery_mail_unlock(context, is_active(user) ? user : NULL, email_key, place->languages);
    return guess.right ? let_in(context, user, METHOD_PASSWORD, known, place, signed_in_out)
                       : wrong_password(context, user, signed_in_out);
}

enum outcome sign_in_by_password(struct context *context, const char *email, const char *password,
                                 const struct sign_in_place *place, struct signed_in *signed_in_out)
{
    enum outcome outcome = try_password(context, email, password, place, signed_in_out);
    return noted(context, place, METHOD_PASSWORD, outcome);
}

/* --- by what somebody else has proven --- */

static bool knows_browser(struct context *context, const struct user_row *user,
                          const struct sign_in_place *place)
{
    return device_is_known(context, place->browser, place->devices, user->email_key, user->tokens_after);
}

enum outcome sign_in_behind(struct context *context, const struct user_row *user, const char *method,
                            const struct sign_in_place *place, struct signed_in *signed_in_out)
{
    if (!is_active(user))
        return refuse(context, OUTCOME_WRONG_PASSWORD, "the account is disabled");
    return let_in(context, user, method, knows_browser(context, user, place), place, signed_in_out);
}

/* --- by what was mailed --- */

/* The user of a challenge, unless something has happened since that makes it worthless. */
static enum outcome user_of_challenge(struct context *context, const struct challenge *challenge,
                                      enum outcome refusal, struct user_row *user_out)
{
    if (!challenge->has_user)
        return refuse(context, refusal, "nobody has the address");
    enum outcome found =
        store_outcome(context, users_find(context->db, context->arena, challenge->user_id, user_out), refusal,
                      "the account has been removed");
    if (found != OUTCOME_OK)
        return found;
    if (!is_active(user_out) || user_out->tokens_after > challenge->created_at ||
        !text_equal(user_out->email_key, challenge->email_key))
        return refuse(context, refusal, "the account has been changed since");
    return OUTCOME_OK;
}

static void fill_signed_in(const struct challenge *challenge, const struct user_row *user, const char *method,
                           struct signed_in *signed_in_out)
{
    *signed_in_out = (struct signed_in) { .email = user->email,
                                          .email_key = user->email_key,
                                          .method = method,
                                          .flow = json_member_text(challenge->data, "flow"),
                                          .return_to = json_member_text(challenge->data, "return_to"),
                                          .pending = json_member_text(challenge->data, "pending") };
    memcpy(signed_in_out->user_id, user->id, sizeof(signed_in_out->user_id));
}

/* The link, or its code, was mailed to the address. A failure changes nothing: the next one proves it again.
 */
static void prove_address(struct context *context, const struct user_row *user)
{
    if (user->email_verified)
        return;
    enum store_result proven = users_verify_email(context->db, user->id, user->email_key, context->now);
    if (proven != STORE_OK && proven != STORE_NOT_FOUND)
        log_warn("sign_in.address_not_noted");
}

static enum outcome sign_in_by_code(struct context *context, enum challenge_kind kind, const char *email,
                                    const char *pin, const struct sign_in_place *place,
                                    struct signed_in *signed_in_out)
{
    struct challenge challenge;
    struct user_row user;
    const char *email_key = email_canonical(context->arena, email);
    if (email_key == NULL)
        return refuse(context, OUTCOME_PIN_NOT_FOUND, "no usable address was sent");
    enum outcome outcome = challenge_try_pin(context, kind, place->browser, email_key, pin, &challenge);
    if (outcome == OUTCOME_OK)
        outcome = user_of_challenge(context, &challenge, OUTCOME_PIN_NOT_FOUND, &user);
    if (outcome != OUTCOME_OK)
        return outcome;
    const char *before = json_member_text(challenge.data, "method");
    const char *method = before == NULL || text_has_word(before, ' ', METHOD_MAILED)
                             ? METHOD_MAILED
                             : arena_printf(context->arena, "%s " METHOD_MAILED, before);
    fill_signed_in(&challenge, &user, method, signed_in_out);
    if (kind == CHALLENGE_MAGIC_LINK)
        prove_address(context, &user);
    return OUTCOME_OK;
}

enum outcome sign_in_by_pin(struct context *context, const char *email, const char *pin,
                            const struct sign_in_place *place, struct signed_in *signed_in_out)
{
    enum outcome outcome = sign_in_by_code(context, CHALLENGE_PIN, email, pin, place, signed_in_out);
    return noted(context, place, METHOD_MAILED, outcome);
}

enum outcome sign_in_by_mailed_pin(struct context *context, const char *email, const char *pin,
                                   const struct sign_in_place *place, struct signed_in *signed_in_out)
{
    enum outcome outcome = sign_in_by_code(context, CHALLENGE_MAGIC_LINK, email, pin, place, signed_in_out);
    return noted(context, place, METHOD_MAILED, outcome);
}

enum outcome sign_in_send_pin(struct context *context, const struct session *session,
                              const struct sign_in_place *place)
{
    const struct pin_owner owner = { session->user_id, session->user_email,
                                     email_canonical(context->arena, session->user_email), session->user_name,
                                     session->method };
    if (owner.email_key == NULL)
        return refuse(context, OUTCOME_SERVER_ERROR, "the account's address is none");
    return send_pin(context, &owner, place);
}

/* Whether a mail to its address may open an account: the address has been proven, or nobody can be in it
 * whose it isn't: a service has made it, and nobody has come yet. */
static bool is_opened_by_mail(const struct user_row *user)
{
    if (!is_active(user) || user->email_verified)
        return is_active(user);
    return !user->self_registered && text_empty(user->password_hash) && !user->has_connection;
}

enum outcome magic_link_request(struct context *context, const char *email, const struct sign_in_place *place)
{
    struct user_row row;
    const struct user_row *user;
    struct challenge challenge;
    struct link_mail_rows sent;
    const char *email_key = email_canonical(context->arena, email);
    if (email_key == NULL)
        return refuse(context, OUTCOME_INVALID_REQUEST, "that is no e-mail address");
    if (!mail_is_possible(context))
        return refuse(context, OUTCOME_FORBIDDEN, "no mail is configured");
    enum outcome outcome = find_user(context, email_key, &row, &user);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!is_opened_by_mail(user))
        user = NULL;

    const struct new_challenge wanted = { .kind = CHALLENGE_MAGIC_LINK,
                                          .user_id = user == NULL ? NULL : user->id,
                                          .email = user == NULL ? email : user->email,
                                          .email_key = email_key,
                                          .browser = place->browser,
                                          .data = begun_by(context, place, NULL) };
    challenge_make(context, &wanted, &challenge, &sent.challenge);
    const struct mail mail = { .template = MAIL_MAGIC_LINK,
                               .email = wanted.email,
                               .email_key = email_key,
                               .name = user == NULL ? NULL : user->name,
                               .service_id = place->service == NULL ? NULL : place->service->id,
                               .languages = place->languages,
                               .link = arena_printf(context->arena, MAGIC_LINK_PATH "%s", challenge.token),
                               .pin = challenge.pin,
                               .lasts_s = challenge_pin_lasts_s(CHALLENGE_MAGIC_LINK),
                               .for_nobody = user == NULL };
    outcome = mail_prepare(context, &mail, &sent.mail);
    if (outcome != OUTCOME_OK)
        return outcome;
    /* Nobody will get this link: it doesn't take the place of the one that the person has. */
    if (!will_be_sent(&sent.mail))
        memset(sent.challenge.user_id, 0, sizeof(sent.challenge.user_id));
    outcome = link_mail_store(context, &sent);
    return outcome == OUTCOME_UNAUTHENTICATED ? OUTCOME_OK : outcome; /* removed just now: nobody's, then */
}

enum outcome sign_in_by_magic_link(struct context *context, const char *token,
                                   struct signed_in *signed_in_out)
{
    struct challenge challenge;
    struct user_row user;
    enum outcome outcome = challenge_look(context, CHALLENGE_MAGIC_LINK, token, &challenge);
    if (outcome == OUTCOME_OK)
        outcome = user_of_challenge(context, &challenge, OUTCOME_FLOW_ENDED, &user);
    if (outcome == OUTCOME_OK)
        outcome = store_outcome(context, challenge_use(context->db, &challenge), OUTCOME_FLOW_ENDED,
                                "the link has just been used");
    if (outcome != OUTCOME_OK)
        return outcome;
    fill_signed_in(&challenge, &user, METHOD_MAILED, signed_in_out);
    prove_address(context, &user);
    return OUTCOME_OK;
}

/* --- afterwards --- */

void sign_in_note(struct context *context, const unsigned char user_id[16])
{
    const char *languages = context->languages == NULL ? "" : context->languages;
    if (users_note_sign_in(context->db, user_id, languages, context->now) != STORE_OK)
        log_warn("sign_in.not_noted");
}
