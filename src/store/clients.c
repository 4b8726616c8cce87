/* clients.c: see clients.h. */
#include "store/clients.h"

#include "store/pattern.h"

enum {
    ADD,
    ADD_SECRET,
    LOAD,
    LOAD_BY_NUMBER,
    FIND,
    LIST,
    LOCK,
    OF_ORIGIN,
    SET,
    REMOVE_GRANTS,
    REMOVE_PERMISSIONS,
    REMOVE,
    HOLD,
    LIST_SECRETS,
    EXPIRE_SECRET
};

#define ROW(member) offsetof(struct client_row, member)
#define ENTRY(member) offsetof(struct client_entry, member)

static const struct column client_columns[] = {
    { COLUMN_INTEGER, ROW(number) },         { COLUMN_TEXT, ROW(client_id) },
    { COLUMN_ID, ROW(service_id) },          { COLUMN_TEXT, ROW(status) },
    { COLUMN_TEXT, ROW(metadata) },          { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(updated_at) },     { COLUMN_INTEGER, ROW(locked_at) },
    { COLUMN_INTEGER, ROW(failures_since) }, { COLUMN_INTEGER, ROW(last_used_at) },
    { COLUMN_TEXT, ROW(last_used_from) },
};

static const struct column entry_columns[] = {
    { COLUMN_INTEGER, ENTRY(client.number) },
    { COLUMN_TEXT, ENTRY(client.client_id) },
    { COLUMN_ID, ENTRY(client.service_id) },
    { COLUMN_TEXT, ENTRY(client.status) },
    { COLUMN_TEXT, ENTRY(client.metadata) },
    { COLUMN_INTEGER, ENTRY(client.created_at) },
    { COLUMN_INTEGER, ENTRY(client.updated_at) },
    { COLUMN_INTEGER, ENTRY(client.locked_at) },
    { COLUMN_INTEGER, ENTRY(client.failures_since) },
    { COLUMN_INTEGER, ENTRY(client.last_used_at) },
    { COLUMN_TEXT, ENTRY(client.last_used_from) },
    { COLUMN_TEXT, ENTRY(service_name) },
    { COLUMN_TEXT, ENTRY(service_status) },
    { COLUMN_TEXT, ENTRY(service_pin_gate) },
    { COLUMN_TEXT, ENTRY(service_sign_in_form) },
    { COLUMN_TEXT, ENTRY(service_workspace) },
    { COLUMN_TEXT, ENTRY(service_providers) },
    { COLUMN_HASH, ENTRY(secret_hash) },
    { COLUMN_INTEGER, ENTRY(secret_expires_at) },
    { COLUMN_BOOLEAN, ENTRY(has_secret) },
    { COLUMN_ID, ENTRY(secret_id) },
    { COLUMN_BYTES, ENTRY(secret_sealed) },
    { COLUMN_INTEGER, ENTRY(secret_last_used_at) },
};

#define SECRET(member) offsetof(struct client_secret_row, member)

static const struct column secret_columns[] = {
    { COLUMN_ID, SECRET(id) },
    { COLUMN_INTEGER, SECRET(client_number) },
    { COLUMN_INTEGER, SECRET(created_at) },
    { COLUMN_INTEGER, SECRET(expires_at) },
    { COLUMN_TEXT, SECRET(prefix) },
    { COLUMN_TEXT, SECRET(created_by) },
    { COLUMN_INTEGER, SECRET(last_used_at) },
    { COLUMN_TEXT, SECRET(last_used_from) },
};

static const struct column metadata_column[] = { { COLUMN_TEXT, 0 } };
static const struct column number_column[] = { { COLUMN_INTEGER, 0 } };

#define CLIENT_COLUMNS                                                                                       \
    "c.number, c.client_id, c.service_id, c.status, c.metadata, c.created_at, c.updated_at, c.locked_at,"    \
    " c.failures_since, c.last_used_at, c.last_used_from"
#define SELECT_ENTRIES                                                                                       \
    "SELECT " CLIENT_COLUMNS                                                                                 \
    ", s.name, s.status, s.pin_gate, s.sign_in_form, s.workspace, s.providers, k.secret_hash,"               \
    " k.expires_at, k.id IS NOT NULL, k.id, k.sealed, k.last_used_at"                                        \
    " FROM clients c JOIN services s ON s.id = c.service_id"                                                 \
    " LEFT JOIN client_secrets k ON k.client_number = c.number AND (k.expires_at = 0 OR k.expires_at > ?)"
#define NEWEST_SECRETS " ORDER BY k.created_at DESC, k.id DESC LIMIT ?"

static const struct statement statements[] = {
    [ADD] = { .name = "clients.add",
              .sql = "INSERT INTO clients (client_id, service_id, metadata, created_at, updated_at)"
                     " VALUES (?, ?, ?, ?, ?) RETURNING number",
              .parameters = "tbtii",
              COLUMNS(number_column) },
    [ADD_SECRET] = { .name = "clients.add_secret",
                     .sql = "INSERT INTO client_secrets"
                            " (id, client_number, secret_hash, sealed, created_at, expires_at, prefix, "
                            "created_by)"
                            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     .parameters = "bibbiitt" },
    [LOAD] = { .name = "clients.load",
               .sql = SELECT_ENTRIES " WHERE c.client_id = ?" NEWEST_SECRETS,
               .parameters = "iti",
               COLUMNS(entry_columns),
               .retry = true },
    [LOAD_BY_NUMBER] = { .name = "clients.load_by_number",
                         .sql = SELECT_ENTRIES " WHERE c.number = ?" NEWEST_SECRETS,
                         .parameters = "iii",
                         COLUMNS(entry_columns),
                         .retry = true },
    [FIND] = { .name = "clients.find",
               .sql = "SELECT " CLIENT_COLUMNS " FROM clients c WHERE c.client_id = ?",
               .parameters = "t",
               COLUMNS(client_columns),
               .retry = true },
    [LOCK] = { .name = "clients.find_locked",
               .sql = "SELECT " CLIENT_COLUMNS " FROM clients c WHERE c.client_id = ? FOR UPDATE",
               .parameters = "t",
               COLUMNS(client_columns) },
    [LIST] = { .name = "clients.list",
               .sql = "SELECT " CLIENT_COLUMNS " FROM clients c WHERE ? IS NULL OR c.service_id = ?"
                      " ORDER BY c.number LIMIT ? OFFSET ?",
               .parameters = "bbii",
               COLUMNS(client_columns),
               .retry = true },
    [OF_ORIGIN] = { .name = "clients.list_of_origin",
                    .sql = "SELECT c.metadata FROM clients c JOIN services s ON s.id = c.service_id"
                           " WHERE c.status = 'active' AND s.status = 'active'"
                           " AND (c.metadata LIKE ? OR c.metadata LIKE ? OR c.metadata LIKE ?)"
                           " ORDER BY c.number LIMIT ?",
                    .parameters = "ttti",
                    COLUMNS(metadata_column),
                    .retry = true },
    [SET] = { .name = "clients.set",
              .sql = "UPDATE clients SET metadata = ?, status = ?, updated_at = ? WHERE number = ?",
              .parameters = "ttii" },
    [REMOVE_GRANTS] = { .name = "clients.remove_grants",
                        .sql = "DELETE FROM grants WHERE client_number = ? ORDER BY id LIMIT ?",
                        .parameters = "ii" },
    [REMOVE_PERMISSIONS] = { .name = "clients.remove_permissions",
                             .sql = "DELETE FROM permissions WHERE client_number = ?"
                                    " ORDER BY status, requested_at, user_id LIMIT ?",
                             .parameters = "ii" },
    [REMOVE] = { .name = "clients.remove", .sql = "DELETE FROM clients WHERE number = ?", .parameters = "i" },
    [HOLD] = { .name = "clients.hold",
               .sql = "SELECT number FROM clients WHERE number = ? FOR UPDATE",
               .parameters = "i",
               COLUMNS(number_column) },
    [LIST_SECRETS] = { .name = "clients.list_secrets",
                       .sql = "SELECT id, client_number, created_at, expires_at, prefix, created_by,"
                              " last_used_at, last_used_from FROM client_secrets"
                              " WHERE client_number = ? AND (expires_at = 0 OR expires_at > ?)"
                              " ORDER BY created_at DESC, id DESC LIMIT ?",
                       .parameters = "iii",
                       COLUMNS(secret_columns),
                       .retry = true },
    [EXPIRE_SECRET] = { .name = "clients.expire_secret",
                        .sql = "UPDATE client_secrets SET expires_at = IF(expires_at = 0, ?, "
                               "LEAST(expires_at, ?))"
                               " WHERE client_number = ? AND id = ? AND (expires_at = 0 OR expires_at > ?)",
                        .parameters = "iiibi" },
};

const struct statement_table clients_statements = STATEMENT_TABLE(statements);

enum store_result clients_add(struct db *db, struct arena *arena, const struct client_row *row,
                              int64_t *number_out)
{
    return db_find(db, arena, &statements[ADD],
                   VALUES(sql_text(row->client_id), sql_id(row->service_id), sql_text(row->metadata),
                          sql_integer(row->created_at), sql_integer(row->updated_at)),
                   number_out);
}

enum store_result clients_add_secret(struct db *db, const struct client_secret_row *row)
{
    return db_run(db, &statements[ADD_SECRET],
                  VALUES(sql_id(row->id), sql_integer(row->client_number), sql_hash(row->secret_hash),
                         sql_bytes(row->sealed.data, row->sealed.length), sql_integer(row->created_at),
                         sql_integer(row->expires_at), sql_text(row->prefix), sql_text(row->created_by)),
                  NULL);
}

enum store_result clients_load(struct db *db, struct arena *arena, const char *client_id,
                               const struct secrets_wanted *wanted, struct client_entry **entries_out,
                               size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[LOAD],
                VALUES(sql_integer(wanted->now), sql_text(client_id), sql_integer(wanted->most)),
                sizeof(**entries_out), &rows, count_out);
    *entries_out = rows;
    return result;
}

enum store_result clients_load_by_number(struct db *db, struct arena *arena, int64_t number,
                                         const struct secrets_wanted *wanted,
                                         struct client_entry **entries_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[LOAD_BY_NUMBER],
                VALUES(sql_integer(wanted->now), sql_integer(number), sql_integer(wanted->most)),
                sizeof(**entries_out), &rows, count_out);
    *entries_out = rows;
    return result;
}

enum store_result clients_find(struct db *db, struct arena *arena, const char *client_id,
                               struct client_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_text(client_id)), row_out);
}

enum store_result clients_list(struct db *db, struct arena *arena, const unsigned char *service_id,
                               const struct page *page, struct client_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result = db_list(
        db, arena, &statements[LIST],
        VALUES(sql_id(service_id), sql_id(service_id), sql_integer(page->limit), sql_integer(page->offset)),
        sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

/* As a string of JSON begins with it, and behind it the URI ends or goes on with a path or a query. */
static struct value origin_pattern(struct arena *arena, const char *origin, char end)
{
    return sql_text(pattern_containing(arena, arena_printf(arena, "\"%s%c", origin, end)));
}

enum store_result clients_list_of_origin(struct db *db, struct arena *arena, const char *origin,
                                         int64_t limit, const char ***metadata_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[OF_ORIGIN],
                VALUES(origin_pattern(arena, origin, '"'), origin_pattern(arena, origin, '/'),
                       origin_pattern(arena, origin, '?'), sql_integer(limit)),
                sizeof(**metadata_out), &rows, count_out);
    *metadata_out = rows;
    return result;
}

enum store_result clients_find_locked(struct db *db, struct arena *arena, const char *client_id,
                                      struct client_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_text(client_id)), row_out);
}

enum store_result clients_set(struct db *db, const struct client_row *row)
{
    return db_run_one(db, &statements[SET],
                      VALUES(sql_text(row->metadata), sql_text(row->status), sql_integer(row->updated_at),
                             sql_integer(row->number)));
}

enum store_result clients_hold(struct db *db, struct arena *arena, int64_t number)
{
    int64_t held;
    return db_find(db, arena, &statements[HOLD], VALUES(sql_integer(number)), &held);
}

enum store_result clients_list_secrets(struct db *db, struct arena *arena, int64_t number,
                                       const struct secrets_wanted *wanted,
                                       struct client_secret_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[LIST_SECRETS],
                VALUES(sql_integer(number), sql_integer(wanted->now), sql_integer(wanted->most)),
                sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result clients_expire_secret(struct db *db, int64_t number, const unsigned char id[16],
                                        int64_t now, int64_t expires_at)
{
    return db_run_one(db, &statements[EXPIRE_SECRET],
                      VALUES(sql_integer(expires_at), sql_integer(expires_at), sql_integer(number),
                             sql_id(id), sql_integer(now)));
}

enum store_result clients_remove_part(struct db *db, int64_t number, int64_t limit, bool *more_out)
{
    int64_t grants = 0, permissions = 0;
    enum store_result result =
        db_run(db, &statements[REMOVE_GRANTS], VALUES(sql_integer(number), sql_integer(limit)), &grants);
    if (result == STORE_OK)
        result = db_run(db, &statements[REMOVE_PERMISSIONS], VALUES(sql_integer(number), sql_integer(limit)),
                        &permissions);
    *more_out = grants == limit || permissions == limit;
    return result;
}

enum store_result clients_remove(struct db *db, int64_t number)
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_integer(number)));
}
