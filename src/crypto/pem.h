/* pem.h: private keys in the form that others hand them out in. */
#ifndef DOORWARD_CRYPTO_PEM_H
#define DOORWARD_CRYPTO_PEM_H

#include "crypto/jwk.h"

/* A private P-256 key from PEM (PKCS#8 or SEC 1, without a passphrase), with this kid; NULL when it is
 * anything else. Free it with jwk_free(). */
struct jwk *pem_read_p256(struct arena *arena, const char *pem, const char *kid) MUST_CHECK;

#endif
