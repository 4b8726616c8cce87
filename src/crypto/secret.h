/* secret.h: the one helper by which secrets, keys and tokens are compared: in constant time. And how none are
 * left in memory that was given back. */
#ifndef DOORWARD_CRYPTO_SECRET_H
#define DOORWARD_CRYPTO_SECRET_H

#include "core/arena.h"

/* Same length and bytes; the time depends on the lengths only. */
bool secret_equal(struct bytes a, struct bytes b) MUST_CHECK;
bool secret_equal_hash(const unsigned char a[32], const unsigned char b[32]) MUST_CHECK;

/* From now on OpenSSL wipes all memory that it gives back: it reads private keys in buffers that it else
 * leaves as they are. False when it has memory already: to be called before anything of it is used. */
bool secret_wipe_freed(void) MUST_CHECK;
/* No more, as it costs a signature some percent: for a process that no other one begins as a copy of. */
void secret_leave_freed(void);

#endif
