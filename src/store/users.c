/* users.c: see users.h. */
#include "store/users.h"

#include "store/pattern.h"

enum {
    ADD,
    FIND,
    FIND_BY_EMAIL_KEY,
    LOCK,
    LIST,
    COUNT,
    CHANGE_NAME,
    CHANGE_PASSWORD,
    ADD_PASSWORD,
    UPGRADE_HASH,
    VERIFY_EMAIL,
    CHANGE_EMAIL,
    SET_STATUS,
    NOTE_SIGN_IN,
    REMOVE
};

#define ROW(member) offsetof(struct user_row, member)

#define USER_COLUMNS                                                                                         \
    { COLUMN_ID, ROW(id) }, { COLUMN_TEXT, ROW(email) }, { COLUMN_TEXT, ROW(email_key) },                    \
        { COLUMN_BOOLEAN, ROW(email_verified) }, { COLUMN_TEXT, ROW(name) }, { COLUMN_TEXT, ROW(claims) },   \
        { COLUMN_TEXT, ROW(password_hash) }, { COLUMN_TEXT, ROW(status) },                                   \
        { COLUMN_INTEGER, ROW(tokens_after) }, { COLUMN_INTEGER, ROW(created_at) },                          \
        { COLUMN_INTEGER, ROW(updated_at) }, { COLUMN_BOOLEAN, ROW(self_registered) },                       \
        { COLUMN_TEXT, ROW(languages) }, { COLUMN_INTEGER, ROW(sign_ins) },                                  \
    {                                                                                                        \
        COLUMN_INTEGER, ROW(last_sign_in_at)                                                                 \
    }

static const struct column user_columns[] = { USER_COLUMNS };
static const struct column found_columns[] = { USER_COLUMNS, { COLUMN_BOOLEAN, ROW(has_connection) } };
static const struct column count_column[] = { { COLUMN_INTEGER, 0 } };

#define COLUMN_NAMES                                                                                         \
    "id, email, email_key, email_verified, name, claims, password_hash, status, tokens_after,"               \
    " created_at, updated_at, self_registered, languages, sign_ins, last_sign_in_at"
#define SELECT_USERS "SELECT " COLUMN_NAMES " FROM users"
#define THAT_MATCH " WHERE email_key LIKE ? OR name COLLATE utf8mb4_general_ci LIKE ?"

static const struct statement statements[] = {
    [ADD] = { .name = "users.add",
              .sql = "INSERT INTO users (id, email, email_key, email_verified, name, claims, password_hash,"
                     " created_at, updated_at, self_registered, languages)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bttitttiiit" },
    [FIND] = { .name = "users.find",
               .sql = SELECT_USERS " WHERE id = ?",
               .parameters = "b",
               COLUMNS(user_columns),
               .retry = true },
    [FIND_BY_EMAIL_KEY] = { .name = "users.find_by_email_key",
                            .sql =
                                "SELECT " COLUMN_NAMES ", EXISTS (SELECT 1 FROM connections"
                                " WHERE user_id = users.id AND sign_in = 1) FROM users WHERE email_key = ?",
                            .parameters = "t",
                            COLUMNS(found_columns),
                            .retry = true },
    [LOCK] = { .name = "users.lock",
               .sql = SELECT_USERS " WHERE id = ? FOR UPDATE",
               .parameters = "b",
               COLUMNS(user_columns) },
    [LIST] = { .name = "users.list",
               .sql = SELECT_USERS THAT_MATCH " ORDER BY email_key LIMIT ? OFFSET ?",
               .parameters = "ttii",
               COLUMNS(user_columns),
               .retry = true },
    [COUNT] = { .name = "users.count",
                .sql = "SELECT COUNT(*) FROM users" THAT_MATCH,
                .parameters = "tt",
                COLUMNS(count_column),
                .retry = true },
    [CHANGE_NAME] = { .name = "users.change_name",
                      .sql = "UPDATE users SET name = ?, updated_at = ? WHERE id = ?",
                      .parameters = "tib",
                      .retry = true },
    [CHANGE_PASSWORD] = { .name = "users.change_password",
                          .sql = "UPDATE users SET password_hash = ?, tokens_after = ?, updated_at = ?"
                                 " WHERE id = ?",
                          .parameters = "tiib",
                          .retry = true },
    [ADD_PASSWORD] = { .name = "users.add_password",
                       .sql = "UPDATE users SET password_hash = ?, updated_at = ?"
                              " WHERE id = ? AND password_hash IS NULL",
                       .parameters = "tib" },
    [UPGRADE_HASH] = { .name = "users.upgrade_hash",
                       .sql = "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?",
                       .parameters = "tbt" },
    [VERIFY_EMAIL] = { .name = "users.verify_email",
                       .sql = "UPDATE users SET email_verified = 1, updated_at = ?"
                              " WHERE id = ? AND email_key = ?",
                       .parameters = "ibt",
                       .retry = true },
    [CHANGE_EMAIL] = { .name = "users.change_email",
                       .sql = "UPDATE users SET email = ?, email_key = ?, email_verified = 1, updated_at = ?"
                              " WHERE id = ?",
                       .parameters = "ttib" },
    [SET_STATUS] = { .name = "users.set_status",
                     .sql = "UPDATE users SET status = ?, updated_at = ? WHERE id = ?",
                     .parameters = "tib",
                     .retry = true },
    [NOTE_SIGN_IN] = { .name = "users.note_sign_in",
                       .sql = "UPDATE users SET sign_ins = sign_ins + 1, last_sign_in_at = ?, languages = ?"
                              " WHERE id = ?",
                       .parameters = "itb" },
    [REMOVE] = { .name = "users.remove", .sql = "DELETE FROM users WHERE id = ?", .parameters = "b" },
};

const struct statement_table users_statements = STATEMENT_TABLE(statements);

enum store_result users_add(struct db *db, const struct user_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_text(row->email), sql_text(row->email_key),
                         sql_integer(row->email_verified), sql_text(row->name), sql_text(row->claims),
                         sql_text(row->password_hash), sql_integer(row->created_at),
                         sql_integer(row->updated_at), sql_integer(row->self_registered),
                         sql_text(row->languages == NULL ? "" : row->languages)),
                  NULL);
}

enum store_result users_find(struct db *db, struct arena *arena, const unsigned char id[16],
                             struct user_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id)), row_out);
}

enum store_result users_find_by_email_key(struct db *db, struct arena *arena, const char *email_key,
                                          struct user_row *row_out)
{
    return db_find(db, arena, &statements[FIND_BY_EMAIL_KEY], VALUES(sql_text(email_key)), row_out);
}

enum store_result users_lock(struct db *db, struct arena *arena, const unsigned char id[16],
                             struct user_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_id(id)), row_out);
}

enum store_result users_list(struct db *db, struct arena *arena, const struct page *page,
                             struct user_row **rows_out, size_t *count_out)
{
    const char *pattern = pattern_containing(arena, page->search);
    return db_list(
        db, arena, &statements[LIST],
        VALUES(sql_text(pattern), sql_text(pattern), sql_integer(page->limit), sql_integer(page->offset)),
        sizeof(**rows_out), (void **)rows_out, count_out);
}

enum store_result users_count(struct db *db, struct arena *arena, const char *search, int64_t *count_out)
{
    const char *pattern = pattern_containing(arena, search);
    return db_find(db, arena, &statements[COUNT], VALUES(sql_text(pattern), sql_text(pattern)), count_out);
}

enum store_result users_change_name(struct db *db, const unsigned char id[16], const char *name, int64_t now)
{
    return db_run_one(db, &statements[CHANGE_NAME], VALUES(sql_text(name), sql_integer(now), sql_id(id)));
}

enum store_result users_change_password(struct db *db, const unsigned char id[16], const char *password_hash,
                                        int64_t now)
{
    return db_run_one(db, &statements[CHANGE_PASSWORD],
                      VALUES(sql_text(password_hash), sql_integer(now), sql_integer(now), sql_id(id)));
}

enum store_result users_add_password(struct db *db, const unsigned char id[16], const char *password_hash,
                                     int64_t now)
{
    return db_run_one(db, &statements[ADD_PASSWORD],
                      VALUES(sql_text(password_hash), sql_integer(now), sql_id(id)));
}

enum store_result users_upgrade_hash(struct db *db, const unsigned char id[16], const char *old_hash,
                                     const char *new_hash)
{
    return db_run_one(db, &statements[UPGRADE_HASH],
                      VALUES(sql_text(new_hash), sql_id(id), sql_text(old_hash)));
}

enum store_result users_set_status(struct db *db, const unsigned char id[16], const char *status, int64_t now)
{
    return db_run_one(db, &statements[SET_STATUS], VALUES(sql_text(status), sql_integer(now), sql_id(id)));
}

enum store_result users_note_sign_in(struct db *db, const unsigned char id[16], const char *languages,
                                     int64_t now)
{
    return db_run_one(db, &statements[NOTE_SIGN_IN],
                      VALUES(sql_integer(now), sql_text(languages), sql_id(id)));
}

enum store_result users_verify_email(struct db *db, const unsigned char id[16], const char *email_key,
                                     int64_t now)
{
    return db_run_one(db, &statements[VERIFY_EMAIL],
                      VALUES(sql_integer(now), sql_id(id), sql_text(email_key)));
}

enum store_result users_change_email(struct db *db, const unsigned char id[16], const char *email,
                                     const char *email_key, int64_t now)
{
    return db_run_one(db, &statements[CHANGE_EMAIL],
                      VALUES(sql_text(email), sql_text(email_key), sql_integer(now), sql_id(id)));
}

enum store_result users_remove(struct db *db, const unsigned char id[16])
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_id(id)));
}
