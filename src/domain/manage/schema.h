/*
 * schema.h: the migrations of sql_directory, and bringing the database to the newest one. Files are
 * named NUMBER-WORDS.sql, numbered without gaps from 1; a comment "Needs a program of schema: N" says
 * which is the oldest program that can still run on the result.
 */
#ifndef DOORWARD_DOMAIN_MANAGE_SCHEMA_H
#define DOORWARD_DOMAIN_MANAGE_SCHEMA_H

#include "domain/context.h"

enum migration_state { MIGRATION_PENDING, MIGRATION_APPLIED, MIGRATION_UNFINISHED };

struct migration {
    int64_t number;
    const char *name; /* of the file */
    const char *sql;
    unsigned char checksum[32];
    int64_t needs_program;
    enum migration_state state;
    int64_t statements_done, applied_at;
};

struct schema {
    struct migration *migrations; /* by number */
    size_t count, pending;        /* pending: not applied, unfinished ones included */
};

/*
 * Reads files and database. SERVER_ERROR with a reason for files that can't be used; FORBIDDEN for a
 * database that these files can't account for: a newer schema, a gap, or a file that was changed after
 * it was applied; UNAVAILABLE.
 */
enum outcome schema_read(struct context *context, struct schema *schema_out);

/* What the statements of a migration touch: its tables and about how many rows they have now. */
struct migration_cost {
    const char *statement; /* its first words; or what is filled in by batches behind the files */
    const char *table;     /* NULL: none known */
    int64_t rows;          /* 0 for a table that is new */
};
enum outcome schema_cost(struct context *context, const struct migration *migration,
                         struct migration_cost **costs_out, size_t *count_out);

/* Applies one migration, or goes on with an unfinished one where it stopped. ALREADY_EXISTS when another
 * program has begun it; SERVER_ERROR with the database's words when a statement fails. */
enum outcome schema_apply(struct context *context, const struct migration *migration);

/* Fills in by small batches what the files leave to that (migration 3: members), once all are applied.
 * Nothing to do costs a look; broken off, the next call goes on. */
enum outcome schema_fill(struct context *context, int64_t *filled_out);

/* Notes a migration as applied that was loaded by hand. */
enum outcome schema_adopt(struct context *context, const struct migration *migration);

#endif
