/*
 * challenge.h: one-time links and PINs: typed, short-lived, used once by one DELETE, worthless in the
 * database. A link's token is a handle of its kind (crypto/handle.h); a PIN has six digits, three tries, and
 * is bound to the browser that began it.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_CHALLENGE_H
#define DOORWARD_DOMAIN_LOGIN_CHALLENGE_H

#include "core/json.h"
#include "domain/context.h"

enum challenge_kind {
    CHALLENGE_MAGIC_LINK,        /* 15 min; link, and PIN for the first 10 of them */
    CHALLENGE_PIN,               /* 5 min; PIN alone, behind a password */
    CHALLENGE_VERIFY_EMAIL,      /* 24 h */
    CHALLENGE_ADD_PASSWORD,      /* 24 h; data.password_hash takes effect with it */
    CHALLENGE_RESET_PASSWORD,    /* 60 min */
    CHALLENGE_CONFIRM_OLD_EMAIL, /* 24 h */
    CHALLENGE_CONFIRM_NEW_EMAIL, /* 24 h */
    CHALLENGE_UNLOCK,            /* 24 h */
    CHALLENGE_INVITE,            /* 7 days; for a first password */
    CHALLENGE_CONNECTION,        /* 30 min; an account at a provider waits for its owner's proof */
    CHALLENGE_KINDS
};

struct challenge {
    unsigned char id[16];
    enum challenge_kind kind;
    bool has_user; /* false: nobody has the address; it exists so that nobody can tell */
    unsigned char user_id[16];
    const char *email, *email_key;
    const struct json *data; /* an object; what the one who began it kept: flow, return_to, … */
    int64_t created_at, expires_at;

    /* only of one that was just made */
    const char *token; /* for the link */
    const char *pin;   /* six digits, NULL: none */
};

struct new_challenge {
    enum challenge_kind kind;
    const unsigned char *user_id; /* NULL: nobody */
    const char *email, *email_key;
    const char *browser; /* the browser cookie; NULL: any browser (never with a PIN) */
    struct json *data;   /* NULL: an empty object */
};

/* Makes secrets and row in memory; challenge_store() writes it inside a transaction, in place of older
 * ones of its kind for the same user or, with a PIN, for the same browser and address. */
struct challenge_row; /* store/challenges.h */
void challenge_make(struct context *context, const struct new_challenge *wanted,
                    struct challenge *challenge_out, struct challenge_row *row_out);
enum store_result challenge_store(struct db *db, const struct challenge_row *row) MUST_CHECK;

/* Seconds that a kind lasts; and that its PIN does, which is easier to guess and so ends earlier. */
int64_t challenge_lasts_s(enum challenge_kind kind);
int64_t challenge_pin_lasts_s(enum challenge_kind kind);

/* The word by which rows have it. */
const char *challenge_kind_name(enum challenge_kind kind);

/* Looks, without using it: for the page that asks for the button. FLOW_ENDED when the token is forged,
 * of another kind, used or expired: never told apart. */
enum outcome challenge_look(struct context *context, enum challenge_kind kind, const char *token,
                            struct challenge *challenge_out);

/* Uses it up inside a transaction: STORE_OK for one caller, NOT_FOUND for all others. */
enum store_result challenge_use(struct db *db, const struct challenge *challenge) MUST_CHECK;

/*
 * Tries a PIN for the challenge of this kind that this browser began for an address. The try is counted
 * first. OK: it's right, and the challenge is used up. WRONG_PIN, PIN_SPENT (no tries left), or
 * PIN_NOT_FOUND (none begun here, expired, used).
 */
enum outcome challenge_try_pin(struct context *context, enum challenge_kind kind, const char *browser,
                               const char *email_key, const char *pin, struct challenge *challenge_out);

/* The living challenge with a PIN of this browser, newest first, for the page that asks for it;
 * PIN_NOT_FOUND when there is none. */
enum outcome challenge_of_browser(struct context *context, enum challenge_kind kind, const char *browser,
                                  struct challenge *challenge_out);

#endif
