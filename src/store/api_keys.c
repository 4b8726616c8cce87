/* api_keys.c: see api_keys.h. */
#include "store/api_keys.h"

enum { ADD, FIND, FIND_BY_HASH, TOUCH, LIST, LIST_ACTIVE, COUNT, REVOKE, FOLLOW };

#define ROW(member) offsetof(struct api_key_row, member)

static const struct column key_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_ID, ROW(service_id) },
    { COLUMN_TEXT, ROW(name) },
    { COLUMN_TEXT, ROW(prefix) },
    { COLUMN_HASH, ROW(key_hash) },
    { COLUMN_TEXT, ROW(permissions) },
    { COLUMN_TEXT, ROW(status) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(expires_at) },
    { COLUMN_TEXT, ROW(addresses) },
    { COLUMN_INTEGER, ROW(last_used_at) },
    { COLUMN_TEXT, ROW(created_by) },
    { COLUMN_ID, ROW(rotated_to) },
};

#define KEY_COLUMNS                                                                                          \
    "id, service_id, name, prefix, key_hash, permissions, status, created_at, expires_at, addresses,"        \
    " last_used_at, created_by, rotated_to"

struct count_row {
    int64_t count;
};

static const struct column count_columns[] = { { COLUMN_INTEGER, offsetof(struct count_row, count) } };

#define STATE(member) offsetof(struct api_key_state, member)
#define KEY(member) offsetof(struct api_key_state, key.member)

static const struct column state_columns[] = {
    { COLUMN_ID, KEY(id) },
    { COLUMN_ID, KEY(service_id) },
    { COLUMN_TEXT, KEY(name) },
    { COLUMN_TEXT, KEY(prefix) },
    { COLUMN_HASH, KEY(key_hash) },
    { COLUMN_TEXT, KEY(permissions) },
    { COLUMN_TEXT, KEY(status) },
    { COLUMN_INTEGER, KEY(created_at) },
    { COLUMN_INTEGER, KEY(expires_at) },
    { COLUMN_TEXT, KEY(addresses) },
    { COLUMN_INTEGER, KEY(last_used_at) },
    { COLUMN_TEXT, STATE(service_status) },
    { COLUMN_TEXT, STATE(service_name) },
    { COLUMN_TEXT, STATE(service_providers) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "api_keys.add",
              .sql = "INSERT INTO api_keys (id, service_id, name, prefix, key_hash, permissions, created_at,"
                     " expires_at, addresses, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbttbtiitt" },
    [FIND] = { .name = "api_keys.find",
               .sql = "SELECT " KEY_COLUMNS " FROM api_keys WHERE id = ? AND (? IS NULL OR service_id = ?)",
               .parameters = "bbb",
               COLUMNS(key_columns),
               .retry = true },
    [FIND_BY_HASH] = { .name = "api_keys.find_by_hash",
                       .sql =
                           "SELECT k.id, k.service_id, k.name, k.prefix, k.key_hash, k.permissions, k.status,"
                           " k.created_at, k.expires_at, k.addresses, k.last_used_at, s.status, s.name,"
                           " s.providers"
                           " FROM api_keys k JOIN services s ON s.id = k.service_id WHERE k.key_hash = ?",
                       .parameters = "b",
                       COLUMNS(state_columns),
                       .retry = true },
    /* of several workers at once one writes */
    [TOUCH] = { .name = "api_keys.touch",
                .sql = "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND last_used_at < ?",
                .parameters = "ibi",
                .retry = true },
    [LIST] = { .name = "api_keys.list",
               .sql = "SELECT " KEY_COLUMNS " FROM api_keys WHERE ? IS NULL OR service_id = ?"
                      " ORDER BY created_at, id LIMIT ? OFFSET ?",
               .parameters = "bbii",
               COLUMNS(key_columns),
               .retry = true },
    [LIST_ACTIVE] = { .name = "api_keys.list_active",
                      .sql = "SELECT " KEY_COLUMNS " FROM api_keys WHERE service_id = ? AND status = 'active'"
                             " ORDER BY created_at, id LIMIT ? OFFSET ?",
                      .parameters = "bii",
                      COLUMNS(key_columns),
                      .retry = true },
    [COUNT] = { .name = "api_keys.count_active",
                .sql = "SELECT COUNT(*) FROM api_keys WHERE service_id = ? AND status = 'active'",
                .parameters = "b",
                COLUMNS(count_columns),
                .retry = true },
    [REVOKE] = { .name = "api_keys.revoke",
                 .sql = "UPDATE api_keys SET status = 'revoked' WHERE id = ? AND status = 'active'"
                        " AND (? IS NULL OR service_id = ?)",
                 .parameters = "bbb" },
    [FOLLOW] = { .name = "api_keys.follow",
                 .sql = "UPDATE api_keys SET rotated_to = ?, expires_at = ? WHERE id = ?"
                        " AND status = 'active' AND rotated_to IS NULL",
                 .parameters = "bib" },
};

const struct statement_table api_keys_statements = STATEMENT_TABLE(statements);

enum store_result api_keys_add(struct db *db, const struct api_key_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->service_id), sql_text(row->name), sql_text(row->prefix),
                         sql_hash(row->key_hash), sql_text(row->permissions), sql_integer(row->created_at),
                         sql_integer(row->expires_at), sql_text(row->addresses ? row->addresses : ""),
                         sql_text(row->created_by ? row->created_by : "")),
                  NULL);
}

enum store_result api_keys_list(struct db *db, struct arena *arena, const unsigned char *service_id,
                                const struct page *page, struct api_key_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result = db_list(
        db, arena, &statements[LIST],
        VALUES(sql_id(service_id), sql_id(service_id), sql_integer(page->limit), sql_integer(page->offset)),
        sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result api_keys_find(struct db *db, struct arena *arena, const unsigned char *service_id,
                                const unsigned char id[16], struct api_key_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id), sql_id(service_id), sql_id(service_id)),
                   row_out);
}

enum store_result api_keys_list_active(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                       const struct page *page, struct api_key_row **rows_out,
                                       size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[LIST_ACTIVE],
                VALUES(sql_id(service_id), sql_integer(page->limit), sql_integer(page->offset)),
                sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result api_keys_count_active(struct db *db, struct arena *arena,
                                        const unsigned char service_id[16], int64_t *count_out)
{
    struct count_row row = { 0 };
    enum store_result result = db_find(db, arena, &statements[COUNT], VALUES(sql_id(service_id)), &row);
    *count_out = row.count;
    return result;
}

enum store_result api_keys_revoke(struct db *db, const unsigned char *service_id, const unsigned char id[16])
{
    return db_run_one(db, &statements[REVOKE], VALUES(sql_id(id), sql_id(service_id), sql_id(service_id)));
}

enum store_result api_keys_follow(struct db *db, const unsigned char id[16],
                                  const unsigned char successor[16], int64_t expires_at)
{
    return db_run_one(db, &statements[FOLLOW],
                      VALUES(sql_id(successor), sql_integer(expires_at), sql_id(id)));
}

enum store_result api_keys_find_by_hash(struct db *db, struct arena *arena, const unsigned char hash[32],
                                        struct api_key_state *state_out)
{
    return db_find(db, arena, &statements[FIND_BY_HASH], VALUES(sql_hash(hash)), state_out);
}

enum store_result api_keys_touch(struct db *db, const unsigned char id[16], int64_t now, int64_t unless_since)
{
    return db_run(db, &statements[TOUCH], VALUES(sql_integer(now), sql_id(id), sql_integer(unless_since)),
                  NULL);
}
