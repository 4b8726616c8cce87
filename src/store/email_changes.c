/* email_changes.c: see email_changes.h. */
#include "store/email_changes.h"

enum { PUT, FIND, CONFIRM_OLD, CONFIRM_NEW, REMOVE };

#define ROW(member) offsetof(struct email_change_row, member)

static const struct column change_columns[] = {
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_ID, ROW(id) },
    { COLUMN_TEXT, ROW(email) },
    { COLUMN_TEXT, ROW(email_key) },
    { COLUMN_INTEGER, ROW(old_confirmed_at) },
    { COLUMN_INTEGER, ROW(new_confirmed_at) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(expires_at) },
};

#define CONFIRM(side) "UPDATE email_changes SET " side " = ? WHERE user_id = ? AND id = ? AND expires_at > ?"

static const struct statement statements[] = {
    [PUT] = { .name = "email_changes.put",
              .sql = "INSERT INTO email_changes (user_id, id, email, email_key, old_confirmed_at,"
                     " new_confirmed_at, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                     " ON DUPLICATE KEY UPDATE id = VALUES(id), email = VALUES(email),"
                     " email_key = VALUES(email_key), old_confirmed_at = VALUES(old_confirmed_at),"
                     " new_confirmed_at = VALUES(new_confirmed_at), created_at = VALUES(created_at),"
                     " expires_at = VALUES(expires_at)",
              .parameters = "bbttiiii" },
    [FIND] = { .name = "email_changes.find",
               .sql = "SELECT user_id, id, email, email_key, old_confirmed_at, new_confirmed_at, created_at,"
                      " expires_at FROM email_changes WHERE user_id = ?",
               .parameters = "b",
               COLUMNS(change_columns),
               .retry = true },
    [CONFIRM_OLD] = { .name = "email_changes.confirm_old",
                      .sql = CONFIRM("old_confirmed_at"),
                      .parameters = "ibbi" },
    [CONFIRM_NEW] = { .name = "email_changes.confirm_new",
                      .sql = CONFIRM("new_confirmed_at"),
                      .parameters = "ibbi" },
    [REMOVE] = { .name = "email_changes.remove",
                 .sql = "DELETE FROM email_changes WHERE user_id = ?",
                 .parameters = "b",
                 .retry = true },
};

const struct statement_table email_changes_statements = STATEMENT_TABLE(statements);

enum store_result email_changes_put(struct db *db, const struct email_change_row *row)
{
    return db_run(db, &statements[PUT],
                  VALUES(sql_id(row->user_id), sql_id(row->id), sql_text(row->email),
                         sql_text(row->email_key), sql_integer(row->old_confirmed_at),
                         sql_integer(row->new_confirmed_at), sql_integer(row->created_at),
                         sql_integer(row->expires_at)),
                  NULL);
}

enum store_result email_changes_find(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                     struct email_change_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(user_id)), row_out);
}

enum store_result email_changes_confirm(struct db *db, const struct email_change_row *row,
                                        enum email_side side, int64_t now)
{
    return db_run_one(db, &statements[side == EMAIL_SIDE_OLD ? CONFIRM_OLD : CONFIRM_NEW],
                      VALUES(sql_integer(now), sql_id(row->user_id), sql_id(row->id), sql_integer(now)));
}

enum store_result email_changes_remove(struct db *db, const unsigned char user_id[16])
{
    return db_run(db, &statements[REMOVE], VALUES(sql_id(user_id)), NULL);
}
