/* attempts.c: see attempts.h. */
#include "store/attempts.h"

enum { ADD, COUNT, TAKE_BACK, FORGET_ALL };

#define MADE(member) offsetof(struct attempts_made, member)

static const struct column made_columns[] = {
    { COLUMN_INTEGER, MADE(count) },
    { COLUMN_INTEGER, MADE(first_ms) },
    { COLUMN_INTEGER, MADE(last_ms) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "attempts.add",
              .sql = "INSERT INTO attempts (id, subject, at_ms, expires_at) VALUES (?, ?, ?, ?)",
              .parameters = "bbii" },
    [COUNT] = { .name = "attempts.count",
                .sql = "SELECT COUNT(*), MIN(at_ms), MAX(at_ms) FROM attempts"
                       " WHERE subject = ? AND at_ms > ? AND id <> ?",
                .parameters = "bib",
                COLUMNS(made_columns),
                .retry = true },
    [TAKE_BACK] = { .name = "attempts.take_back",
                    .sql = "DELETE FROM attempts WHERE id = ?",
                    .parameters = "b",
                    .retry = true },
    [FORGET_ALL] = { .name = "attempts.forget_all",
                     .sql = "DELETE FROM attempts WHERE subject = ?",
                     .parameters = "b",
                     .retry = true },
};

const struct statement_table attempts_statements = STATEMENT_TABLE(statements);

enum store_result attempts_add(struct db *db, const struct attempt_row *row)
{
    return db_run(
        db, &statements[ADD],
        VALUES(sql_id(row->id), sql_id(row->subject), sql_integer(row->at_ms), sql_integer(row->expires_at)),
        NULL);
}

enum store_result attempts_count(struct db *db, struct arena *arena, const struct attempt_row *row,
                                 int64_t after_ms, struct attempts_made *made_out)
{
    return db_find(db, arena, &statements[COUNT],
                   VALUES(sql_id(row->subject), sql_integer(after_ms), sql_id(row->id)), made_out);
}

enum store_result attempts_take_back(struct db *db, const unsigned char id[16])
{
    return db_run(db, &statements[TAKE_BACK], VALUES(sql_id(id)), NULL);
}

enum store_result attempts_forget_all(struct db *db, const unsigned char subject[16])
{
    return db_run(db, &statements[FORGET_ALL], VALUES(sql_id(subject)), NULL);
}
