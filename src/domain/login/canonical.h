/*
 * canonical.h: the one form in which addresses, names and passwords are compared.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_CANONICAL_H
#define DOORWARD_DOMAIN_LOGIN_CANONICAL_H

#include "core/arena.h"

/* An address in its canonical form (NFC, case folded, IDN host as A-label), by which accounts are
 * found; NULL when it is no address (exactly one '@', both sides non-empty, at most 254 bytes, no
 * control characters or spaces). */
const char *email_canonical(struct arena *arena, const char *email);

/* The same of an address that somebody is to have from now on: NULL as well for more than 64 bytes before the
 * '@', to which no mail is sent (RFC 5321 §4.5.3.1.1). Who has such a one keeps it. */
const char *email_canonical_new(struct arena *arena, const char *email);

/* A name that can be shown: minimum to maximum characters, none of them a control, format (bidi
 * overrides, zero width) or unassigned character, and one at least that is seen. */
bool person_name_is_plain(const char *name, size_t minimum, size_t maximum);

/* A text as it is compared with others whatever its case: NFC, folded; "" for what isn't UTF-8. */
const char *text_folded(struct arena *arena, const char *text);

/* How many characters it has. */
size_t text_characters(const char *text);

/* A password in NFC, as it is hashed; NULL when empty, over PASSWORD_MAX_BYTES or not text. For
 * checking: an old password may be shorter than what is asked of new ones. */
const char *password_normalise(struct arena *arena, const char *password);

#endif
