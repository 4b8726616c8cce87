/* versions.c: see versions.h. */
#include "store/versions.h"

enum { FIND, BUMP };

static const struct column version_columns[] = {
    { COLUMN_INTEGER, offsetof(struct versions, directory) },
    { COLUMN_INTEGER, offsetof(struct versions, keys) },
};

static const struct statement statements[] = {
    [FIND] = { .name = "versions.find",
               .sql = "SELECT MAX(IF(name = 'directory', value, 0)), MAX(IF(name = 'keys', value, 0))"
                      " FROM versions",
               .parameters = "",
               COLUMNS(version_columns),
               .retry = true },
    [BUMP] = { .name = "versions.bump",
               .sql = "UPDATE versions SET value = GREATEST(value + 1, ?) WHERE name = ?",
               .parameters = "it" },
};

const struct statement_table versions_statements = STATEMENT_TABLE(statements);

enum store_result versions_find(struct db *db, struct arena *arena, struct versions *versions_out)
{
    return db_find(db, arena, &statements[FIND], NO_VALUES, versions_out);
}

static enum store_result bump(struct db *db, struct arena *arena, const char *name, int64_t now_ms,
                              struct versions *versions_out)
{
    enum store_result result = db_run_one(db, &statements[BUMP], VALUES(sql_integer(now_ms), sql_text(name)));
    return result == STORE_OK ? versions_find(db, arena, versions_out) : result;
}

enum store_result versions_bump_directory(struct db *db, struct arena *arena, int64_t now_ms,
                                          struct versions *versions_out)
{
    return bump(db, arena, "directory", now_ms, versions_out);
}

enum store_result versions_bump_keys(struct db *db, struct arena *arena, int64_t now_ms,
                                     struct versions *versions_out)
{
    return bump(db, arena, "keys", now_ms, versions_out);
}
