/*
 * authorize.h: the authorization endpoint's rule (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2), as
 * three steps that a driver takes: accept a request, which gives a ticket and what to do next; then
 * issue or fail. The hosted pages are the first driver; the engine API will be another.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_AUTHORIZE_H
#define DOORWARD_DOMAIN_OAUTH_AUTHORIZE_H

#include "domain/directory.h"
#include "domain/login/session.h"

/* Parameters as they arrived; NULL when absent or empty. */
struct authorize_parameters {
    const char *response_type, *client_id, *redirect_uri, *scope, *state, *nonce, *response_mode;
    const char *code_challenge, *code_challenge_method, *dpop_jkt;
    const char *prompt, *max_age, *login_hint, *id_token_hint, *ui_locales, *acr_values, *display;
    const char *claims, *request, *request_uri, *registration;
    const char *provider; /* ours: by which one the person is to sign in */
    const char *repeated; /* name of a known parameter that came more than once, or NULL */
};

enum response_mode { RESPONSE_MODE_QUERY, RESPONSE_MODE_FORM_POST };

enum prompt {
    PROMPT_NONE = 1 << 0,
    PROMPT_LOGIN = 1 << 1,
    PROMPT_CONSENT = 1 << 2,
    PROMPT_SELECT_ACCOUNT = 1 << 3
};

/* An accepted request: checked, and safe to answer to its redirect_uri. */
struct ticket {
    const char *text; /* its handle, once ticket_save() has stored it; NULL before */
    bool ended;       /* only of a ticket that ticket_find() refused: what it was is known, no more */
    unsigned char id[16];
    const struct client *client;
    const char *redirect_uri;
    bool redirect_uri_sent; /* in the request, and not merely the only one registered */
    enum response_mode response_mode;
    const char *scope; /* checked: each word is registered for the client and for users */
    const char *state, *nonce, *code_challenge, *dpop_jkt, *login_hint, *ui_locales;
    const char *hinted_user;  /* sub of a valid id_token_hint, or NULL */
    unsigned prompt;          /* bits of enum prompt */
    int64_t max_age;          /* -1: none */
    bool consent_shown;       /* by this driver, in this request */
    bool has_settled_session; /* ticket_signed_in() was called, for the session of settled_sid */
    unsigned char settled_sid[16];
    int64_t created_at;
    /* what authorize_next() read of the user's grant to this client */
    bool has_grant;
    unsigned char grant_id[16];
    const char *granted_scope;
};

/* What the driver must do next. */
enum next_step {
    NEXT_ISSUE,   /* nothing to ask: authorize_issue() */
    NEXT_SIGN_IN, /* no session, or it doesn't suffice (prompt, max_age, hint) */
    NEXT_PIN,     /* signed in, but the service asks for a PIN behind the password */
    NEXT_SELECT_ACCOUNT,
    NEXT_REQUEST_ACCESS, /* the client demands a permission that the person doesn't have */
    NEXT_CONSENT,
    NEXT_FAIL /* answer with authorize_fail(outcome): prompt=none and something would be needed */
};

/* What goes back to the client's redirect_uri, in response_mode. Members that are NULL stay out. */
struct authorize_answer {
    enum response_mode response_mode;
    const char *redirect_uri;
    const char *code, *state, *iss, *error, *error_description;
};

/*
 * Checks a request. OK: *ticket_out can be answered to. Otherwise *redirectable_out tells whether
 * client and redirect_uri are good: then the refusal travels to the client by authorize_fail() of
 * *ticket_out; if not, it's shown here and never redirects.
 */
enum outcome authorize_accept(struct context *context, const struct authorize_parameters *parameters,
                              struct ticket *ticket_out, bool *redirectable_out);

/* A ticket for consent alone, without a request that it would answer: client and scope are checked.
 * INVALID_CLIENT, UNAUTHORIZED_CLIENT or INVALID_SCOPE else. */
enum outcome authorize_accept_consent(struct context *context, const char *client_id, const char *scope,
                                      struct ticket *ticket_out);

/* What to do next for this ticket and session (NULL: nobody signed in). With NEXT_FAIL,
 * *failure_out is the outcome to fail with; UNAVAILABLE is returned when the database is away. */
enum outcome authorize_next(struct context *context, struct ticket *ticket, const struct session *session,
                            enum next_step *next_out, enum outcome *failure_out);

/* Scopes of the ticket that the user has not allowed this client yet, after authorize_next(). */
const char *authorize_missing_scope(struct context *context, const struct ticket *ticket);

/* Notes the person's consent: the grant of user and client now covers the ticket's scope, and the user
 * is a member of the client's service. */
enum outcome authorize_allow(struct context *context, struct ticket *ticket, const struct session *session);

/* Issues a code for the session's user; a stored ticket is finished by it, once (FLOW_ENDED else). */
enum outcome authorize_issue(struct context *context, struct ticket *ticket, const struct session *session,
                             struct authorize_answer *answer_out);

/* The answer that tells the client of a refusal; a stored ticket is finished by it. */
enum outcome authorize_fail(struct context *context, const struct ticket *ticket, enum outcome outcome,
                            const char *description, struct authorize_answer *answer_out);

/* The public name of a failure ("access_denied"), as RFC 6749 §4.1.2.1 spells it. */
const char *authorize_error_name(enum outcome outcome);

#endif
