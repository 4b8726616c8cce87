/* permissions.c: see permissions.h. */
#include "store/permissions.h"

enum { FIND, LOCK, ADD, CHANGE, NOTE_ACCESS, LIST };

#define ROW(member) offsetof(struct permission_row, member)
#define LISTED(member) offsetof(struct permission_listed, member)

static const struct column row_columns[] = {
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_INTEGER, ROW(client_number) },
    { COLUMN_TEXT, ROW(role) },
    { COLUMN_TEXT, ROW(status) },
    { COLUMN_BOOLEAN, ROW(denied) },
    { COLUMN_INTEGER, ROW(requested_at) },
    { COLUMN_INTEGER, ROW(granted_at) },
    { COLUMN_TEXT, ROW(granted_by) },
    { COLUMN_INTEGER, ROW(revoked_at) },
    { COLUMN_TEXT, ROW(revoked_by) },
    { COLUMN_INTEGER, ROW(last_accessed_at) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(updated_at) },
};

static const struct column listed_columns[] = {
    { COLUMN_ID, LISTED(permission.user_id) },
    { COLUMN_INTEGER, LISTED(permission.client_number) },
    { COLUMN_TEXT, LISTED(permission.role) },
    { COLUMN_TEXT, LISTED(permission.status) },
    { COLUMN_BOOLEAN, LISTED(permission.denied) },
    { COLUMN_INTEGER, LISTED(permission.requested_at) },
    { COLUMN_INTEGER, LISTED(permission.granted_at) },
    { COLUMN_TEXT, LISTED(permission.granted_by) },
    { COLUMN_INTEGER, LISTED(permission.revoked_at) },
    { COLUMN_TEXT, LISTED(permission.revoked_by) },
    { COLUMN_INTEGER, LISTED(permission.last_accessed_at) },
    { COLUMN_INTEGER, LISTED(permission.created_at) },
    { COLUMN_INTEGER, LISTED(permission.updated_at) },
    { COLUMN_TEXT, LISTED(user_email) },
    { COLUMN_TEXT, LISTED(user_name) },
    { COLUMN_TEXT, LISTED(client_id) },
    { COLUMN_TEXT, LISTED(client_metadata) },
};

#define MEMBERS                                                                                              \
    "p.user_id, p.client_number, p.role, p.status, p.denied, p.requested_at, p.granted_at, p.granted_by,"    \
    " p.revoked_at, p.revoked_by, p.last_accessed_at, p.created_at, p.updated_at"
#define SELECT_ONE "SELECT " MEMBERS " FROM permissions p WHERE p.user_id = ? AND p.client_number = ?"

static const struct statement statements[] = {
    [FIND] = { .name = "permissions.find",
               .sql = SELECT_ONE,
               .parameters = "bi",
               COLUMNS(row_columns),
               .retry = true },
    [LOCK] = { .name = "permissions.lock",
               .sql = SELECT_ONE " FOR UPDATE",
               .parameters = "bi",
               COLUMNS(row_columns) },
    [ADD] = { .name = "permissions.add",
              .sql = "INSERT INTO permissions (user_id, client_number, role, status, denied, requested_at,"
                     " granted_at, granted_by, revoked_at, revoked_by, created_at, updated_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bittiiititii" },
    [CHANGE] = { .name = "permissions.change",
                 .sql = "UPDATE permissions SET role = ?, status = ?, denied = ?, requested_at = ?,"
                        " granted_at = ?, granted_by = ?, revoked_at = ?, revoked_by = ?, updated_at = ?"
                        " WHERE user_id = ? AND client_number = ?",
                 .parameters = "ttiiititibi" },
    [NOTE_ACCESS] = { .name = "permissions.note_access",
                      .sql = "UPDATE permissions SET last_accessed_at = ?"
                             " WHERE user_id = ? AND client_number = ? AND last_accessed_at < ?",
                      .parameters = "ibii",
                      .retry = true },
    [LIST] = { .name = "permissions.list",
               .sql = "SELECT " MEMBERS ", u.email, u.name, c.client_id, c.metadata"
                      " FROM clients c JOIN permissions p ON p.client_number = c.number"
                      " JOIN users u ON u.id = p.user_id"
                      " WHERE (? IS NULL OR c.service_id = ?) AND (? IS NULL OR c.client_id = ?)"
                      " AND (? IS NULL OR p.status = ?)"
                      " ORDER BY p.updated_at DESC, p.client_number, p.user_id LIMIT ? OFFSET ?",
               .parameters = "bbttttii",
               COLUMNS(listed_columns),
               .retry = true },
};

const struct statement_table permissions_statements = STATEMENT_TABLE(statements);

enum store_result permissions_find(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   int64_t client_number, struct permission_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(user_id), sql_integer(client_number)),
                   row_out);
}

enum store_result permissions_lock(struct db *db, struct arena *arena, const unsigned char user_id[16],
                                   int64_t client_number, struct permission_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_id(user_id), sql_integer(client_number)),
                   row_out);
}

enum store_result permissions_add(struct db *db, const struct permission_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->user_id), sql_integer(row->client_number), sql_text(row->role),
                         sql_text(row->status), sql_integer(row->denied), sql_integer(row->requested_at),
                         sql_integer(row->granted_at), sql_text(row->granted_by),
                         sql_integer(row->revoked_at), sql_text(row->revoked_by),
                         sql_integer(row->created_at), sql_integer(row->updated_at)),
                  NULL);
}

enum store_result permissions_change(struct db *db, const struct permission_row *row)
{
    return db_run_one(db, &statements[CHANGE],
                      VALUES(sql_text(row->role), sql_text(row->status), sql_integer(row->denied),
                             sql_integer(row->requested_at), sql_integer(row->granted_at),
                             sql_text(row->granted_by), sql_integer(row->revoked_at),
                             sql_text(row->revoked_by), sql_integer(row->updated_at), sql_id(row->user_id),
                             sql_integer(row->client_number)));
}

enum store_result permissions_note_access(struct db *db, const unsigned char user_id[16],
                                          int64_t client_number, int64_t now, int64_t since)
{
    return db_run(db, &statements[NOTE_ACCESS],
                  VALUES(sql_integer(now), sql_id(user_id), sql_integer(client_number), sql_integer(since)),
                  NULL);
}

enum store_result permissions_list(struct db *db, struct arena *arena, const struct permission_filter *filter,
                                   const struct page *page, struct permission_listed **rows_out,
                                   size_t *count_out)
{
    struct value service = sql_bytes(filter->service_id, 16);
    struct value client = sql_text(filter->client_id), status = sql_text(filter->status);
    return db_list(db, arena, &statements[LIST],
                   VALUES(service, service, client, client, status, status, sql_integer(page->limit),
                          sql_integer(page->offset)),
                   sizeof(**rows_out), (void **)rows_out, count_out);
}
