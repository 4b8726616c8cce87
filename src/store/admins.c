/* admins.c: see admins.h. */
#include "store/admins.h"

#include "store/pattern.h"

enum {
    ADD,
    FIND,
    FIND_BY_EMAIL_KEY,
    LIST,
    SET_STATUS,
    CHANGE_PASSWORD,
    UPGRADE_HASH,
    ENROL,
    USE_STEP,
    USE_RECOVERY,
    RESET_SECOND_STEP
};

#define ROW(member) offsetof(struct admin_row, member)

static const struct column admin_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_TEXT, ROW(email) },
    { COLUMN_TEXT, ROW(email_key) },
    { COLUMN_TEXT, ROW(name) },
    { COLUMN_TEXT, ROW(password_hash) },
    { COLUMN_TEXT, ROW(status) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(updated_at) },
    { COLUMN_BYTES, ROW(totp_sealed) },
    { COLUMN_INTEGER, ROW(totp_step) },
    { COLUMN_TEXT, ROW(recovery_hashes) },
};

#define SELECT_ADMINS                                                                                        \
    "SELECT id, email, email_key, name, password_hash, status, created_at, updated_at, totp_sealed,"         \
    " totp_step, recovery_hashes FROM admins"

static const struct statement statements[] = {
    [ADD] = { .name = "admins.add",
              .sql = "INSERT INTO admins (id, email, email_key, name, password_hash, created_at, updated_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bttttii" },
    [FIND] = { .name = "admins.find",
               .sql = SELECT_ADMINS " WHERE id = ?",
               .parameters = "b",
               COLUMNS(admin_columns),
               .retry = true },
    [FIND_BY_EMAIL_KEY] = { .name = "admins.find_by_email_key",
                            .sql = SELECT_ADMINS " WHERE email_key = ?",
                            .parameters = "t",
                            COLUMNS(admin_columns),
                            .retry = true },
    [LIST] = { .name = "admins.list",
               .sql = SELECT_ADMINS " WHERE email_key LIKE ? OR name COLLATE utf8mb4_general_ci LIKE ?"
                                    " ORDER BY email_key LIMIT ? OFFSET ?",
               .parameters = "ttii",
               COLUMNS(admin_columns),
               .retry = true },
    [SET_STATUS] = { .name = "admins.set_status",
                     .sql = "UPDATE admins SET status = ?, updated_at = ? WHERE id = ?",
                     .parameters = "tib",
                     .retry = true },
    [CHANGE_PASSWORD] = { .name = "admins.change_password",
                          .sql = "UPDATE admins SET password_hash = ?, updated_at = ? WHERE id = ?",
                          .parameters = "tib",
                          .retry = true },
    [UPGRADE_HASH] = { .name = "admins.upgrade_hash",
                       .sql = "UPDATE admins SET password_hash = ? WHERE id = ? AND password_hash = ?",
                       .parameters = "tbt" },
    [ENROL] = { .name = "admins.enrol",
                .sql = "UPDATE admins SET totp_sealed = ?, totp_step = ?, recovery_hashes = ?,"
                       " updated_at = ? WHERE id = ? AND totp_sealed IS NULL",
                .parameters = "bitib" },
    [USE_STEP] = { .name = "admins.use_step",
                   .sql = "UPDATE admins SET totp_step = ? WHERE id = ? AND totp_step < ?",
                   .parameters = "ibi" },
    [USE_RECOVERY] = { .name = "admins.use_recovery",
                       .sql = "UPDATE admins SET recovery_hashes = ? WHERE id = ? AND recovery_hashes = ?",
                       .parameters = "tbt" },
    [RESET_SECOND_STEP] = { .name = "admins.reset_second_step",
                            .sql = "UPDATE admins SET totp_sealed = NULL, totp_step = 0,"
                                   " recovery_hashes = NULL, updated_at = ? WHERE id = ?",
                            .parameters = "ib",
                            .retry = true },
};

const struct statement_table admins_statements = STATEMENT_TABLE(statements);

enum store_result admins_add(struct db *db, const struct admin_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_text(row->email), sql_text(row->email_key), sql_text(row->name),
                         sql_text(row->password_hash), sql_integer(row->created_at),
                         sql_integer(row->updated_at)),
                  NULL);
}

enum store_result admins_find(struct db *db, struct arena *arena, const unsigned char id[16],
                              struct admin_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id)), row_out);
}

enum store_result admins_find_by_email_key(struct db *db, struct arena *arena, const char *email_key,
                                           struct admin_row *row_out)
{
    return db_find(db, arena, &statements[FIND_BY_EMAIL_KEY], VALUES(sql_text(email_key)), row_out);
}

enum store_result admins_list(struct db *db, struct arena *arena, const struct page *page,
                              struct admin_row **rows_out, size_t *count_out)
{
    const char *pattern = pattern_containing(arena, page->search);
    void *rows = NULL;
    enum store_result result = db_list(
        db, arena, &statements[LIST],
        VALUES(sql_text(pattern), sql_text(pattern), sql_integer(page->limit), sql_integer(page->offset)),
        sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result admins_set_status(struct db *db, const unsigned char id[16], const char *status,
                                    int64_t now)
{
    return db_run_one(db, &statements[SET_STATUS], VALUES(sql_text(status), sql_integer(now), sql_id(id)));
}

enum store_result admins_change_password(struct db *db, const unsigned char id[16], const char *password_hash,
                                         int64_t now)
{
    return db_run_one(db, &statements[CHANGE_PASSWORD],
                      VALUES(sql_text(password_hash), sql_integer(now), sql_id(id)));
}

enum store_result admins_upgrade_hash(struct db *db, const unsigned char id[16], const char *old_hash,
                                      const char *new_hash)
{
    return db_run_one(db, &statements[UPGRADE_HASH],
                      VALUES(sql_text(new_hash), sql_id(id), sql_text(old_hash)));
}

enum store_result admins_enrol(struct db *db, const struct admin_row *row)
{
    return db_run_one(db, &statements[ENROL],
                      VALUES(sql_bytes(row->totp_sealed.data, row->totp_sealed.length),
                             sql_integer(row->totp_step), sql_text(row->recovery_hashes),
                             sql_integer(row->updated_at), sql_id(row->id)));
}

enum store_result admins_use_step(struct db *db, const unsigned char id[16], int64_t step)
{
    return db_run_one(db, &statements[USE_STEP], VALUES(sql_integer(step), sql_id(id), sql_integer(step)));
}

enum store_result admins_use_recovery(struct db *db, const unsigned char id[16], const char *old_hashes,
                                      const char *new_hashes)
{
    return db_run_one(db, &statements[USE_RECOVERY],
                      VALUES(sql_text(new_hashes), sql_id(id), sql_text(old_hashes)));
}

enum store_result admins_reset_second_step(struct db *db, const unsigned char id[16], int64_t now)
{
    return db_run_one(db, &statements[RESET_SECOND_STEP], VALUES(sql_integer(now), sql_id(id)));
}
