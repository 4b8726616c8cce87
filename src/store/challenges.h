/* challenges.h: one-time links and PINs. What finds one names its kind too. */
#ifndef DOORWARD_STORE_CHALLENGES_H
#define DOORWARD_STORE_CHALLENGES_H

#include "store/db.h"

extern const struct statement_table challenges_statements;

struct challenge_row {
    unsigned char id[16];
    const char *kind;
    unsigned char user_id[16]; /* zeros: nobody */
    const char *email, *email_key;
    unsigned char secret_hash[32]; /* zeros: no link */
    unsigned char pin_mac[32];     /* zeros: no PIN */
    unsigned char browser_hash[32];
    int64_t tries_left;
    const char *data; /* JSON */
    int64_t created_at, expires_at;
};

enum store_result challenges_add(struct db *db, const struct challenge_row *row) MUST_CHECK;

/* Removes the others of the row's kind: of its user, or of its browser and address. OK also when there are
 * none. */
enum store_result challenges_replace_user(struct db *db, const struct challenge_row *row) MUST_CHECK;
enum store_result challenges_replace_browser(struct db *db, const struct challenge_row *row) MUST_CHECK;

enum store_result challenges_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                  const char *kind, struct challenge_row *row_out) MUST_CHECK;

/* The newest one with a PIN that a browser has begun and that hasn't expired: of an address, or of any
 * (email_key NULL). */
enum store_result challenges_find_pin(struct db *db, struct arena *arena, const char *kind,
                                      const unsigned char browser_hash[32], const char *email_key,
                                      int64_t now, struct challenge_row *row_out) MUST_CHECK;

/* Takes one try: NOT_FOUND when none is left, or it has been used or has expired. */
enum store_result challenges_take_try(struct db *db, const unsigned char id[16], int64_t now) MUST_CHECK;

/* Removes it: NOT_FOUND for all but one caller. */
enum store_result challenges_use(struct db *db, const unsigned char id[16], const char *kind) MUST_CHECK;

/* Ends all of a user's, whatever they are for. OK also when there are none. */
enum store_result challenges_end_of_user(struct db *db, const unsigned char user_id[16]) MUST_CHECK;

#endif
