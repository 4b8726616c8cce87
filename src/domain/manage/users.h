/* users.h: people's accounts, as an admin handles them. */
#ifndef DOORWARD_DOMAIN_MANAGE_USERS_H
#define DOORWARD_DOMAIN_MANAGE_USERS_H

#include "domain/login/passwords.h"

struct new_user {
    const char *email, *name;
    const char *password; /* NULL: none, so that the account can't sign in by password */
    bool email_verified;
};

/* INVALID_REQUEST for an address, name or password that can't be taken; ALREADY_EXISTS. */
enum outcome user_add(struct context *context, const struct new_user *user, struct user_row *row_out);

/* By id (UUID) or by address. */
enum outcome user_find(struct context *context, const char *id_or_email, struct user_row *row_out);

/* Disabling ends every session, token and link of the user; enabling brings none of them back. */
enum outcome user_set_active(struct context *context, const unsigned char id[16], bool active);

/* Ends every session and token of the user too, and unlocks the account. */
enum outcome user_set_password(struct context *context, const struct user_row *user, const char *password);

/* Ends every session and token of the user, and the links that are on their way to them. */
enum outcome user_sign_out(struct context *context, const unsigned char id[16]);

/* A new hash of a password that must be good enough for its owner; INVALID_REQUEST with the reason. */
enum outcome new_password_hash(struct context *context, const char *password,
                               const struct password_owner *owner, const char **hash_out);

#endif
