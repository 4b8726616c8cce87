/* schema.c: see schema.h. */
#include "domain/manage/schema.h"

#include "core/text.h"
#include "crypto/digest.h"
#include "store/members.h"
#include "store/migrations.h"
#include "store/script.h"

#include <dirent.h>

enum { MAX_MIGRATIONS = 1000, MAX_FILE = 4 * 1024 * 1024, STATEMENT_SHOWN = 60, FILL_BATCH = 500 };

static const char needs_marker[] = "Needs a program of schema: ";
static const char fill_marker[] = "\n-- Filled in batches: ";

/* --- files --- */

static const char *read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    struct strbuf text = strbuf_start(arena);
    char part[4096];
    size_t length;
    while ((length = fread(part, 1, sizeof(part), file)) > 0 && text.length <= MAX_FILE)
        strbuf_add(&text, part, length);
    bool good = !ferror(file) && text.length <= MAX_FILE;
    fclose(file);
    return good ? text.data : NULL;
}

/* The number that a text begins with, up to the first other character. */
static bool leading_number(struct arena *arena, const char *text, int64_t *number_out)
{
    return text_to_int(arena_strndup(arena, text, strspn(text, "0123456789")), 1, MAX_MIGRATIONS, number_out);
}

static enum outcome read_migration(struct context *context, const char *name, struct schema *schema)
{
    struct arena *arena = context->arena;
    struct migration migration = { .name = arena_strdup(arena, name) };
    if (!leading_number(arena, name, &migration.number))
        return refuse(context, OUTCOME_SERVER_ERROR, arena_printf(arena, "%s has no number", name));
    migration.sql = read_file(arena, arena_printf(arena, "%s/%s", context->settings->sql_directory, name));
    if (!migration.sql)
        return refuse(context, OUTCOME_SERVER_ERROR, arena_printf(arena, "%s can't be read", name));
    const char *needs = strstr(migration.sql, needs_marker);
    if (!needs || !leading_number(arena, needs + strlen(needs_marker), &migration.needs_program))
        return refuse(context, OUTCOME_SERVER_ERROR,
                      arena_printf(arena, "%s doesn't say which program it needs", name));
    sha256(migration.sql, strlen(migration.sql), migration.checksum);
    if (schema->count == MAX_MIGRATIONS)
        return refuse(context, OUTCOME_SERVER_ERROR, "too many migrations");
    schema->migrations[schema->count++] = migration;
    return OUTCOME_OK;
}

static int by_number(const void *a, const void *b)
{
    const struct migration *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

static enum outcome read_files(struct context *context, struct schema *schema)
{
    const char *directory = context->settings->sql_directory;
    DIR *entries = opendir(directory);
    if (!entries)
        return refuse(context, OUTCOME_SERVER_ERROR,
                      arena_printf(context->arena, "sql_directory %s can't be read", directory));
    enum outcome outcome = OUTCOME_OK;
    struct dirent *entry;
    while (outcome == OUTCOME_OK && (entry = readdir(entries)))
        if (entry->d_name[0] != '.' && text_ends(entry->d_name, ".sql"))
            outcome = read_migration(context, entry->d_name, schema);
    closedir(entries);
    if (outcome != OUTCOME_OK)
        return outcome;
    qsort(schema->migrations, schema->count, sizeof(*schema->migrations), by_number);
    for (size_t i = 0; i < schema->count; i++)
        if (schema->migrations[i].number != (int64_t)i + 1)
            return refuse(context, OUTCOME_SERVER_ERROR,
                          arena_printf(context->arena, "migration %zu is missing or there twice", i + 1));
    if (schema->count < SCHEMA_NUMBER)
        return refuse(context, OUTCOME_SERVER_ERROR, "sql_directory belongs to an older release");
    return OUTCOME_OK;
}

/* --- the database --- */

static enum outcome compare(struct context *context, const struct migration_row *row, struct schema *schema)
{
    struct arena *arena = context->arena;
    if (row->number < 1 || row->number > (int64_t)schema->count)
        return refuse(context, OUTCOME_FORBIDDEN,
                      arena_printf(arena,
                                   "the database has migration %lld (%s), which these files don't: use the "
                                   "newer release's",
                                   (long long)row->number, row->name));
    struct migration *migration = &schema->migrations[row->number - 1];
    if (memcmp(migration->checksum, row->checksum, sizeof(row->checksum)) != 0)
        return refuse(context, OUTCOME_FORBIDDEN,
                      arena_printf(arena, "%s was changed after it had been applied", migration->name));
    migration->state = row->applied_at ? MIGRATION_APPLIED : MIGRATION_UNFINISHED;
    migration->statements_done = row->statements_done;
    migration->applied_at = row->applied_at;
    if (migration->state == MIGRATION_APPLIED)
        schema->pending--;
    return OUTCOME_OK;
}

enum outcome schema_read(struct context *context, struct schema *schema_out)
{
    *schema_out = (struct schema) { 0 };
    schema_out->migrations = arena_array(context->arena, MAX_MIGRATIONS, sizeof(*schema_out->migrations));
    enum outcome outcome = read_files(context, schema_out);
    if (outcome != OUTCOME_OK)
        return outcome;
    schema_out->pending = schema_out->count;
    struct migration_row *rows;
    size_t count;
    enum store_result result = migrations_list(context->db, context->arena, &rows, &count);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_UNAVAILABLE, NULL);
    for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++)
        outcome = rows[i].number == (int64_t)i + 1
                      ? compare(context, &rows[i], schema_out)
                      : refuse(context, OUTCOME_FORBIDDEN, "the database's list of migrations has a gap");
    return outcome;
}

static const char *first_words(struct arena *arena, const char *statement)
{
    size_t length = strcspn(statement, "\n(");
    return text_trim(arena,
                     arena_strndup(arena, statement, length < STATEMENT_SHOWN ? length : STATEMENT_SHOWN));
}

static size_t count_statements(struct arena *arena, const char *sql)
{
    size_t count = 0;
    while (script_next(arena, &sql))
        count++;
    return count;
}

static enum outcome count_rows(struct context *context, struct migration_cost *cost)
{
    if (!cost->table)
        return OUTCOME_OK;
    enum store_result result = migrations_table_rows(context->db, context->arena, cost->table, &cost->rows);
    if (result != STORE_OK && result != STORE_NOT_FOUND)
        return store_outcome(context, result, OUTCOME_UNAVAILABLE, NULL);
    return OUTCOME_OK;
}

/* The table that a comment says to be filled in batches; NULL: none. */
static const char *filled_table(struct arena *arena, const char *sql)
{
    const char *marker = strstr(sql, fill_marker);
    const char *table = marker ? marker + strlen(fill_marker) : NULL;
    return table ? arena_strndup(arena, table, strcspn(table, "\n")) : NULL;
}

enum outcome schema_cost(struct context *context, const struct migration *migration,
                         struct migration_cost **costs_out, size_t *count_out)
{
    struct arena *arena = context->arena;
    const char *cursor = migration->sql, *statement;
    const char *filled = filled_table(arena, migration->sql);
    struct migration_cost *costs = arena_array(arena, count_statements(arena, cursor) + 1, sizeof(*costs));
    size_t count = 0;
    for (; (statement = script_next(arena, &cursor)); count++)
        costs[count] = (struct migration_cost) { .statement = first_words(arena, statement),
                                                 .table = script_table(arena, statement) };
    if (filled)
        costs[count++] = (struct migration_cost) {
            .statement = arena_printf(arena, "then %s, %d at a time", filled, FILL_BATCH), .table = filled
        };
    enum outcome outcome = OUTCOME_OK;
    for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++)
        outcome = count_rows(context, &costs[i]);
    *costs_out = costs;
    *count_out = count;
    return outcome;
}

/* --- applying --- */

static enum outcome begin(struct context *context, const struct migration *migration)
{
    const char *error;
    if (!migrations_prepare(context->db, context->arena, &error))
        return refuse(context, OUTCOME_UNAVAILABLE, error);
    if (migration->state == MIGRATION_UNFINISHED)
        return OUTCOME_OK;
    struct migration_row row = { .number = migration->number,
                                 .name = migration->name,
                                 .needs_program = migration->needs_program,
                                 .begun_at = context->now };
    memcpy(row.checksum, migration->checksum, sizeof(row.checksum));
    return store_outcome(context, migrations_begin(context->db, &row), OUTCOME_SERVER_ERROR,
                         "another program is applying this migration");
}

static enum outcome run_statements(struct context *context, const struct migration *migration)
{
    const char *cursor = migration->sql;
    const char *statement, *error;
    for (int64_t done = 0; (statement = script_next(context->arena, &cursor)); done++) {
        if (done < migration->statements_done)
            continue;
        if (!db_run_script(context->db, context->arena, statement, &error))
            return refuse(context, OUTCOME_SERVER_ERROR,
                          arena_printf(context->arena, "%s, statement %lld: %s", migration->name,
                                       (long long)done + 1, error));
        enum store_result result = migrations_progress(context->db, migration->number, done + 1);
        if (result != STORE_OK)
            return store_outcome(context, result, OUTCOME_SERVER_ERROR, "the migration's row is gone");
    }
    return OUTCOME_OK;
}

static enum outcome finish(struct context *context, const struct migration *migration)
{
    return store_outcome(context, migrations_finish(context->db, migration->number, context->now),
                         OUTCOME_SERVER_ERROR, "the migration's row is gone");
}

enum outcome schema_apply(struct context *context, const struct migration *migration)
{
    enum outcome outcome = begin(context, migration);
    if (outcome == OUTCOME_OK)
        outcome = run_statements(context, migration);
    return outcome == OUTCOME_OK ? finish(context, migration) : outcome;
}

enum outcome schema_adopt(struct context *context, const struct migration *migration)
{
    enum outcome outcome = begin(context, migration);
    return outcome == OUTCOME_OK ? finish(context, migration) : outcome;
}

/* One batch, replayed by itself when it meets others. */
static enum store_result fill_batch(struct db *db, void *filled)
{
    return members_fill(db, FILL_BATCH, filled);
}

enum outcome schema_fill(struct context *context, int64_t *filled_out)
{
    int64_t filled = 0;
    enum store_result result;
    *filled_out = 0;
    do {
        result = db_transact(context->db, fill_batch, &filled);
        *filled_out += result == STORE_OK ? filled : 0;
    } while (result == STORE_OK && filled > 0);
    return store_outcome(context, result, OUTCOME_UNAVAILABLE, "not all members could be filled in");
}
