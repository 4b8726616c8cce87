/*
 * verified.h: tokens whose signature was found good. Checking one costs several times what the rest of
 * an introspection does, and the same token comes back for as long as it lives.
 *
 * Kept are SHA-256 hashes of tokens with the type they were asked for by, a fixed number of them: a new one
 * takes the place of an older one. What is here says nothing of time, issuer or revocation; and all of it has
 * to be forgotten when the keys move.
 */
#ifndef DOORWARD_DOMAIN_VERIFIED_H
#define DOORWARD_DOMAIN_VERIFIED_H

#include "core/base.h"

struct verified;

struct verified *verified_make(void);
void verified_free(struct verified *verified);

/* Whether a token with this hash was added since the last verified_forget(). */
bool verified_has(const struct verified *verified, const unsigned char hash[32]);
void verified_add(struct verified *verified, const unsigned char hash[32]);
void verified_forget(struct verified *verified);

#endif
