/* users.h: people's accounts. */
#ifndef DOORWARD_STORE_USERS_H
#define DOORWARD_STORE_USERS_H

#include "store/db.h"

extern const struct statement_table users_statements;

struct user_row {
    unsigned char id[16];
    const char *email, *email_key; /* email_key: the canonical form, unique */
    bool email_verified;
    const char *name;
    const char *claims;        /* JSON; NULL: none */
    const char *password_hash; /* NULL: none */
    const char *status;        /* "active" or "disabled" */
    int64_t tokens_after, created_at, updated_at;
    bool self_registered;  /* made by the person, not by an administrator */
    const char *languages; /* of the browser that was last used, as Accept-Language has them; NULL: "" */
    int64_t sign_ins, last_sign_in_at;
    bool has_connection; /* only by users_find_by_email_key(): signs in by a provider */
};

/* CONFLICT when the address is taken. A new user is active: status, tokens_after and sign-ins are not read.
 */
enum store_result users_add(struct db *db, const struct user_row *row) MUST_CHECK;
enum store_result users_find(struct db *db, struct arena *arena, const unsigned char id[16],
                             struct user_row *row_out) MUST_CHECK;
enum store_result users_find_by_email_key(struct db *db, struct arena *arena, const char *email_key,
                                          struct user_row *row_out) MUST_CHECK;

/* Inside a transaction: reads the row and keeps others from changing it until the end. */
enum store_result users_lock(struct db *db, struct arena *arena, const unsigned char id[16],
                             struct user_row *row_out) MUST_CHECK;

/* Users whose address or name holds search (NULL: all), by address. */
enum store_result users_list(struct db *db, struct arena *arena, const struct page *page,
                             struct user_row **rows_out, size_t *count_out) MUST_CHECK;
enum store_result users_count(struct db *db, struct arena *arena, const char *search,
                              int64_t *count_out) MUST_CHECK;

enum store_result users_change_name(struct db *db, const unsigned char id[16], const char *name,
                                    int64_t now) MUST_CHECK;

/* A new password: what was authorized before now is dead. NOT_FOUND for an unknown id. */
enum store_result users_change_password(struct db *db, const unsigned char id[16], const char *password_hash,
                                        int64_t now) MUST_CHECK;

/* A first password; nothing ends by it. NOT_FOUND when the account has one by now. */
enum store_result users_add_password(struct db *db, const unsigned char id[16], const char *password_hash,
                                     int64_t now) MUST_CHECK;

/* The same password hashed anew: only while the row still holds old_hash (NOT_FOUND else). */
enum store_result users_upgrade_hash(struct db *db, const unsigned char id[16], const char *old_hash,
                                     const char *new_hash) MUST_CHECK;

/* The address has been proven; NOT_FOUND when the account has another by now. */
enum store_result users_verify_email(struct db *db, const unsigned char id[16], const char *email_key,
                                     int64_t now) MUST_CHECK;

/* Another address, which has been proven. CONFLICT when it's somebody else's. */
enum store_result users_change_email(struct db *db, const unsigned char id[16], const char *email,
                                     const char *email_key, int64_t now) MUST_CHECK;

enum store_result users_set_status(struct db *db, const unsigned char id[16], const char *status,
                                   int64_t now) MUST_CHECK;

/* Counts a sign-in, and keeps its languages. */
enum store_result users_note_sign_in(struct db *db, const unsigned char id[16], const char *languages,
                                     int64_t now) MUST_CHECK;

/* Removes the account with all rows that are its: sessions, grants, authorizations, memberships, links,
 * connected accounts. NOT_FOUND when it's gone. */
enum store_result users_remove(struct db *db, const unsigned char id[16]) MUST_CHECK;

#endif
