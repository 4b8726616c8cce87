/* admins.h: people who may administer; never users, so that no user becomes one. What is done to their
 * accounts is written into history, in the same transaction. */
#ifndef DOORWARD_DOMAIN_MANAGE_ADMINS_H
#define DOORWARD_DOMAIN_MANAGE_ADMINS_H

#include "domain/context.h"
#include "store/admins.h"

/* INVALID_REQUEST for an address, name or password that can't be taken; ALREADY_EXISTS. */
enum outcome admin_add(struct context *context, const char *email, const char *name, const char *password,
                       struct admin_row *row_out);

enum outcome admin_find(struct context *context, const char *email, struct admin_row *row_out);
enum outcome admin_set_active(struct context *context, const struct admin_row *admin, bool active);

/* Ends the admin's sessions too, and takes the lock of wrong guesses off. */
enum outcome admin_set_password(struct context *context, const struct admin_row *admin, const char *password);

/* For who has lost the authenticator and the recovery codes: the next sign-in sets it up anew. Ends the
 * admin's sessions. */
enum outcome admin_reset_second_step(struct context *context, const struct admin_row *admin);

#endif
