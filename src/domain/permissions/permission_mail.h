/* permission_mail.h: the mails about access: to the administrators that somebody asks for it, to the person
 * what was decided. */
#ifndef DOORWARD_DOMAIN_PERMISSIONS_PERMISSION_MAIL_H
#define DOORWARD_DOMAIN_PERMISSIONS_PERMISSION_MAIL_H

#include "domain/directory.h"
#include "store/outbox.h"
#include "store/users.h"

/* Rows for the outbox; none where no mail is sent at all. */
struct permission_mail {
    struct outbox_row *rows;
    size_t count;
};

/* To every administrator who may sign in. UNAVAILABLE. */
enum outcome permission_mail_requested(struct context *context, const struct client *client,
                                       const struct user_row *user, struct permission_mail *mail_out);

/* To the person. UNAVAILABLE. */
enum outcome permission_mail_decided(struct context *context, const struct client *client,
                                     const struct user_row *user, bool granted,
                                     struct permission_mail *mail_out);

/* Inside the transaction of the change; and once it is committed. */
enum store_result permission_mail_add(struct db *db, const struct permission_mail *mail) MUST_CHECK;
void permission_mail_wake(struct context *context, const struct permission_mail *mail);

#endif
