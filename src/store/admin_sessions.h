/* admin_sessions.h: administrators' signed-in browsers, found by the hash of their cookie. */
#ifndef DOORWARD_STORE_ADMIN_SESSIONS_H
#define DOORWARD_STORE_ADMIN_SESSIONS_H

#include "store/db.h"

extern const struct statement_table admin_sessions_statements;

/* A session with its admin, as one statement reads them. */
struct admin_session_state {
    unsigned char id_hash[32], admin_id[16];
    int64_t created_at, authenticated_at, seen_at, expires_at;
    const char *email, *name, *status;
};

enum store_result admin_sessions_find(struct db *db, struct arena *arena, const unsigned char id_hash[32],
                                      struct admin_session_state *state_out) MUST_CHECK;

/* Moves seen_at on; NOT_FOUND when the session has ended. */
enum store_result admin_sessions_touch(struct db *db, const unsigned char id_hash[32],
                                       int64_t now) MUST_CHECK;

/* A new session: authenticated and seen when it is created. */
struct admin_session_row {
    unsigned char id_hash[32], admin_id[16];
    int64_t created_at, expires_at;
    const char *method, *address, *user_agent;
};

/* NOT_FOUND without the admin. user_agent is cut to what the column holds. */
enum store_result admin_sessions_add(struct db *db, const struct admin_session_row *row) MUST_CHECK;

/* OK also when it had ended already. */
enum store_result admin_sessions_end(struct db *db, const unsigned char id_hash[32]) MUST_CHECK;
enum store_result admin_sessions_end_of_admin(struct db *db, const unsigned char admin_id[16]) MUST_CHECK;

#endif
