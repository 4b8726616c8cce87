/* admin_sessions.c: see admin_sessions.h. */
#include "store/admin_sessions.h"

enum { FIND, TOUCH, ADD, END, END_OF_ADMIN };

/* As the column. Browsers inside of apps send long ones, and what is kept is shown to people. */
enum { USER_AGENT_BYTES = 300 };

#define STATE(member) offsetof(struct admin_session_state, member)

static const struct column state_columns[] = {
    { COLUMN_HASH, STATE(id_hash) },       { COLUMN_ID, STATE(admin_id) },
    { COLUMN_INTEGER, STATE(created_at) }, { COLUMN_INTEGER, STATE(authenticated_at) },
    { COLUMN_INTEGER, STATE(seen_at) },    { COLUMN_INTEGER, STATE(expires_at) },
    { COLUMN_TEXT, STATE(email) },         { COLUMN_TEXT, STATE(name) },
    { COLUMN_TEXT, STATE(status) },
};

static const struct statement statements[] = {
    [FIND] = { .name = "admin_sessions.find",
               .sql = "SELECT s.id_hash, s.admin_id, s.created_at, s.authenticated_at, s.seen_at,"
                      " s.expires_at, a.email, a.name, a.status"
                      " FROM admin_sessions s JOIN admins a ON a.id = s.admin_id WHERE s.id_hash = ?",
               .parameters = "b",
               COLUMNS(state_columns),
               .retry = true },
    [TOUCH] = { .name = "admin_sessions.touch",
                .sql = "UPDATE admin_sessions SET seen_at = ? WHERE id_hash = ?",
                .parameters = "ib",
                .retry = true },
    [ADD] = { .name = "admin_sessions.add",
              .sql = "INSERT INTO admin_sessions (id_hash, admin_id, created_at, authenticated_at, seen_at,"
                     " method, address, user_agent, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbiiittti" },
    [END] = { .name = "admin_sessions.end",
              .sql = "DELETE FROM admin_sessions WHERE id_hash = ?",
              .parameters = "b",
              .retry = true },
    [END_OF_ADMIN] = { .name = "admin_sessions.end_of_admin",
                       .sql = "DELETE FROM admin_sessions WHERE admin_id = ?",
                       .parameters = "b",
                       .retry = true },
};

const struct statement_table admin_sessions_statements = STATEMENT_TABLE(statements);

enum store_result admin_sessions_find(struct db *db, struct arena *arena, const unsigned char id_hash[32],
                                      struct admin_session_state *state_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_hash(id_hash)), state_out);
}

enum store_result admin_sessions_touch(struct db *db, const unsigned char id_hash[32], int64_t now)
{
    return db_run_one(db, &statements[TOUCH], VALUES(sql_integer(now), sql_hash(id_hash)));
}

enum store_result admin_sessions_add(struct db *db, const struct admin_session_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_hash(row->id_hash), sql_id(row->admin_id), sql_integer(row->created_at),
                         sql_integer(row->created_at), sql_integer(row->created_at), sql_text(row->method),
                         sql_text(row->address), sql_text_cut(row->user_agent, USER_AGENT_BYTES),
                         sql_integer(row->expires_at)),
                  NULL);
}

enum store_result admin_sessions_end(struct db *db, const unsigned char id_hash[32])
{
    return db_run(db, &statements[END], VALUES(sql_hash(id_hash)), NULL);
}

enum store_result admin_sessions_end_of_admin(struct db *db, const unsigned char admin_id[16])
{
    return db_run(db, &statements[END_OF_ADMIN], VALUES(sql_id(admin_id)), NULL);
}
