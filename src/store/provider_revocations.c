/* provider_revocations.c: see provider_revocations.h. */
#include "store/provider_revocations.h"

#include "store/claim.h"

enum { ADD, DUE, NEXT_AT, CLAIM, END, HOLD, COUNT };

enum { ERROR_BYTES = 300 };

#define ROW(member) offsetof(struct provider_revocation_row, member)

static const struct column revocation_columns[] = {
    { COLUMN_ID, ROW(id) },      { COLUMN_TEXT, ROW(provider) },      { COLUMN_BYTES, ROW(token_sealed) },
    { COLUMN_TEXT, ROW(state) }, { COLUMN_INTEGER, ROW(attempts) },   { COLUMN_INTEGER, ROW(next_at) },
    { COLUMN_TEXT, ROW(error) }, { COLUMN_INTEGER, ROW(created_at) }, { COLUMN_INTEGER, ROW(expires_at) },
};

static const struct column number_column[] = { { COLUMN_INTEGER, 0 } };

static const struct column count_columns[] = {
    { COLUMN_INTEGER, offsetof(struct provider_revocation_counts, untried) },
    { COLUMN_INTEGER, offsetof(struct provider_revocation_counts, untold) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "provider_revocations.add",
              .sql = "INSERT INTO provider_revocations (id, provider, token_sealed, state, next_at,"
                     " created_at, expires_at) VALUES (?, ?, ?, 'waiting', ?, ?, ?)",
              .parameters = "btbiii" },
    [DUE] = { .name = "provider_revocations.due",
              .sql = "SELECT id, provider, token_sealed, state, attempts, next_at, error, created_at,"
                     " expires_at FROM provider_revocations WHERE state IN ('waiting', 'sending')"
                     " AND next_at <= ? ORDER BY next_at, id LIMIT 1",
              .parameters = "i",
              COLUMNS(revocation_columns),
              .retry = true },
    [NEXT_AT] = NEXT_AT_STATEMENT("provider_revocations", number_column),
    [CLAIM] = CLAIM_STATEMENT("provider_revocations"),
    [END] = { .name = "provider_revocations.end",
              .sql = "UPDATE provider_revocations SET token_sealed = IF(? = 'waiting', token_sealed, ''),"
                     " state = ?, error = ?, next_at = ?" WHERE_CLAIMED,
              .parameters = "tttibii",
              .retry = true },
    [HOLD] = { .name = "provider_revocations.hold",
               .sql = "UPDATE provider_revocations SET next_at = ? WHERE provider = ? AND state = 'waiting'"
                      " AND next_at < ?",
               .parameters = "iti",
               .retry = true },
    [COUNT] = { .name = "provider_revocations.count",
                .sql = "SELECT COUNT(CASE WHEN state = 'sending' OR (state = 'waiting' AND attempts = 0)"
                       " THEN 1 END), COUNT(CASE WHEN state <> 'sent' THEN 1 END)"
                       " FROM provider_revocations WHERE provider = ? AND created_at >= ?",
                .parameters = "ti",
                COLUMNS(count_columns),
                .retry = true },
};

const struct statement_table provider_revocations_statements = STATEMENT_TABLE(statements);

enum store_result provider_revocations_add(struct db *db, const struct provider_revocation_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_text(row->provider),
                         sql_bytes(row->token_sealed.data, row->token_sealed.length),
                         sql_integer(row->created_at), sql_integer(row->created_at),
                         sql_integer(row->expires_at)),
                  NULL);
}

enum store_result provider_revocations_due(struct db *db, struct arena *arena, int64_t now,
                                           struct provider_revocation_row *row_out)
{
    return db_find(db, arena, &statements[DUE], VALUES(sql_integer(now)), row_out);
}

enum store_result provider_revocations_next_at(struct db *db, struct arena *arena, int64_t *next_at_out)
{
    return db_find(db, arena, &statements[NEXT_AT], NO_VALUES, next_at_out);
}

enum store_result provider_revocations_claim(struct db *db, struct provider_revocation_row *row, int64_t now,
                                             int64_t until)
{
    row->claimed_until = until;
    return claim_take(db, &statements[CLAIM], row->id, &row->attempts, now, until);
}

enum store_result provider_revocations_end(struct db *db, const struct provider_revocation_row *row)
{
    return db_run_one(db, &statements[END],
                      VALUES(sql_text(row->state), sql_text(row->state),
                             sql_text_cut(row->error, ERROR_BYTES), sql_integer(row->next_at),
                             CLAIM_VALUES(row)));
}

enum store_result provider_revocations_hold(struct db *db, const char *provider, int64_t until)
{
    return db_run(db, &statements[HOLD], VALUES(sql_integer(until), sql_text(provider), sql_integer(until)),
                  NULL);
}

enum store_result provider_revocations_count(struct db *db, struct arena *arena, const char *provider,
                                             int64_t since, struct provider_revocation_counts *counts_out)
{
    return db_find(db, arena, &statements[COUNT], VALUES(sql_text(provider), sql_integer(since)), counts_out);
}
