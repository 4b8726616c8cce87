/*
 * password_login.h: signing in with address and password, and registering.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_PASSWORD_LOGIN_H
#define DOORWARD_DOMAIN_LOGIN_PASSWORD_LOGIN_H

#include "domain/context.h"
#include "domain/login/canonical.h"

struct password_login {
    const char *email, *password;
};

/*
 * Counts the try (per account; per address is the row's limit) before it checks, hashes also for an unknown
 * user, and upgrades an outdated hash. OK with the user's id; WRONG_PASSWORD for every kind of mismatch
 * (unknown, no password, disabled); TOO_MANY_REQUESTS with retry_after_s; UNAVAILABLE when the
 * machine goes on hashing as much as it may for a second.
 */
enum outcome password_login(struct context *context, const struct password_login *login,
                            unsigned char user_id_out[16]);

struct registration {
    const char *email, *name, *password;
};

/* Which field a registration or sign-in was refused for, to show the message beside it. */
enum person_field { PERSON_NO_FIELD, PERSON_EMAIL, PERSON_NAME, PERSON_PASSWORD };

/*
 * A new user with an unverified address. INVALID_REQUEST with *field_out for what is wrong,
 * FORBIDDEN when registration is closed, ALREADY_EXISTS for a taken address, TOO_MANY_REQUESTS.
 */
enum outcome register_person(struct context *context, const struct registration *registration,
                             unsigned char user_id_out[16], enum person_field *field_out);

#endif
