/* email_changes.h: changes of address that wait to be confirmed; one a user. */
#ifndef DOORWARD_STORE_EMAIL_CHANGES_H
#define DOORWARD_STORE_EMAIL_CHANGES_H

#include "store/db.h"

extern const struct statement_table email_changes_statements;

struct email_change_row {
    unsigned char user_id[16];
    unsigned char id[16]; /* of this change: links of an earlier one do nothing for it */
    const char *email, *email_key;
    int64_t old_confirmed_at, new_confirmed_at; /* 0: not yet */
    int64_t created_at, expires_at;
};

/* Begins one, in place of what waited before. NOT_FOUND when the user is gone. */
enum store_result email_changes_put(struct db *db, const struct email_change_row *row) MUST_CHECK;

enum store_result email_changes_find(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                     struct email_change_row *row_out) MUST_CHECK;

/* Notes that one side has confirmed: NOT_FOUND when this change doesn't wait any more. */
enum email_side { EMAIL_SIDE_OLD, EMAIL_SIDE_NEW };
enum store_result email_changes_confirm(struct db *db, const struct email_change_row *row,
                                        enum email_side side, int64_t now) MUST_CHECK;

/* OK also when none waits. */
enum store_result email_changes_remove(struct db *db, const unsigned char user_id[16]) MUST_CHECK;

#endif
