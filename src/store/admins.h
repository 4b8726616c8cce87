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
};

enum store_result admins_add(struct db *db, const struct admin_row *row) MUST_CHECK;
enum store_result admins_find_by_email_key(struct db *db, struct arena *arena, const char *email_key,
                                           struct admin_row *row_out) MUST_CHECK;
enum store_result admins_list(struct db *db, struct arena *arena, const struct page *page,
                              struct admin_row **rows_out, size_t *count_out) MUST_CHECK;
enum store_result admins_set_status(struct db *db, const unsigned char id[16], const char *status,
                                    int64_t now) MUST_CHECK;
enum store_result admins_change_password(struct db *db, const unsigned char id[16], const char *password_hash,
                                         int64_t now) MUST_CHECK;

#endif
