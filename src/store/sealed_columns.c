/* sealed_columns.c: see sealed_columns.h. A value begins with the length of its key's name, and the name. */
#include "store/sealed_columns.h"

enum { LIST, REPLACE, COUNT, STATEMENTS_EACH };

#define FACTS(name_, table, key, column, bound_to_, spelling_, kind, life_)                                  \
    [SEALED_##name_] = { .name = #table "." #column,                                                         \
                         .bound_to = bound_to_,                                                              \
                         .spelling = SPELT_##spelling_,                                                      \
                         .life = SEALED_FOR_##life_ },

const struct sealed_facts sealed_facts[SEALED_COLUMNS] = { SEALED_COLUMN_TABLE(FACTS) };

static const struct column row_columns[] = {
    { COLUMN_BYTES, offsetof(struct sealed_row, key) },
    { COLUMN_BYTES, offsetof(struct sealed_row, sealed) },
};

static const struct column count_columns[] = {
    { COLUMN_TEXT, offsetof(struct sealed_count, key) },
    { COLUMN_INTEGER, offsetof(struct sealed_count, count) },
};

#define STATEMENTS(name_, table, key, column, bound_to, spelling, kind, life)                                \
    [SEALED_##name_ * STATEMENTS_EACH +                                                                      \
        LIST] = { .name = "sealed_columns.list " #table "." #column,                                         \
                  .sql = "SELECT " #key ", " #column " FROM " #table " WHERE (" #column " < ? OR " #column   \
                         " >= ?)"                                                                            \
                         " AND " #column " > '' AND " #key " > ?"                                            \
                         " ORDER BY " #key " LIMIT ?",                                                       \
                  .parameters = "bb" kind "i",                                                               \
                  COLUMNS(row_columns),                                                                      \
                  .retry = true },                                                                           \
        [SEALED_##name_ * STATEMENTS_EACH +                                                                  \
            REPLACE] = { .name = "sealed_columns.replace " #table "." #column,                               \
                         .sql =                                                                              \
                             "UPDATE " #table " SET " #column " = ? WHERE " #key " = ? AND " #column " = ?", \
                         .parameters = "b" kind "b" },                                                       \
        [SEALED_##name_ * STATEMENTS_EACH +                                                                  \
            COUNT] = { .name = "sealed_columns.count " #table "." #column,                                   \
                       .sql = "SELECT SUBSTRING(" #column ", 2, ORD(" #column ")), COUNT(*) FROM " #table    \
                              " WHERE " #column " > '' GROUP BY 1",                                          \
                       .parameters = "",                                                                     \
                       COLUMNS(count_columns),                                                               \
                       .retry = true },

static const struct statement statements[] = { SEALED_COLUMN_TABLE(STATEMENTS) };

const struct statement_table sealed_columns_statements = STATEMENT_TABLE(statements);

static const struct statement *statement_of(enum sealed_column column, int which)
{
    return &statements[(int)column * STATEMENTS_EACH + which];
}

/* As the column of the row's key is. */
static struct value key_value(enum sealed_column column, struct bytes key)
{
    struct value value = sql_bytes(key.data ? (const void *)key.data : "", key.length);
    if (statement_of(column, REPLACE)->parameters[1] == VALUE_TEXT)
        value.kind = VALUE_TEXT;
    return value;
}

/* The first text behind all that begin so: no name ends in the last byte that there is. */
static struct bytes behind_all(struct arena *arena, struct bytes beginning)
{
    struct bytes copy = arena_copy(arena, beginning.data, beginning.length);
    ((unsigned char *)copy.data)[copy.length - 1]++;
    return copy;
}

enum store_result sealed_columns_list(struct db *db, struct arena *arena, enum sealed_column column,
                                      struct bytes beginning, struct bytes behind, int64_t limit,
                                      struct sealed_row **rows_out, size_t *count_out)
{
    struct bytes end = behind_all(arena, beginning);
    return db_list(db, arena, statement_of(column, LIST),
                   VALUES(sql_bytes(beginning.data, beginning.length), sql_bytes(end.data, end.length),
                          key_value(column, behind), sql_integer(limit)),
                   sizeof(**rows_out), (void **)rows_out, count_out);
}

enum store_result sealed_columns_replace(struct db *db, enum sealed_column column,
                                         const struct sealed_row *row, struct bytes sealed)
{
    return db_run_one(db, statement_of(column, REPLACE),
                      VALUES(sql_bytes(sealed.data, sealed.length), key_value(column, row->key),
                             sql_bytes(row->sealed.data, row->sealed.length)));
}

enum store_result sealed_columns_count(struct db *db, struct arena *arena, enum sealed_column column,
                                       struct sealed_count **counts_out, size_t *count_out)
{
    return db_list(db, arena, statement_of(column, COUNT), NO_VALUES, sizeof(**counts_out),
                   (void **)counts_out, count_out);
}
