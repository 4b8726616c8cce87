/* migrations.c: see migrations.h. */
#include "store/migrations.h"

enum { EXISTS, LIST, BEGIN, PROGRESS, FINISH, TABLE_ROWS };

/* Retention: for ever. */
static const char table_sql[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                " number BIGINT NOT NULL PRIMARY KEY,"
                                " name VARCHAR(200) NOT NULL,"
                                " checksum BINARY(32) NOT NULL,"
                                " needs_program BIGINT NOT NULL,"
                                " statements_done BIGINT NOT NULL DEFAULT 0,"
                                " begun_at BIGINT NOT NULL,"
                                " applied_at BIGINT NOT NULL DEFAULT 0"
                                ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin";

#define ROW(member) offsetof(struct migration_row, member)

static const struct column migration_columns[] = {
    { COLUMN_INTEGER, ROW(number) },          { COLUMN_TEXT, ROW(name) },
    { COLUMN_HASH, ROW(checksum) },           { COLUMN_INTEGER, ROW(needs_program) },
    { COLUMN_INTEGER, ROW(statements_done) }, { COLUMN_INTEGER, ROW(begun_at) },
    { COLUMN_INTEGER, ROW(applied_at) },
};

static const struct column integer_column[] = { { COLUMN_INTEGER, 0 } };

static const struct statement statements[] = {
    [EXISTS] = { .name = "migrations.exists",
                 .sql = "SELECT COUNT(*) FROM information_schema.tables"
                        " WHERE table_schema = DATABASE() AND table_name = 'schema_migrations'",
                 .parameters = "",
                 COLUMNS(integer_column),
                 .retry = true },
    [LIST] = { .name = "migrations.list",
               .sql = "SELECT number, name, checksum, needs_program, statements_done, begun_at, applied_at"
                      " FROM schema_migrations ORDER BY number",
               .parameters = "",
               COLUMNS(migration_columns),
               .retry = true },
    [BEGIN] = { .name = "migrations.begin",
                .sql = "INSERT INTO schema_migrations (number, name, checksum, needs_program, begun_at)"
                       " VALUES (?, ?, ?, ?, ?)",
                .parameters = "itbii" },
    [PROGRESS] = { .name = "migrations.progress",
                   .sql = "UPDATE schema_migrations SET statements_done = ? WHERE number = ?",
                   .parameters = "ii",
                   .retry = true },
    [FINISH] = { .name = "migrations.finish",
                 .sql = "UPDATE schema_migrations SET applied_at = ? WHERE number = ?",
                 .parameters = "ii",
                 .retry = true },
    [TABLE_ROWS] = { .name = "migrations.table_rows",
                     .sql = "SELECT table_rows FROM information_schema.tables"
                            " WHERE table_schema = DATABASE() AND table_name = ?",
                     .parameters = "t",
                     COLUMNS(integer_column),
                     .retry = true },
};

const struct statement_table migrations_statements = STATEMENT_TABLE(statements);

bool migrations_prepare(struct db *db, struct arena *arena, const char **error_out)
{
    return db_run_script(db, arena, table_sql, error_out);
}

enum store_result migrations_list(struct db *db, struct arena *arena, struct migration_row **rows_out,
                                  size_t *count_out)
{
    int64_t tables = 0;
    void *rows = NULL;
    *rows_out = NULL;
    *count_out = 0;
    enum store_result result = db_find(db, arena, &statements[EXISTS], NO_VALUES, &tables);
    if (result != STORE_OK || !tables)
        return result;
    result = db_list(db, arena, &statements[LIST], NO_VALUES, sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result migrations_begin(struct db *db, const struct migration_row *row)
{
    return db_run(db, &statements[BEGIN],
                  VALUES(sql_integer(row->number), sql_text(row->name), sql_hash(row->checksum),
                         sql_integer(row->needs_program), sql_integer(row->begun_at)),
                  NULL);
}

enum store_result migrations_progress(struct db *db, int64_t number, int64_t statements_done)
{
    return db_run_one(db, &statements[PROGRESS], VALUES(sql_integer(statements_done), sql_integer(number)));
}

enum store_result migrations_finish(struct db *db, int64_t number, int64_t now)
{
    return db_run_one(db, &statements[FINISH], VALUES(sql_integer(now), sql_integer(number)));
}

enum store_result migrations_table_rows(struct db *db, struct arena *arena, const char *table,
                                        int64_t *rows_out)
{
    return db_find(db, arena, &statements[TABLE_ROWS], VALUES(sql_text(table)), rows_out);
}

static const char *unknown_because(struct arena *arena, const struct migration_row *rows, size_t count)
{
    int64_t applied = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].needs_program > SCHEMA_NUMBER)
            return arena_printf(arena, "schema %lld needs a newer doorward (this one knows %d)",
                                (long long)rows[i].number, SCHEMA_NUMBER);
        if (rows[i].number <= SCHEMA_NUMBER && rows[i].applied_at)
            applied++;
    }
    if (applied < SCHEMA_NUMBER)
        return arena_printf(arena, "%lld of %d migrations are applied: run 'doorward migrate'",
                            (long long)applied, SCHEMA_NUMBER);
    return NULL;
}

enum store_result schema_is_known(struct db *db, struct arena *arena, const char **reason_out)
{
    struct migration_row *rows;
    size_t count;
    enum store_result result = migrations_list(db, arena, &rows, &count);
    if (result == STORE_OK)
        *reason_out = unknown_because(arena, rows, count);
    return result;
}
