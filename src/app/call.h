/*
 * call.h: one request in progress: what a handler gets. A handler reads parameters into a rule's
 * struct, calls one rule, and writes one answer; what it returns is its outcome, and a refusal is
 * written by the family's error writer.
 */
#ifndef DOORWARD_APP_CALL_H
#define DOORWARD_APP_CALL_H

#include "domain/directory.h"
#include "domain/login/admin_session.h"
#include "domain/login/session.h"
#include "domain/manage/api_key_auth.h"
#include "domain/oauth/access_token.h"
#include "http/cookie.h"
#include "http/request.h"
#include "http/response.h"

struct route;
struct route_family;
struct idempotency_row;

struct call {
    struct context context;
    struct arena *arena; /* the request's, as context.arena */
    const struct request *request;
    struct response response;
    const struct route_family *family;
    const struct route *route; /* NULL when none was found */
    const char *values[4];     /* of the {name} segments, in order */
    const char *allow;         /* methods, for 405 */

    struct idempotency_row *idempotency; /* begun with an Idempotency-Key or a form; else NULL */
    bool idempotent_form;                /* it is a form's */

    struct form form;        /* the body's fields, of a form or of a flat JSON object */
    const struct json *json; /* the body, when it is JSON */

    /* who is asking, as far as the row's policy asked for it */
    const struct client *client;
    bool client_used_basic;
    const char *browser;        /* value of the browser cookie, NULL when none is valid */
    const char *devices;        /* the device cookie, as sent; NULL: none */
    const char *session_cookie; /* as sent */
    const struct session *session;
    struct access access; /* of a bearer token */
    bool token_by_dpop;   /* it came by the scheme DPoP */
    const struct api_key *api_key;
    const struct admin_session *admin;
};

/* Whether the refused access token was one of ours whose time is over: its holder refreshes. */
bool call_token_has_expired(const struct call *call, enum outcome outcome);

/* A parameter of the request: of the body for a POST, of the query for a GET. NULL when absent. */
const char *call_parameter(const struct call *call, const char *name);

/* The name of a parameter out of names (NULL at the end) that came more than once, or NULL. */
const char *call_repeated(const struct call *call, const char *const *names);

#endif
