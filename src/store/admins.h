/* admins.h: people who may administer the installation. */
#ifndef DOORWARD_STORE_ADMINS_H
#define DOORWARD_STORE_ADMINS_H

#include "store/db.h"

extern const struct statement_table admins_statements;

struct admin_row {
    unsigned char id[16];
    const char *email, *email_key, *name, *password_hash;
    const char *status; /* "active" or "disabled" */
    int64_t created_at, updated_at;
    struct bytes totp_sealed;    /* secret of the second step; empty: not set up yet */
    int64_t totp_step;           /* the last one that was used */
    const char *recovery_hashes; /* hex SHA-256 of each code that is left, space separated */
};

enum store_result admins_add(struct db *db, const struct admin_row *row) MUST_CHECK;
enum store_result admins_find(struct db *db, struct arena *arena, const unsigned char id[16],
                              struct admin_row *row_out) MUST_CHECK;
enum store_result admins_find_by_email_key(struct db *db, struct arena *arena, const char *email_key,
                                           struct admin_row *row_out) MUST_CHECK;
enum store_result admins_list(struct db *db, struct arena *arena, const struct page *page,
                              struct admin_row **rows_out, size_t *count_out) MUST_CHECK;
enum store_result admins_set_status(struct db *db, const unsigned char id[16], const char *status,
                                    int64_t now) MUST_CHECK;
enum store_result admins_change_password(struct db *db, const unsigned char id[16], const char *password_hash,
                                         int64_t now) MUST_CHECK;

/* The same password hashed anew: only while the row still holds old_hash (NOT_FOUND else). */
enum store_result admins_upgrade_hash(struct db *db, const unsigned char id[16], const char *old_hash,
                                      const char *new_hash) MUST_CHECK;

/* Sets the second step up; NOT_FOUND when that has been done. */
enum store_result admins_enrol(struct db *db, const struct admin_row *row) MUST_CHECK;

/* Uses a step of the clock up; NOT_FOUND when it, or a later one, has been used. */
enum store_result admins_use_step(struct db *db, const unsigned char id[16], int64_t step) MUST_CHECK;

/* Takes a recovery code off; NOT_FOUND when the codes have changed since they were read. */
enum store_result admins_use_recovery(struct db *db, const unsigned char id[16], const char *old_hashes,
                                      const char *new_hashes) MUST_CHECK;

/* Back to an admin who sets it up at the next sign-in. */
enum store_result admins_reset_second_step(struct db *db, const unsigned char id[16], int64_t now) MUST_CHECK;

#endif
