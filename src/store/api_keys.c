/* api_keys.c: see api_keys.h. */
#include "store/api_keys.h"

enum { ADD, LIST, REVOKE };

#define ROW(member) offsetof(struct api_key_row, member)

static const struct column key_columns[] = {
    { COLUMN_ID, ROW(id) },       { COLUMN_ID, ROW(service_id) },      { COLUMN_TEXT, ROW(name) },
    { COLUMN_TEXT, ROW(prefix) }, { COLUMN_HASH, ROW(key_hash) },      { COLUMN_TEXT, ROW(permissions) },
    { COLUMN_TEXT, ROW(status) }, { COLUMN_INTEGER, ROW(created_at) }, { COLUMN_INTEGER, ROW(expires_at) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "api_keys.add",
              .sql = "INSERT INTO api_keys (id, service_id, name, prefix, key_hash, permissions, created_at,"
                     " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbttbtii" },
    [LIST] = { .name = "api_keys.list",
               .sql = "SELECT id, service_id, name, prefix, key_hash, permissions, status, created_at,"
                      " expires_at FROM api_keys WHERE ? IS NULL OR service_id = ?"
                      " ORDER BY created_at, id LIMIT ? OFFSET ?",
               .parameters = "bbii",
               COLUMNS(key_columns),
               .retry = true },
    [REVOKE] = { .name = "api_keys.revoke",
                 .sql = "UPDATE api_keys SET status = 'revoked' WHERE id = ? AND status = 'active'",
                 .parameters = "b" },
};

const struct statement_table api_keys_statements = STATEMENT_TABLE(statements);

enum store_result api_keys_add(struct db *db, const struct api_key_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->service_id), sql_text(row->name), sql_text(row->prefix),
                         sql_hash(row->key_hash), sql_text(row->permissions), sql_integer(row->created_at),
                         sql_integer(row->expires_at)),
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

enum store_result api_keys_revoke(struct db *db, const unsigned char id[16])
{
    return db_run_one(db, &statements[REVOKE], VALUES(sql_id(id)));
}
