/*
 * link_mail.h: mails of account rules as rows that are written with what they speak of: a one-time link
 * with its mail, or a notice. Made before the transaction, added inside it.
 */
#ifndef DOORWARD_DOMAIN_ACCOUNT_LINK_MAIL_H
#define DOORWARD_DOMAIN_ACCOUNT_LINK_MAIL_H

#include "domain/login/session.h"
#include "domain/login/sign_in.h"
#include "domain/mail/mail.h"
#include "store/challenges.h"
#include "store/users.h"

struct link_mail {
    enum challenge_kind kind;          /* one with a link; its mail and page go with it */
    const struct user_row *user;       /* whose account it is about; NULL: nobody's */
    const char *email, *email_key;     /* where it goes */
    const char *new_email;             /* or NULL */
    const struct sign_in_place *place; /* NULL: none; its flow and return_to travel along */
    const char *languages;             /* without a place; NULL: the request's */
    const unsigned char *service_id;   /* without a place: whose branding; NULL: the installation's */
    const char *service_name;          /* which service it speaks of; NULL: of none */
    struct json *data;                 /* NULL: nothing but the place's */
    bool for_nobody;                   /* the mail isn't to be sent: the same rows are written */
};

struct link_mail_rows {
    struct challenge_row challenge;
    struct outbox_row mail;
};

/* FORBIDDEN where no mail is sent at all; UNAVAILABLE. A link that is never sent, for nobody or past the
 * recipient's limit, leaves the older ones as they are. */
enum outcome link_mail_prepare(struct context *context, const struct link_mail *wanted,
                               struct link_mail_rows *rows_out);

/* Inside a transaction. */
enum store_result link_mail_add(struct db *db, const struct link_mail_rows *rows) MUST_CHECK;

/* Both rows and nothing else, in a transaction of their own; wakes the courier. UNAUTHENTICATED when the
 * account has been removed meanwhile. */
enum outcome link_mail_store(struct context *context, const struct link_mail_rows *rows);

/* Makes them and stores them. An account that has been removed meanwhile is nobody's: OK. */
enum outcome link_mail_send(struct context *context, const struct link_mail *wanted);

/* A mail without a one-time link. */
struct notice {
    bool wanted; /* false where no mail is sent */
    struct outbox_row row;
};

/* link and new_email may be NULL. UNAVAILABLE. */
enum outcome notice_prepare(struct context *context, const char *template, const struct user_row *user,
                            const char *link, const char *new_email, struct notice *notice_out);
/* The same for a connected account; provider: as people know it. */
enum outcome notice_prepare_connection(struct context *context, const char *template,
                                       const struct user_row *user, const char *provider,
                                       struct notice *notice_out);
enum store_result notice_add(struct db *db, const struct notice *notice) MUST_CHECK;

/* Tells the courier, once the transaction is committed. */
void notice_wake(struct context *context, const struct notice *notice);

#endif
