/* pkce.c: see pkce.h. */
#include "domain/oauth/pkce.h"

#include "core/encode.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

bool pkce_is_well_formed(const char *text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t length = strlen(text);
    return length >= 43 && length <= 128 && strspn(text, unreserved) == length;
}

const char *pkce_challenge(struct arena *arena, const char *verifier)
{
    unsigned char hash[32];
    sha256_text(verifier, hash);
    return base64url_encode(arena, hash, sizeof(hash));
}

bool pkce_fits(struct arena *arena, const char *challenge, const char *verifier)
{
    if (!challenge || !verifier)
        return !challenge && !verifier;
    if (!pkce_is_well_formed(verifier))
        return false;
    const char *expected = pkce_challenge(arena, verifier);
    return secret_equal((struct bytes) { (const unsigned char *)expected, strlen(expected) },
                        (struct bytes) { (const unsigned char *)challenge, strlen(challenge) });
}
