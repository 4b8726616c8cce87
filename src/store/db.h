/*
 * db.h: the one connection that a process has to MariaDB, and how statements are run on it.
 * db.c is the only file that includes mysql.h.
 *
 * To add a statement: a row in the table at the top of the aggregate's file, and the function that
 * binds it below; no other place. Rows are prepared on first use, once per connection.
 *
 * Never opened before fork. A lost connection is opened again at the next call; a statement marked
 * retry is then run once more by itself, outside transactions only. What MariaDB and Galera do under
 * fault is written in the comments of db.c.
 */
#ifndef DOORWARD_STORE_DB_H
#define DOORWARD_STORE_DB_H

#include "core/arena.h"
#include "core/settings.h"

struct db;

/* How every store function ends. */
enum store_result {
    STORE_OK,        /* found, or done */
    STORE_NOT_FOUND, /* no row; or, of a conditional write, the condition didn't hold; or the row that a
                      * new one refers to is gone */
    STORE_CONFLICT,  /* a unique key is taken */
    STORE_FAILED,    /* the database is away or refused; nothing was written */
    STORE_UNCERTAIN  /* the connection was lost while committing: look the key up before telling */
};

/* A handle that connects on first use. settings must outlive it. */
struct db *db_make(const struct settings *settings);
void db_destroy(struct db *db);

/* Connects now if there's no connection. False when the database is away. */
bool db_connect(struct db *db);

/* Closes the connection (before fork, or to have the next call open a fresh one). */
void db_disconnect(struct db *db);

/* --- statements --- */

/* Parameter kinds, one letter each in struct statement.parameters. */
enum value_kind { VALUE_TEXT = 't', VALUE_INTEGER = 'i', VALUE_BYTES = 'b' };

struct value {
    enum value_kind kind;
    bool null;
    int64_t integer;
    struct bytes bytes;
};

struct value sql_text(const char *text); /* NULL binds NULL */
/* What a column of that many bytes holds of it: whole characters, up to the first that isn't UTF-8. */
struct value sql_text_cut(const char *text, size_t most);

struct value sql_integer(int64_t integer);
struct value sql_bytes(const void *data, size_t length); /* NULL data binds NULL */
struct value sql_id(const unsigned char id[16]);
struct value sql_hash(const unsigned char hash[32]);

enum column_kind {
    COLUMN_TEXT,    /* const char *, NULL for NULL */
    COLUMN_INTEGER, /* int64_t, 0 for NULL */
    COLUMN_BOOLEAN, /* bool */
    COLUMN_BYTES,   /* struct bytes, {NULL, 0} for NULL */
    COLUMN_ID,      /* unsigned char[16]; zeros for NULL */
    COLUMN_HASH     /* unsigned char[32]; zeros for NULL */
};

/* Where a result column goes in the caller's row struct. */
struct column {
    enum column_kind kind;
    size_t offset;
};

struct statement {
    const char *name; /* for the log: "users.find_by_email" */
    const char *sql;
    const char *parameters; /* kinds in order: "bti"; "" for none */
    const struct column *columns;
    size_t column_count;
    bool retry; /* may be run again after a lost connection (reads) */
};

/* The statements of one aggregate, for the guard that prepares every row: store/tables.h lists all. */
struct statement_table {
    const struct statement *rows;
    size_t count;
};

/* The last two members of a statement with results, and the table of a file's statements. */
#define COLUMNS(map) .columns = (map), .column_count = ARRAY_SIZE(map)
#define STATEMENT_TABLE(rows_)                                                                               \
    {                                                                                                        \
        .rows = (rows_), .count = ARRAY_SIZE(rows_)                                                          \
    }

/* Values as an array literal: VALUES(sql_id(id), sql_text(name)). */
#define VALUES(...)                                                                                          \
    (const struct value[])                                                                                   \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define NO_VALUES ((const struct value *)0)

/* One row into *row_out (a struct of the aggregate), strings in the arena. OK or NOT_FOUND or worse.
 * More than one row is a bug. Also for DELETE … RETURNING, where the row is what was consumed. */
enum store_result db_find(struct db *db, struct arena *arena, const struct statement *statement,
                          const struct value *values, void *row_out) MUST_CHECK;

/* Which part of a list is wanted. */
struct page {
    const char *search; /* NULL or "": everything */
    int64_t limit, offset;
};

/* All rows as an array of row_size each, in the arena. OK also when there are none. */
enum store_result db_list(struct db *db, struct arena *arena, const struct statement *statement,
                          const struct value *values, size_t row_size, void **rows_out,
                          size_t *count_out) MUST_CHECK;

/* A write. *affected_out (may be NULL) is the number of rows that matched (CLIENT_FOUND_ROWS). */
enum store_result db_run(struct db *db, const struct statement *statement, const struct value *values,
                         int64_t *affected_out) MUST_CHECK;

/* A write that must match exactly one row: NOT_FOUND when it matched none. */
enum store_result db_run_one(struct db *db, const struct statement *statement,
                             const struct value *values) MUST_CHECK;

/*
 * Runs work(argument) between START TRANSACTION and COMMIT, again from its start (five times at most,
 * with a pause) when MariaDB or Galera says that it must (1213, 1205, lost node). Any result of work
 * but STORE_OK rolls back and is returned. So work changes nothing outside the database, and resets
 * what it fills.
 */
typedef enum store_result (*db_work_fn)(struct db *db, void *argument);
enum store_result db_transact(struct db *db, db_work_fn work, void *argument) MUST_CHECK;

/* Prepares a statement and compares its parameters and columns with its row; *error_out says what is
 * wrong. For the guard and for tools; everything else prepares on first use. */
bool db_check_statement(struct db *db, struct arena *arena, const struct statement *statement,
                        const char **error_out) MUST_CHECK;

/* Runs a file of plain SQL (a migration), statement by statement and without a time limit; *error_out
 * says which failed. Not inside a transaction. */
bool db_run_script(struct db *db, struct arena *arena, const char *sql, const char **error_out) MUST_CHECK;

/* What this connection did since it was made: for the budget test and the log. */
struct db_counts {
    uint64_t statements, round_trips, commits;
};
struct db_counts db_counts(const struct db *db);

#endif
