/*
 * account.h: what a signed-in person sees and does with their account.
 */
#ifndef DOORWARD_DOMAIN_ACCOUNT_ACCOUNT_H
#define DOORWARD_DOMAIN_ACCOUNT_ACCOUNT_H

#include "domain/login/passwords.h"
#include "domain/login/session.h"
#include "domain/oauth/access_token.h"

struct account_connection {
    const char *provider, *label;
    int64_t created_at;
};

struct account {
    struct user_row user;
    const char *role;          /* of people: "user" */
    const char *login_methods; /* space separated: "password" first, then providers */
    struct account_connection *connections;
    size_t connection_count;
};

/* Trimmed; NULL unless it has 2 to 100 characters that can be shown (T-64). */
const char *account_clean_name(struct arena *arena, const char *name);

/* How somebody signs in to an account: a space separated list, "password" first, then providers. */
enum outcome account_login_methods(struct context *context, const struct user_row *user,
                                   const char **methods_out);

/* Inside a transaction that has locked the user's row first: ends all by which somebody is in the account,
 * or could get in without its password: sessions, tokens, links, a change of address that waits. */
enum store_result account_sign_off(struct db *db, const unsigned char user_id[16], int64_t now) MUST_CHECK;

enum outcome account_find(struct context *context, const unsigned char user_id[16],
                          struct account *account_out);

/*
 * Of a token of a person: the session that the rules below ask for. It is as old as the sign-in that the
 * token came from, and ends (with all the others) by a change that ends the person's tokens. Only where the
 * token's scope lets its application act on the account.
 */
void account_session_of_token(const struct access *access, struct session *session_out);

/* Whether the sign-in is fresh enough for what is dangerous: else REAUTHENTICATION_REQUIRED. */
enum outcome account_needs_recent(struct context *context, const struct session *session);

/* INVALID_REQUEST for a name that can't be shown. */
enum outcome account_change_name(struct context *context, const unsigned char user_id[16], const char *name);

/* The same for an account that still has the tag (domain/precondition.h): PRECONDITION_FAILED else. The tag
 * tells nothing that whoever may ask for the account isn't told. name NULL: it stays. */
const char *account_tag(struct arena *arena, const struct user_row *user);
enum outcome account_change_name_if(struct context *context, const unsigned char user_id[16],
                                    const char *name, const char *if_match);

/*
 * A new password, behind the current one (counted as a guess; WRONG_PASSWORD, TOO_MANY_REQUESTS). Ends
 * every other session and every token; mails that it happened; the caller opens a new session.
 * INVALID_REQUEST with *problem_out; PASSWORD_NOT_SET for an account without one.
 */
enum outcome account_change_password(struct context *context, const struct session *session,
                                     const char *current, const char *password,
                                     enum password_problem *problem_out);

/* A first password for an account that is signed in to by other ways; nothing ends by it. Mails that it
 * happened. REAUTHENTICATION_REQUIRED; ALREADY_EXISTS when there is one; INVALID_REQUEST with *problem_out.
 */
enum outcome account_set_password(struct context *context, const struct session *session,
                                  const char *password, enum password_problem *problem_out);

struct account_session {
    const char *sid; /* UUID: its name on pages and in the API */
    bool is_current;
    int64_t created_at, authenticated_at, seen_at, expires_at;
    const char *method, *address, *user_agent, *agent; /* agent: "Firefox on Windows", "" when unknown */
};

/* Newest use first. */
enum outcome account_sessions(struct context *context, const struct session *session,
                              struct account_session **sessions_out, size_t *count_out);
/* Ends one of the person's own; NOT_FOUND for all else. */
enum outcome account_end_session(struct context *context, const unsigned char user_id[16], const char *sid);
/* Ends all but keep (NULL: all); what the API's logout does. */
enum outcome account_end_sessions(struct context *context, const unsigned char user_id[16],
                                  const struct session *keep);

struct account_authorization {
    const char *id; /* UUID of the grant */
    const char *client_id, *client_name, *client_uri, *logo_uri;
    const char *scope;
    int64_t created_at, updated_at;
};

/* The applications that the person has allowed something, newest first. */
enum outcome account_authorizations(struct context *context, const unsigned char user_id[16],
                                    struct account_authorization **list_out, size_t *count_out);
/* Withdraws one, with all its tokens, at once; NOT_FOUND for what isn't the person's. */
enum outcome account_withdraw(struct context *context, const unsigned char user_id[16], const char *id);

/* Takes a connected account off; NOT_FOUND when there is none; FORBIDDEN when it is the last way to sign
 * in; REAUTHENTICATION_REQUIRED. */
enum outcome account_unlink(struct context *context, const struct session *session, const char *provider);

/* Deletes the account with all that is its; REAUTHENTICATION_REQUIRED. Mails a farewell. */
enum outcome account_delete(struct context *context, const struct session *session);

#endif
