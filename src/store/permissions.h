/* permissions.h: one user's role and status at one client. Rows are made and changed, never deleted. */
#ifndef DOORWARD_STORE_PERMISSIONS_H
#define DOORWARD_STORE_PERMISSIONS_H

#include "store/db.h"

extern const struct statement_table permissions_statements;

struct permission_row {
    unsigned char user_id[16];
    int64_t client_number;
    const char *role;   /* none, user or admin */
    const char *status; /* pending, approved or revoked */
    bool denied;        /* access was refused explicitly, whatever role and status say */
    int64_t requested_at, granted_at, revoked_at, last_accessed_at, created_at, updated_at; /* 0: never */
    const char *granted_by, *revoked_by;                                                    /* "": nobody */
};

/* What of a row decides, as the statements of tokens read it beside their own: NULLs where there is no row.
 */
struct permission_state {
    const char *role, *status;
    bool denied;
    int64_t last_accessed_at;
};

enum store_result permissions_find(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   int64_t client_number, struct permission_row *row_out) MUST_CHECK;

/* Inside a transaction: reads the row and keeps others from changing it until the end. */
enum store_result permissions_lock(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   int64_t client_number, struct permission_row *row_out) MUST_CHECK;

/* CONFLICT when there is one; NOT_FOUND when user or client is gone. */
enum store_result permissions_add(struct db *db, const struct permission_row *row) MUST_CHECK;

/* Writes all but the key, created_at and last_accessed_at. */
enum store_result permissions_change(struct db *db, const struct permission_row *row) MUST_CHECK;

/* Notes that the application was used, unless that was noted at or after since. */
enum store_result permissions_note_access(struct db *db, const unsigned char user_id[16],
                                          int64_t client_number, int64_t now, int64_t since) MUST_CHECK;

/* Which are wanted; members that are NULL leave it open. */
struct permission_filter {
    const unsigned char *service_id;
    const char *client_id, *status;
};

/* A row with its user and client, for lists. */
struct permission_listed {
    struct permission_row permission;
    const char *user_email, *user_name;
    const char *client_id, *client_metadata; /* JSON */
};

/* The last changed first; page->search isn't looked at. */
enum store_result permissions_list(struct db *db, struct arena *arena, const struct permission_filter *filter,
                                   const struct page *page, struct permission_listed **rows_out,
                                   size_t *count_out) MUST_CHECK;

#endif
