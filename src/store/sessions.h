/* sessions.h: signed-in browsers, found by the hash of their cookie. */
#ifndef DOORWARD_STORE_SESSIONS_H
#define DOORWARD_STORE_SESSIONS_H

#include "store/db.h"

extern const struct statement_table sessions_statements;

struct session_row {
    unsigned char id_hash[32], sid[16], user_id[16];
    int64_t created_at, authenticated_at, seen_at;
    const char *method, *address, *user_agent;
    int64_t expires_at;
};

/* A session with its user, as one statement reads them. */
struct session_state {
    struct session_row session;
    const char *user_email, *user_name, *user_status;
    bool user_email_verified;
    int64_t user_tokens_after;
};

/* user_agent is cut to what the column holds. */
enum store_result sessions_add(struct db *db, const struct session_row *row) MUST_CHECK;
enum store_result sessions_find(struct db *db, struct arena *arena, const unsigned char id_hash[32],
                                struct session_state *state_out) MUST_CHECK;

/* Which of a user's sessions count, and at most how many are told. */
struct session_limits {
    int64_t now, idle_s, limit;
};

/* A user's living sessions, the last used first. */
enum store_result sessions_list(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                const struct session_limits *limits, struct session_row **rows_out,
                                size_t *count_out) MUST_CHECK;

/* Moves seen_at on; NOT_FOUND when the session has ended. */
enum store_result sessions_touch(struct db *db, const unsigned char id_hash[32], int64_t now) MUST_CHECK;

/* OK also when it had ended already. */
enum store_result sessions_end(struct db *db, const unsigned char id_hash[32]) MUST_CHECK;
enum store_result sessions_end_of_user(struct db *db, const unsigned char user_id[16]) MUST_CHECK;

/* One of this user's by its public name: NOT_FOUND for all else. */
enum store_result sessions_end_by_sid(struct db *db, const unsigned char user_id[16],
                                      const unsigned char sid[16]) MUST_CHECK;
/* All of a user's but one. */
enum store_result sessions_end_others(struct db *db, const unsigned char user_id[16],
                                      const unsigned char keep_sid[16]) MUST_CHECK;

#endif
