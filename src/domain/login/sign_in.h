/*
 * sign_in.h: how a person proves who they are: password, PIN behind it, mailed link or code. Each rule
 * ends in a struct signed_in, which the edge makes a session of (app/browser_side.h). One set of rules
 * for the pages and for the public API.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_SIGN_IN_H
#define DOORWARD_DOMAIN_LOGIN_SIGN_IN_H

#include "domain/directory.h"
#include "domain/login/challenge.h"
#include "domain/login/session.h"
#include "store/users.h"

/* The browser in front of which somebody sits, and what they were about to do. */
struct sign_in_place {
    const char *browser;           /* the browser cookie; NULL only where nothing is bound to it */
    const char *devices;           /* the device cookie as sent, or NULL */
    const struct service *service; /* of the flow; NULL: none, then the strictest service's PIN gate counts */
    const char *flow;              /* the ticket's handle, or NULL */
    const char *return_to;         /* checked by return_to.h, or NULL */
    const char *pending;           /* a connection that waits for this proof (providers/linking.h), or NULL */
    const char *languages;         /* for mails; NULL: context->languages */
};

struct signed_in {
    unsigned char user_id[16];
    const char *email, *email_key;
    const char *method; /* RFC 8176 words: "pwd", "pwd otp", "otp"; or a provider's name: "google otp" */
    bool needs_pin;     /* not signed in yet: a PIN was mailed, and is asked for next */
    const char *flow, *return_to, *pending; /* what the link's or PIN's beginning was about; NULL: nothing */
};

/*
 * Counts the try (per account, or per account and known browser; per address is the row's limit) before it
 * checks, hashes also for an unknown user, and upgrades an outdated hash. WRONG_PASSWORD for every mismatch
 * (unknown, disabled); PASSWORD_NOT_SET, with user_id, for an account that has none but signs in by other
 * ways; EMAIL_NOT_VERIFIED (behind a right password only); TOO_MANY_REQUESTS with retry_after_s;
 * UNAVAILABLE when the machine goes on hashing as much as it may for a second. OK with needs_pin when the
 * gate wants a PIN, which is then on its way; FORBIDDEN where there is no browser to bind it to.
 */
enum outcome sign_in_by_password(struct context *context, const char *email, const char *password,
                                 const struct sign_in_place *place, struct signed_in *signed_in_out);

/*
 * Behind any proof but a mail's, here that of a provider: whether this account may be signed in to, and by
 * that alone. WRONG_PASSWORD for one that is disabled; all else as behind a right password.
 */
enum outcome sign_in_behind(struct context *context, const struct user_row *user, const char *method,
                            const struct sign_in_place *place, struct signed_in *signed_in_out);

/* The PIN behind a password (outcomes of challenge_try_pin()). */
enum outcome sign_in_by_pin(struct context *context, const char *email, const char *pin,
                            const struct sign_in_place *place, struct signed_in *signed_in_out);

/* Sends a PIN to who is signed in by password alone: for a flow whose service asks for one. */
enum outcome sign_in_send_pin(struct context *context, const struct session *session,
                              const struct sign_in_place *place);

/*
 * Mails a link and a PIN, to verified accounts only; the same work and the same outcome for every address
 * (T-86). INVALID_REQUEST for what is no address. Bound to the browser for the PIN; the link works anywhere.
 */
enum outcome magic_link_request(struct context *context, const char *email,
                                const struct sign_in_place *place);

/* The link, behind its button. FLOW_ENDED for a bad one. */
enum outcome sign_in_by_magic_link(struct context *context, const char *token,
                                   struct signed_in *signed_in_out);

/* The PIN of that mail, in the browser that asked. */
enum outcome sign_in_by_mailed_pin(struct context *context, const char *email, const char *pin,
                                   const struct sign_in_place *place, struct signed_in *signed_in_out);

/* The PIN gate of a service (NULL: the strictest of all): enum pin_gate in directory.h. A flow of a service
 * whose gate is "always" isn't content with a session without one. */
bool pin_gate_wants_step_up(const struct service *service, const struct session *session);

/* Notes a sign-in that has been made a session: counts it, keeps the languages. A failure is only logged. */
void sign_in_note(struct context *context, const unsigned char user_id[16]);

#endif
