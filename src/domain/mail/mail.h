/*
 * mail.h: mails on their way out, as rules see them: written to the outbox in the transaction of what
 * they speak of, sent later by the courier. What a mail says is its template's and the texts'
 * (mail_TEMPLATE); here are only the variables that a rule knows.
 */
#ifndef DOORWARD_DOMAIN_MAIL_MAIL_H
#define DOORWARD_DOMAIN_MAIL_MAIL_H

#include "core/json.h"
#include "domain/context.h"
#include "store/outbox.h"

/* The mails that there are. Each has templates mail_NAME and mail_NAME_text and a subject,
 * the text mail_NAME_subject. */
#define MAIL_MAGIC_LINK "magic_link"                 /* link, pin, minutes */
#define MAIL_PIN "pin"                               /* pin, minutes */
#define MAIL_VERIFY_EMAIL "verify_email"             /* link, hours */
#define MAIL_ADD_PASSWORD "add_password"             /* link, hours: a password waits for this proof */
#define MAIL_RESET_PASSWORD "reset_password"         /* link, minutes */
#define MAIL_INVITE "invite"                         /* link, days, service: to set a first password */
#define MAIL_PASSWORD_CHANGED "password_changed"     /* link: to forgot-password, if it wasn't you */
#define MAIL_CONFIRM_OLD_EMAIL "confirm_old_email"   /* link, hours, new_email */
#define MAIL_CONFIRM_NEW_EMAIL "confirm_new_email"   /* link, hours, new_email */
#define MAIL_EMAIL_CHANGED "email_changed"           /* new_email: to the old address */
#define MAIL_UNLOCK "unlock"                         /* link, hours, minutes that the lock lasts */
#define MAIL_CONNECTION_ADDED "connection_added"     /* provider, link: to the account's connections */
#define MAIL_CONNECTION_REMOVED "connection_removed" /* provider, link: likewise */
#define MAIL_ACCOUNT_DELETED "account_deleted"
#define MAIL_ACCESS_REQUESTED "access_requested" /* application, person, link: to administrators */
#define MAIL_ACCESS_GRANTED "access_granted"     /* application */
#define MAIL_ACCESS_REFUSED "access_refused"     /* application */
#define MAIL_TEST "test"                         /* doorward mail test */

struct mail {
    const char *template; /* MAIL_… */
    const char *email, *email_key;
    const char *name;                /* whom it greets; NULL: nobody by name */
    const unsigned char *service_id; /* whose branding; NULL: the installation's */
    const char *service_name;        /* or NULL */
    const char *languages;           /* NULL: context->languages */
    const char *link;                /* path and query of ours ("/reset-password?token=…"), or NULL */
    const char *pin;                 /* or NULL */
    const char *new_email;           /* or NULL */
    const char *application;         /* a client's name, or NULL */
    const char *provider;            /* a provider's name as people know it, or NULL */
    const char *person;              /* address of somebody else whom it is about, or NULL */
    int64_t lasts_s; /* how long link or PIN last: minutes, hours and days, and when the mail is useless */
    bool for_nobody; /* nobody has the address: written all the same, never sent */
    bool of_another; /* caused by somebody else: it doesn't tell the reader from where */
};

/* Whether this installation sends mail at all; what needs one isn't offered otherwise. */
bool mail_is_possible(const struct context *context);

/*
 * Makes the row of a mail: seals its variables, which are those of struct mail and of the request: address,
 * browser ("Firefox"), system ("Windows") and time, so that the reader can tell whether it was them. Past the
 * recipient's hourly limit (mail_limit_per_recipient) the row is one that is never sent, so that callers
 * can't be told apart by it; so it is for for_nobody. UNAVAILABLE when the database is away.
 */
enum outcome mail_prepare(struct context *context, const struct mail *mail, struct outbox_row *row_out);

/* What the courier makes of a row's sealed variables; NULL when they can't be opened any more. */
const struct json *mail_variables(const struct keyfile *keyfile, struct arena *arena,
                                  const struct outbox_row *row);

/* Tells the courier of this machine, once the transaction is committed. */
void mail_wake(struct context *context);

#endif
