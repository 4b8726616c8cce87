/*
 * provider_sign_in.h: what a provider has said of somebody, as a sign-in here. Who they are is the provider
 * and its subject, and nothing else (T-82). An address that somebody here has opens nothing: if the provider
 * vouches for it, its owner may prove the account here and connect the two (providers/linking.h); if not, it
 * is only words.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_PROVIDER_SIGN_IN_H
#define DOORWARD_DOMAIN_LOGIN_PROVIDER_SIGN_IN_H

#include "domain/login/admin_sign_in.h"
#include "domain/login/sign_in.h"
#include "domain/providers/linking.h"

enum arrival {
    ARRIVAL_KNOWN,         /* signed in, or a PIN is asked for next */
    ARRIVAL_NEW,           /* signed in to an account that was just made */
    ARRIVAL_PROOF_NEEDED,  /* somebody here has the address: pending waits for them */
    ARRIVAL_ADDRESS_TAKEN, /* somebody here has the address, for which the provider doesn't vouch */
    ARRIVAL_NO_ADDRESS,    /* nobody yet, and the provider told no address that can be used */
    ARRIVAL_CLOSED         /* nobody yet, and registration is closed */
};

struct provider_arrival {
    enum arrival arrival;
    struct signed_in signed_in; /* of KNOWN and NEW */
    bool is_unverified;         /* of NEW: the address waits to be confirmed by mail */
    const char *pending;        /* of PROOF_NEEDED */
    const char *email;          /* that the provider told; NULL: none */
};

/*
 * OK: see arrival. WRONG_PASSWORD for an account that is disabled, EMAIL_NOT_VERIFIED (signed_in_out's email
 * is set), TOO_MANY_REQUESTS and UNAVAILABLE as behind a password; PROVIDER_FAILED for a subject that can't
 * be one.
 */
enum outcome provider_sign_in(struct context *context, const struct provider *provider,
                              const struct provider_identity *identity, const struct sign_in_place *place,
                              struct provider_arrival *arrival_out);

/* An administrator's sign-in, in the password's place: their second step comes next. Only by an address that
 * the provider vouches for; FORBIDDEN when no active administrator has it. */
enum outcome provider_admin_step(struct context *context, const struct provider *provider,
                                 const struct provider_identity *identity, const char *return_to,
                                 struct admin_step *step_out);

#endif
