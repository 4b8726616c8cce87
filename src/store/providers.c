/* providers.c: see providers.h. */
#include "store/providers.h"

enum { ADD, FIND, LOCK, LIST, SET, REMOVE, COUNT_CONNECTIONS };

#define ROW(member) offsetof(struct provider_row, member)
#define PROVIDER_COLUMNS "name, kind, status, metadata, secret_sealed, version, created_at, updated_at"

static const struct column provider_columns[] = {
    { COLUMN_TEXT, ROW(name) },           { COLUMN_TEXT, ROW(kind) },
    { COLUMN_TEXT, ROW(status) },         { COLUMN_TEXT, ROW(metadata) },
    { COLUMN_BYTES, ROW(secret_sealed) }, { COLUMN_INTEGER, ROW(version) },
    { COLUMN_INTEGER, ROW(created_at) },  { COLUMN_INTEGER, ROW(updated_at) },
};

struct count_row {
    int64_t count;
};

static const struct column count_columns[] = { { COLUMN_INTEGER, offsetof(struct count_row, count) } };

static const struct statement statements[] = {
    [ADD] = { .name = "providers.add",
              .sql = "INSERT INTO providers (" PROVIDER_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "ttttbiii" },
    [FIND] = { .name = "providers.find",
               .sql = "SELECT " PROVIDER_COLUMNS " FROM providers WHERE name = ?",
               .parameters = "t",
               COLUMNS(provider_columns),
               .retry = true },
    [LOCK] = { .name = "providers.lock",
               .sql = "SELECT " PROVIDER_COLUMNS " FROM providers WHERE name = ? FOR UPDATE",
               .parameters = "t",
               COLUMNS(provider_columns) },
    [LIST] = { .name = "providers.list",
               .sql = "SELECT " PROVIDER_COLUMNS " FROM providers ORDER BY name LIMIT ?",
               .parameters = "i",
               COLUMNS(provider_columns),
               .retry = true },
    [SET] = { .name = "providers.set",
              .sql = "UPDATE providers SET metadata = ?, secret_sealed = ?, status = ?, updated_at = ?,"
                     " version = version + 1 WHERE name = ?",
              .parameters = "tbtit" },
    [REMOVE] = { .name = "providers.remove",
                 .sql = "DELETE FROM providers WHERE name = ?",
                 .parameters = "t" },
    [COUNT_CONNECTIONS] = { .name = "providers.count_connections",
                            .sql = "SELECT COUNT(*) FROM connections WHERE provider = ?",
                            .parameters = "t",
                            COLUMNS(count_columns),
                            .retry = true },
};

const struct statement_table providers_statements = STATEMENT_TABLE(statements);

enum store_result providers_add(struct db *db, const struct provider_row *row)
{
    return db_run(
        db, &statements[ADD],
        VALUES(sql_text(row->name), sql_text(row->kind), sql_text(row->status), sql_text(row->metadata),
               sql_bytes(row->secret_sealed.data, row->secret_sealed.length), sql_integer(row->version),
               sql_integer(row->created_at), sql_integer(row->updated_at)),
        NULL);
}

enum store_result providers_find(struct db *db, struct arena *arena, const char *name,
                                 struct provider_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_text(name)), row_out);
}

enum store_result providers_lock(struct db *db, struct arena *arena, const char *name,
                                 struct provider_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_text(name)), row_out);
}

enum store_result providers_list(struct db *db, struct arena *arena, int64_t limit,
                                 struct provider_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result = db_list(db, arena, &statements[LIST], VALUES(sql_integer(limit)),
                                       sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result providers_set(struct db *db, const struct provider_row *row)
{
    return db_run_one(db, &statements[SET],
                      VALUES(sql_text(row->metadata),
                             sql_bytes(row->secret_sealed.data, row->secret_sealed.length),
                             sql_text(row->status), sql_integer(row->updated_at), sql_text(row->name)));
}

enum store_result providers_remove(struct db *db, const char *name)
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_text(name)));
}

enum store_result providers_count_connections(struct db *db, struct arena *arena, const char *name,
                                              int64_t *count_out)
{
    struct count_row row = { 0 };
    enum store_result result =
        db_find(db, arena, &statements[COUNT_CONNECTIONS], VALUES(sql_text(name)), &row);
    *count_out = row.count;
    return result;
}
