/*
 * algs.h: inside of jwk and jws: what a family of keys and a signature algorithm consist of. One file
 * per family (alg_hmac.c, alg_rsa.c, alg_ec.c, alg_eddsa.c), and all of them in the tables of algs.c.
 * A new algorithm is a row there; a new family a file and a row.
 */
#ifndef DOORWARD_CRYPTO_ALGS_H
#define DOORWARD_CRYPTO_ALGS_H

#include "crypto/jwk.h"

#include <openssl/evp.h>

enum { KEY_MAX_MEMBERS = 8 };

struct alg;

/* A context of OpenSSL that was set up for one key and algorithm and is good for many signatures. */
struct prepared {
    const struct alg *alg;
    EVP_PKEY_CTX *context;
};

struct jwk {
    const struct key_family *family;
    const char *crv; /* a name of the family's curves, NULL when it has none */
    char *kid, *alg, *use;
    bool is_private;
    bool may_sign, may_verify;  /* what key_ops says (RFC 7517 §4.3); both without it */
    EVP_PKEY *pkey;             /* NULL for oct */
    EVP_MD_CTX *digest_context; /* Ed25519's, reused */
    unsigned char *secret;      /* of oct, wiped when freed */
    size_t secret_length;
    struct prepared *prepared; /* two: for signing, for verifying */
};

/* A member that holds bytes as base64url. */
struct key_member {
    const char *name;
    const char *parameter; /* OpenSSL's name of the number, where there is one */
    bool is_private;
};

/* What jwk.c needs to know of a family of keys. */
struct key_family {
    const char *kty;
    const char *const *curves; /* NULL for a family without crv */
    struct key_member members[KEY_MAX_MEMBERS + 1];
    const char *thumbprint[5]; /* names of the members of RFC 7638 §3.2, in their order */

    /* Makes and checks the key out of its members' bytes, in the order of members (data NULL: absent,
     * which only private ones can be, and only all of them). NULL, or what's wrong. */
    const char *(*build)(struct jwk *key, const struct bytes values[]);

    /* Makes a new key for an algorithm. */
    bool (*generate)(struct jwk *key, const struct alg *alg);

    /* A member's bytes, in the arena. */
    struct bytes (*value)(const struct jwk *key, const struct key_member *member, struct arena *arena);
};

struct alg {
    const char *name;
    const struct key_family *family;
    const char *crv; /* of EC and OKP keys */
    int bits;        /* of the SHA-2; 0 for EdDSA */
    bool pss;

    /* The signature in the arena; false when OpenSSL fails. */
    bool (*sign)(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
                 struct bytes *signature_out);
    /* True for a good signature and nothing else (T-44). */
    bool (*verify)(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature);
};

/* By name; NULL when there is none. */
const struct alg *alg_find(const char *name);
const struct key_family *key_family_find(const char *kty);

/* The families, and the two functions that their algorithms share. */
extern const struct key_family family_oct, family_rsa, family_ec, family_okp;
bool hmac_sign(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
               struct bytes *signature_out);
bool hmac_verify(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature);
bool rsa_sign(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
              struct bytes *signature_out);
bool rsa_verify(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature);
bool ec_sign(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
             struct bytes *signature_out);
bool ec_verify(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature);
bool eddsa_sign(const struct alg *alg, const struct jwk *key, struct arena *arena, struct bytes input,
                struct bytes *signature_out);
bool eddsa_verify(const struct alg *alg, const struct jwk *key, struct bytes input, struct bytes signature);

/* Every algorithm, in the order that discovery shows them. */
extern const struct alg algs[];
extern const size_t algs_count;

#endif
