/*
 * passwords.h: what a password must be, and hashing it within the machine's limit. No composition rules:
 * 8 to 1024 bytes' worth of characters in NFC, not among the common ones, not what the person or the
 * site is called (NIST SP 800-63B §5.1.1.2).
 */
#ifndef DOORWARD_DOMAIN_LOGIN_PASSWORDS_H
#define DOORWARD_DOMAIN_LOGIN_PASSWORDS_H

#include "domain/context.h"
#include "store/users.h"

/* Why a new password isn't taken: each has a text problem_password_… on the pages. */
enum password_problem {
    PASSWORD_FINE,
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_LONG,
    PASSWORD_NOT_TEXT,
    PASSWORD_COMMON,  /* on the blocklist, or one character or sequence over and over */
    PASSWORD_PERSONAL /* the person's address or name, or the site's host, and little more */
};

struct password_owner {
    const char *email, *name; /* either may be NULL */
};

/* Checks a new password; *prepared_out is its NFC form. */
enum password_problem password_judge(struct context *context, const char *password,
                                     const struct password_owner *owner, const char **prepared_out);

/* In English, for logs and the API. */
const char *password_problem_words(enum password_problem problem);

/* A new hash of a password that was judged fine. UNAVAILABLE when the machine is busy hashing. */
enum outcome password_hash_new(struct context *context, const char *prepared, const char **hash_out);

/* A guess at the password of an account. */
struct password_guess {
    const struct user_row *user; /* NULL: nobody has the address */
    bool is_admin;               /* user is made of an admin: counted apart from people's */
    const char *email_key;       /* whose guesses are counted */
    const char *password;        /* as typed */
    const char *known_browser;   /* browser cookie of one where the account is known: its guesses
                                    are counted apart (device.h); else NULL */
    bool right;                  /* out: it is the password, and the user is active */
    bool locked_now;             /* out: it was wrong, and the last one: mail the unlock link */
};

/*
 * Counts the guess, then checks it, both within the machine's limit on hashing; the same work when there is
 * no such user or no password. A right one forgets the wrong ones and upgrades an outdated hash.
 * TOO_MANY_REQUESTS with retry_after_s, UNAVAILABLE when the machine is busy hashing; then nothing was
 * counted.
 */
enum outcome password_try(struct context *context, struct password_guess *guess);

/* Forgets the guesses at an account, on every machine: the lock is off. */
enum outcome password_unlock(struct context *context, const char *email_key);
enum outcome password_unlock_admin(struct context *context, const char *email_key);

#endif
