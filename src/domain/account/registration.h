/*
 * registration.h: people who make an account themselves.
 */
#ifndef DOORWARD_DOMAIN_ACCOUNT_REGISTRATION_H
#define DOORWARD_DOMAIN_ACCOUNT_REGISTRATION_H

#include "domain/login/passwords.h"
#include "domain/login/sign_in.h"

struct registration {
    const char *email, *name, *password;
    bool by_form; /* a person's: a second click on the button sends it twice, and only the last answer is seen
                   */
};

/* Which field was refused, to show the message beside it. */
enum person_field { PERSON_NO_FIELD, PERSON_EMAIL, PERSON_NAME, PERSON_PASSWORD };

struct registered {
    unsigned char user_id[16];
    const char *email, *email_key, *name, *role; /* role: "user" */
    int64_t created_at;
    bool is_linking; /* the account was there, by a provider alone: the password waits for the mail's proof */
    bool has_password;         /* of an account that was there */
    const char *login_methods; /* space separated, of the account as it stands: "password", "google" */
    enum person_field field;   /* refused with INVALID_REQUEST or ALREADY_EXISTS */
    enum password_problem password_problem;
};

/*
 * A new user with an unverified address, and the mail that verifies it, in one transaction. OK with
 * is_linking when an account without a password has the address: nobody is signed in then. INVALID_REQUEST
 * with field, FORBIDDEN when registration is closed, ALREADY_EXISTS (login_methods set), UNAVAILABLE.
 * place->return_to and place->flow travel with the mail.
 */
enum outcome account_register(struct context *context, const struct registration *registration,
                              const struct sign_in_place *place, struct registered *registered_out);

#endif
