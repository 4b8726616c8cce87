/*
 * challenges.c: see challenges.h. A new one is added before those that it replaces are removed: a DELETE
 * that comes first locks the gap that the neighbour's INSERT waits for, and the other way round.
 */
#include "store/challenges.h"

enum { ADD, REPLACE_USER, REPLACE_BROWSER, FIND, FIND_PIN, FIND_PIN_OF, TAKE_TRY, USE, END_OF_USER };

#define ROW(member) offsetof(struct challenge_row, member)

static const struct column challenge_columns[] = {
    { COLUMN_ID, ROW(id) },        { COLUMN_TEXT, ROW(kind) },          { COLUMN_ID, ROW(user_id) },
    { COLUMN_TEXT, ROW(email) },   { COLUMN_TEXT, ROW(email_key) },     { COLUMN_HASH, ROW(secret_hash) },
    { COLUMN_HASH, ROW(pin_mac) }, { COLUMN_HASH, ROW(browser_hash) },  { COLUMN_INTEGER, ROW(tries_left) },
    { COLUMN_TEXT, ROW(data) },    { COLUMN_INTEGER, ROW(created_at) }, { COLUMN_INTEGER, ROW(expires_at) },
};

#define SELECT_CHALLENGES                                                                                    \
    "SELECT id, kind, user_id, email, email_key, secret_hash, pin_mac, browser_hash, tries_left, data,"      \
    " created_at, expires_at FROM challenges"
#define THAT_BROWSER_BEGAN " WHERE browser_hash = ? AND kind = ? AND expires_at > ?"
#define NEWEST " ORDER BY created_at DESC, id DESC LIMIT 1"

static const struct statement statements[] = {
    [ADD] = { .name = "challenges.add",
              .sql = "INSERT INTO challenges (id, kind, user_id, email, email_key, secret_hash, pin_mac,"
                     " browser_hash, tries_left, data, created_at, expires_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "btbttbbbitii" },
    [REPLACE_USER] = { .name = "challenges.replace_user",
                       .sql = "DELETE FROM challenges WHERE user_id = ? AND kind = ? AND id <> ?",
                       .parameters = "btb" },
    [REPLACE_BROWSER] = { .name = "challenges.replace_browser",
                          .sql = "DELETE FROM challenges WHERE browser_hash = ? AND kind = ?"
                                 " AND email_key = ? AND id <> ?",
                          .parameters = "bttb" },
    [FIND] = { .name = "challenges.find",
               .sql = SELECT_CHALLENGES " WHERE id = ? AND kind = ?",
               .parameters = "bt",
               COLUMNS(challenge_columns),
               .retry = true },
    [FIND_PIN] = { .name = "challenges.find_pin",
                   .sql = SELECT_CHALLENGES THAT_BROWSER_BEGAN NEWEST,
                   .parameters = "bti",
                   COLUMNS(challenge_columns),
                   .retry = true },
    [FIND_PIN_OF] = { .name = "challenges.find_pin_of",
                      .sql = SELECT_CHALLENGES THAT_BROWSER_BEGAN " AND email_key = ?" NEWEST,
                      .parameters = "btit",
                      COLUMNS(challenge_columns),
                      .retry = true },
    [TAKE_TRY] = { .name = "challenges.take_try",
                   .sql = "UPDATE challenges SET tries_left = tries_left - 1"
                          " WHERE id = ? AND tries_left > 0 AND expires_at > ?",
                   .parameters = "bi" },
    [USE] = { .name = "challenges.use",
              .sql = "DELETE FROM challenges WHERE id = ? AND kind = ?",
              .parameters = "bt" },
    [END_OF_USER] = { .name = "challenges.end_of_user",
                      .sql = "DELETE FROM challenges WHERE user_id = ?",
                      .parameters = "b" },
};

const struct statement_table challenges_statements = STATEMENT_TABLE(statements);

/* Binds NULL for nobody, so that the same statements run for every address. */
static struct value user_of(const struct challenge_row *row)
{
    static const unsigned char nobody[16];
    return memcmp(row->user_id, nobody, sizeof(nobody)) == 0 ? sql_bytes(NULL, 0) : sql_id(row->user_id);
}

enum store_result challenges_add(struct db *db, const struct challenge_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_text(row->kind), user_of(row), sql_text(row->email),
                         sql_text(row->email_key), sql_hash(row->secret_hash), sql_hash(row->pin_mac),
                         sql_hash(row->browser_hash), sql_integer(row->tries_left), sql_text(row->data),
                         sql_integer(row->created_at), sql_integer(row->expires_at)),
                  NULL);
}

enum store_result challenges_replace_user(struct db *db, const struct challenge_row *row)
{
    return db_run(db, &statements[REPLACE_USER], VALUES(user_of(row), sql_text(row->kind), sql_id(row->id)),
                  NULL);
}

enum store_result challenges_replace_browser(struct db *db, const struct challenge_row *row)
{
    return db_run(
        db, &statements[REPLACE_BROWSER],
        VALUES(sql_hash(row->browser_hash), sql_text(row->kind), sql_text(row->email_key), sql_id(row->id)),
        NULL);
}

enum store_result challenges_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                  const char *kind, struct challenge_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id), sql_text(kind)), row_out);
}

enum store_result challenges_find_pin(struct db *db, struct arena *arena, const char *kind,
                                      const unsigned char browser_hash[32], const char *email_key,
                                      int64_t now, struct challenge_row *row_out)
{
    const struct value values[] = { sql_hash(browser_hash), sql_text(kind), sql_integer(now),
                                    sql_text(email_key) };
    return db_find(db, arena, &statements[email_key == NULL ? FIND_PIN : FIND_PIN_OF], values, row_out);
}

enum store_result challenges_take_try(struct db *db, const unsigned char id[16], int64_t now)
{
    return db_run_one(db, &statements[TAKE_TRY], VALUES(sql_id(id), sql_integer(now)));
}

enum store_result challenges_use(struct db *db, const unsigned char id[16], const char *kind)
{
    return db_run_one(db, &statements[USE], VALUES(sql_id(id), sql_text(kind)));
}

enum store_result challenges_end_of_user(struct db *db, const unsigned char user_id[16])
{
    return db_run(db, &statements[END_OF_USER], VALUES(sql_id(user_id)), NULL);
}
