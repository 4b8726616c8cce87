/*
 * recovery.h: getting back in: a forgotten password, a locked account. Links are one-time, bound to
 * their purpose, and ended by what they do.
 */
#ifndef DOORWARD_DOMAIN_ACCOUNT_RECOVERY_H
#define DOORWARD_DOMAIN_ACCOUNT_RECOVERY_H

#include "domain/login/challenge.h"
#include "domain/login/passwords.h"
#include "domain/login/sign_in.h"

/* Mails a link, to active accounts, verified or not (it proves the address). The same work and outcome for
 * every address; INVALID_REQUEST for what is no address. */
enum outcome recovery_request(struct context *context, const char *email, const struct sign_in_place *place);

/* The link of a forgotten password, or of an invitation to set a first one: challenge_look() of both kinds.
 */
enum outcome recovery_look(struct context *context, const char *token, struct challenge *challenge_out);

/*
 * A new password by the link: ends every session and token of the user and every other challenge, marks
 * the address verified, unlocks, and mails that it happened. The caller opens a session for signed_in_out.
 * FLOW_ENDED for a bad link, INVALID_REQUEST with *problem_out.
 */
enum outcome recovery_reset(struct context *context, const char *token, const char *password,
                            struct signed_in *signed_in_out, enum password_problem *problem_out);

/* Mails the unlock link once an account has been locked: for sign_in.c. The same work for an address that
 * nobody has (user NULL), whose mail is never sent. */
void recovery_mail_unlock(struct context *context, const struct user_row *user, const char *email_key,
                          const char *languages);

/* Unlocks by the link. FLOW_ENDED for a bad one. */
enum outcome recovery_unlock(struct context *context, const char *token);

#endif
