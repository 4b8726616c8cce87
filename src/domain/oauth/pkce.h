/* pkce.h: Proof Key for Code Exchange (RFC 7636), S256 only (RFC 9700 §2.1.1). */
#ifndef DOORWARD_DOMAIN_OAUTH_PKCE_H
#define DOORWARD_DOMAIN_OAUTH_PKCE_H

#include "core/arena.h"

/* 43 to 128 unreserved characters (RFC 7636 §4.1 and §4.2). */
bool pkce_is_well_formed(const char *text);

/* The challenge of a verifier. */
const char *pkce_challenge(struct arena *arena, const char *verifier);

/*
 * Whether the verifier fits the challenge that came with the authorization request. Each is NULL when
 * it wasn't sent; one without the other never fits (downgrade, T-31 and T-32).
 */
bool pkce_fits(struct arena *arena, const char *challenge, const char *verifier) MUST_CHECK;

#endif
