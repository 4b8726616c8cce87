/*
 * migrations.h: which schema the database has, and moving it on. The table schema_migrations has a row
 * per applied file. A file is begun by inserting its number, which only one of several migrating
 * programs can do; after each statement the row notes how far it got, so that one that was interrupted
 * can be resumed.
 */
#ifndef DOORWARD_STORE_MIGRATIONS_H
#define DOORWARD_STORE_MIGRATIONS_H

#include "store/db.h"

/* The highest migration that this program was written for. */
enum { SCHEMA_NUMBER = 7 };

extern const struct statement_table migrations_statements;

struct migration_row {
    int64_t number;
    const char *name; /* of the file */
    unsigned char checksum[32];
    int64_t needs_program; /* lowest SCHEMA_NUMBER of a program that can run on it */
    int64_t statements_done;
    int64_t begun_at, applied_at; /* applied_at 0: not finished */
};

/* Makes the table itself when it's missing. */
bool migrations_prepare(struct db *db, struct arena *arena, const char **error_out) MUST_CHECK;

/* By number. OK with none on a database without the table. */
enum store_result migrations_list(struct db *db, struct arena *arena, struct migration_row **rows_out,
                                  size_t *count_out) MUST_CHECK;

/* Notes that this program applies the file now; CONFLICT when another has begun or applied it. */
enum store_result migrations_begin(struct db *db, const struct migration_row *row) MUST_CHECK;
enum store_result migrations_progress(struct db *db, int64_t number, int64_t statements_done) MUST_CHECK;
enum store_result migrations_finish(struct db *db, int64_t number, int64_t now) MUST_CHECK;

/* About how many rows a table has; NOT_FOUND when there is no such table. */
enum store_result migrations_table_rows(struct db *db, struct arena *arena, const char *table,
                                        int64_t *rows_out) MUST_CHECK;

/*
 * Whether this program can work on the database's schema: all that it was written for is applied, and
 * nothing newer says that it needs a newer program. OK with the answer in *reason_out: NULL for yes, or
 * what to do, in the arena.
 */
enum store_result schema_is_known(struct db *db, struct arena *arena, const char **reason_out) MUST_CHECK;

#endif
