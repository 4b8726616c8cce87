/*
 * scope.h: scope words (RFC 6749 §3.3): which exist, who may be given them, and sets of them. A scope
 * is a space separated list without repeats.
 */
#ifndef DOORWARD_DOMAIN_OAUTH_SCOPE_H
#define DOORWARD_DOMAIN_OAUTH_SCOPE_H

#include "domain/directory.h"

enum { SCOPE_MAX_WORDS = 64, SCOPE_MAX_BYTES = 2000 };

/* The scopes that Doorward itself knows, space separated, for discovery. */
extern const char scope_standard[];

enum scope_holder { SCOPE_FOR_USERS, SCOPE_FOR_MACHINES };

/*
 * Checks a requested scope: well formed, at most SCOPE_MAX_WORDS (T-119), each word registered for the
 * client and meant for this kind of holder. INVALID_SCOPE else. Repeats are dropped.
 */
enum outcome scope_check(struct context *context, const struct client *client, enum scope_holder holder,
                         const char *requested, const char **scope_out);

/* What a machine gets that asks for nothing: manage_permissions when it may, else all it may. */
const char *scope_machine_default(struct context *context, const struct client *client);

/* All that the client may ask of a person. */
const char *scope_user_default(struct context *context, const struct client *client);

bool scope_has(const char *scope, const char *word);

/* Words of a that b lacks, words of both; in a's order. */
const char *scope_minus(struct arena *arena, const char *a, const char *b);
const char *scope_and(struct arena *arena, const char *a, const char *b);

/* Whether every word of part is in whole. */
bool scope_within(struct arena *arena, const char *part, const char *whole);

#endif
