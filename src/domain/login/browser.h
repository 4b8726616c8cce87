/*
 * browser.h: what ties a form to the browser that it was shown in, signed in or not: a random cookie
 * (__Host-doorward-browser) and CSRF tokens made from it. Stateless: a MAC under the key file.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_BROWSER_H
#define DOORWARD_DOMAIN_LOGIN_BROWSER_H

#include "domain/context.h"

#define BROWSER_COOKIE "__Host-doorward-browser"

/* A new value for the cookie: 32 random bytes as base64url. */
const char *browser_new(struct context *context);

/* Whether the cookie's value has the form of one of ours. */
bool browser_is_valid(const char *cookie);

/* The token of one form of one flow ("login", ticket text or "") in this browser; NULL cookie: NULL. */
const char *browser_form_token(struct context *context, const char *cookie, const char *form,
                               const char *flow);

/* OUTCOME_FOREIGN_FORM unless token is that token. */
enum outcome browser_check_form(struct context *context, const char *cookie, const char *form,
                                const char *flow, const char *token);

#endif
