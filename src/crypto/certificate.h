/*
 * certificate.h: an X.509 certificate as a web server hands it over, taken apart. Whoever it names has proved
 * to the web server that it holds the key; nothing here checks a chain or a signature.
 */
#ifndef DOORWARD_CRYPTO_CERTIFICATE_H
#define DOORWARD_CRYPTO_CERTIFICATE_H

#include "core/arena.h"
#include "core/json.h"

/* Longer ones aren't read. */
enum { CERTIFICATE_MAX_TEXT = 24 * 1024 };

/* The kinds of subjectAltName that a client can be registered by (RFC 8705 §2.1.2). */
enum certificate_name {
    CERTIFICATE_DNS,
    CERTIFICATE_URI,
    CERTIFICATE_IP,
    CERTIFICATE_EMAIL,
    CERTIFICATE_NAMES
};

struct certificate {
    struct bytes der;
    struct bytes subject;                        /* DER of the name */
    struct bytes public_key;                     /* DER of SubjectPublicKeyInfo */
    const char *thumbprint;                      /* x5t#S256: SHA-256 of der, base64url */
    const char *const *names[CERTIFICATE_NAMES]; /* NULL at the end; what holds a NUL is left out */
    int64_t not_before, not_after;               /* seconds UTC */
};

/*
 * Reads one certificate: PEM with line breaks, with tabs or spaces in their place, or percent-encoded. NULL
 * with a reason for anything else: more than one, garbage behind it, a time that can't be. All lives in the
 * arena.
 */
const struct certificate *certificate_read(struct arena *arena, const char *text,
                                           const char **error_out) MUST_CHECK;

/* Whether a subject can be compared: a string of RFC 4514, each type known by name or by number. */
bool certificate_subject_is_readable(struct arena *arena, const char *subject);

/* Whether it's the certificate's subject, by value and not by spelling: case, blanks and encodings of the
 * same text don't tell names apart (RFC 5280 §7.1). */
bool certificate_has_subject(const struct certificate *certificate, struct arena *arena, const char *subject);

/* Whether the certificate bears this alternative name: DNS names, and hosts of addresses, in any case;
 * IP addresses in any spelling. */
bool certificate_has_name(const struct certificate *certificate, enum certificate_name kind,
                          const char *name);

/* Whether this public key, a JWK, is the one that the certificate is for. */
bool certificate_has_key(const struct certificate *certificate, const struct json *jwk);

#endif
