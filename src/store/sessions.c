/* sessions.c: see sessions.h. */
#include "store/sessions.h"

enum { ADD, FIND, LIST, TOUCH, END, END_BY_SID, END_OTHERS, END_OF_USER };

/* As the column. Browsers inside of apps send long ones, and what is kept is shown to people. */
enum { USER_AGENT_BYTES = 300 };

#define ROW(member) offsetof(struct session_state, session.member)
#define STATE(member) offsetof(struct session_state, member)

static const struct column state_columns[] = {
    { COLUMN_HASH, ROW(id_hash) },
    { COLUMN_ID, ROW(sid) },
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(authenticated_at) },
    { COLUMN_INTEGER, ROW(seen_at) },
    { COLUMN_TEXT, ROW(method) },
    { COLUMN_TEXT, ROW(address) },
    { COLUMN_TEXT, ROW(user_agent) },
    { COLUMN_INTEGER, ROW(expires_at) },
    { COLUMN_TEXT, STATE(user_email) },
    { COLUMN_TEXT, STATE(user_name) },
    { COLUMN_TEXT, STATE(user_status) },
    { COLUMN_BOOLEAN, STATE(user_email_verified) },
    { COLUMN_INTEGER, STATE(user_tokens_after) },
};

#define MEMBER(member) offsetof(struct session_row, member)

static const struct column row_columns[] = {
    { COLUMN_HASH, MEMBER(id_hash) },
    { COLUMN_ID, MEMBER(sid) },
    { COLUMN_ID, MEMBER(user_id) },
    { COLUMN_INTEGER, MEMBER(created_at) },
    { COLUMN_INTEGER, MEMBER(authenticated_at) },
    { COLUMN_INTEGER, MEMBER(seen_at) },
    { COLUMN_TEXT, MEMBER(method) },
    { COLUMN_TEXT, MEMBER(address) },
    { COLUMN_TEXT, MEMBER(user_agent) },
    { COLUMN_INTEGER, MEMBER(expires_at) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "sessions.add",
              .sql = "INSERT INTO sessions (id_hash, sid, user_id, created_at, authenticated_at, seen_at,"
                     " method, address, user_agent, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbbiiittti" },
    [FIND] = { .name = "sessions.find",
               .sql = "SELECT s.id_hash, s.sid, s.user_id, s.created_at, s.authenticated_at, s.seen_at,"
                      " s.method, s.address, s.user_agent, s.expires_at,"
                      " u.email, u.name, u.status, u.email_verified, u.tokens_after"
                      " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id_hash = ?",
               .parameters = "b",
               COLUMNS(state_columns),
               .retry = true },
    [LIST] = { .name = "sessions.list",
               .sql = "SELECT s.id_hash, s.sid, s.user_id, s.created_at, s.authenticated_at, s.seen_at,"
                      " s.method, s.address, s.user_agent, s.expires_at"
                      " FROM sessions s JOIN users u ON u.id = s.user_id"
                      " WHERE s.user_id = ? AND s.expires_at > ? AND s.seen_at > ?"
                      " AND s.authenticated_at >= u.tokens_after ORDER BY s.seen_at DESC, s.sid LIMIT ?",
               .parameters = "biii",
               COLUMNS(row_columns),
               .retry = true },
    [TOUCH] = { .name = "sessions.touch",
                .sql = "UPDATE sessions SET seen_at = ? WHERE id_hash = ?",
                .parameters = "ib",
                .retry = true },
    [END] = { .name = "sessions.end",
              .sql = "DELETE FROM sessions WHERE id_hash = ?",
              .parameters = "b",
              .retry = true },
    [END_BY_SID] = { .name = "sessions.end_by_sid",
                     .sql = "DELETE FROM sessions WHERE sid = ? AND user_id = ?",
                     .parameters = "bb",
                     .retry = true },
    [END_OTHERS] = { .name = "sessions.end_others",
                     .sql = "DELETE FROM sessions WHERE user_id = ? AND sid <> ?",
                     .parameters = "bb",
                     .retry = true },
    [END_OF_USER] = { .name = "sessions.end_of_user",
                      .sql = "DELETE FROM sessions WHERE user_id = ?",
                      .parameters = "b",
                      .retry = true },
};

const struct statement_table sessions_statements = STATEMENT_TABLE(statements);

enum store_result sessions_add(struct db *db, const struct session_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_hash(row->id_hash), sql_id(row->sid), sql_id(row->user_id),
                         sql_integer(row->created_at), sql_integer(row->authenticated_at),
                         sql_integer(row->seen_at), sql_text(row->method), sql_text(row->address),
                         sql_text_cut(row->user_agent, USER_AGENT_BYTES), sql_integer(row->expires_at)),
                  NULL);
}

enum store_result sessions_find(struct db *db, struct arena *arena, const unsigned char id_hash[32],
                                struct session_state *state_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_hash(id_hash)), state_out);
}

enum store_result sessions_list(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                const struct session_limits *limits, struct session_row **rows_out,
                                size_t *count_out)
{
    return db_list(db, arena, &statements[LIST],
                   VALUES(sql_id(user_id), sql_integer(limits->now),
                          sql_integer(limits->now - limits->idle_s), sql_integer(limits->limit)),
                   sizeof(**rows_out), (void **)rows_out, count_out);
}

enum store_result sessions_touch(struct db *db, const unsigned char id_hash[32], int64_t now)
{
    return db_run_one(db, &statements[TOUCH], VALUES(sql_integer(now), sql_hash(id_hash)));
}

enum store_result sessions_end(struct db *db, const unsigned char id_hash[32])
{
    return db_run(db, &statements[END], VALUES(sql_hash(id_hash)), NULL);
}

enum store_result sessions_end_by_sid(struct db *db, const unsigned char user_id[16],
                                      const unsigned char sid[16])
{
    return db_run_one(db, &statements[END_BY_SID], VALUES(sql_id(sid), sql_id(user_id)));
}

enum store_result sessions_end_others(struct db *db, const unsigned char user_id[16],
                                      const unsigned char keep_sid[16])
{
    return db_run(db, &statements[END_OTHERS], VALUES(sql_id(user_id), sql_id(keep_sid)), NULL);
}

enum store_result sessions_end_of_user(struct db *db, const unsigned char user_id[16])
{
    return db_run(db, &statements[END_OF_USER], VALUES(sql_id(user_id)), NULL);
}
