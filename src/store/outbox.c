/* outbox.c: see outbox.h. */
#include "store/outbox.h"

#include "store/claim.h"
#include "store/pattern.h"

enum { ADD, COUNT_SINCE, DUE, NEXT_AT, CLAIM, SENT, FAILED, DEAD, FIND, LIST, LIST_STATE, RETRY, RETRY_ALL };

enum { ERROR_BYTES = 300 };

#define ROW(member) offsetof(struct outbox_row, member)

static const struct column outbox_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_TEXT, ROW(template) },
    { COLUMN_TEXT, ROW(recipient) },
    { COLUMN_TEXT, ROW(recipient_key) },
    { COLUMN_ID, ROW(service_id) },
    { COLUMN_TEXT, ROW(languages) },
    { COLUMN_BYTES, ROW(sealed) },
    { COLUMN_TEXT, ROW(state) },
    { COLUMN_INTEGER, ROW(attempts) },
    { COLUMN_INTEGER, ROW(next_at) },
    { COLUMN_TEXT, ROW(error) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(sent_at) },
    { COLUMN_INTEGER, ROW(useless_at) },
    { COLUMN_INTEGER, ROW(expires_at) },
};

static const struct column number_column[] = { { COLUMN_INTEGER, 0 } };

#define SELECT_OUTBOX(sealed)                                                                                \
    "SELECT id, template, recipient, recipient_key, service_id, languages, " sealed ", state, attempts,"     \
    " next_at, error, created_at, sent_at, useless_at, expires_at FROM outbox"
#define THAT_MATCH "(recipient_key LIKE ? OR template LIKE ?)"
#define NEWEST_FIRST " ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"

static const struct statement statements[] = {
    [ADD] = { .name = "outbox.add",
              .sql =
                  "INSERT INTO outbox (id, template, recipient, recipient_key, service_id, languages, sealed,"
                  " state, next_at, created_at, useless_at, expires_at)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "btttbtbtiiii" },
    [COUNT_SINCE] = { .name = "outbox.count_since",
                      .sql = "SELECT COUNT(*) FROM outbox WHERE recipient_key = ? AND created_at > ?"
                             " AND template = ? AND state <> 'dropped'",
                      .parameters = "tit",
                      COLUMNS(number_column),
                      .retry = true },
    [DUE] = { .name = "outbox.due",
              .sql = SELECT_OUTBOX("sealed") " WHERE state IN ('waiting', 'sending') AND next_at <= ?"
                                             " ORDER BY next_at, id LIMIT 1",
              .parameters = "i",
              COLUMNS(outbox_columns),
              .retry = true },
    [NEXT_AT] = NEXT_AT_STATEMENT("outbox", number_column),
    [CLAIM] = CLAIM_STATEMENT("outbox"),
    [SENT] = { .name = "outbox.sent",
               .sql = "UPDATE outbox SET state = 'sent', sent_at = ?, sealed = '', error = ''" WHERE_CLAIMED,
               .parameters = "ibii",
               .retry = true },
    [FAILED] = { .name = "outbox.failed",
                 .sql = "UPDATE outbox SET state = 'waiting', error = ?, next_at = ?" WHERE_CLAIMED,
                 .parameters = "tibii",
                 .retry = true },
    [DEAD] = { .name = "outbox.dead",
               .sql = "UPDATE outbox SET state = 'dead', error = ?" WHERE_CLAIMED,
               .parameters = "tbii",
               .retry = true },
    [FIND] = { .name = "outbox.find",
               .sql = SELECT_OUTBOX("''") " WHERE id = ?",
               .parameters = "b",
               COLUMNS(outbox_columns),
               .retry = true },
    [LIST] = { .name = "outbox.list",
               .sql = SELECT_OUTBOX("''") " WHERE " THAT_MATCH NEWEST_FIRST,
               .parameters = "ttii",
               COLUMNS(outbox_columns),
               .retry = true },
    [LIST_STATE] = { .name = "outbox.list_state",
                     .sql = SELECT_OUTBOX("''") " WHERE state = ? AND " THAT_MATCH NEWEST_FIRST,
                     .parameters = "tttii",
                     COLUMNS(outbox_columns),
                     .retry = true },
    [RETRY] = { .name = "outbox.retry",
                .sql = "UPDATE outbox SET state = 'waiting', next_at = ? WHERE id = ?"
                       " AND state IN ('waiting', 'dead') AND useless_at > ?",
                .parameters = "ibi",
                .retry = true },
    [RETRY_ALL] = { .name = "outbox.retry_all",
                    .sql = "UPDATE outbox SET state = 'waiting', next_at = ?"
                           " WHERE state IN ('waiting', 'dead') AND useless_at > ?",
                    .parameters = "ii",
                    .retry = true },
};

const struct statement_table outbox_statements = STATEMENT_TABLE(statements);

static struct value optional_id(const unsigned char id[16])
{
    static const unsigned char none[16];
    return memcmp(id, none, sizeof(none)) == 0 ? sql_bytes(NULL, 0) : sql_id(id);
}

enum store_result outbox_add(struct db *db, const struct outbox_row *row)
{
    return db_run(
        db, &statements[ADD],
        VALUES(sql_id(row->id), sql_text(row->template), sql_text(row->recipient),
               sql_text(row->recipient_key), optional_id(row->service_id), sql_text(row->languages),
               sql_bytes(row->sealed.data ? (const void *)row->sealed.data : "", row->sealed.length),
               sql_text(row->state), sql_integer(row->next_at), sql_integer(row->created_at),
               sql_integer(row->useless_at), sql_integer(row->expires_at)),
        NULL);
}

enum store_result outbox_count_since(struct db *db, struct arena *arena, const char *recipient_key,
                                     const char *template, int64_t since, int64_t *count_out)
{
    return db_find(db, arena, &statements[COUNT_SINCE],
                   VALUES(sql_text(recipient_key), sql_integer(since), sql_text(template)), count_out);
}

enum store_result outbox_due(struct db *db, struct arena *arena, int64_t now, struct outbox_row *row_out)
{
    return db_find(db, arena, &statements[DUE], VALUES(sql_integer(now)), row_out);
}

enum store_result outbox_next_at(struct db *db, struct arena *arena, int64_t *next_at_out)
{
    return db_find(db, arena, &statements[NEXT_AT], NO_VALUES, next_at_out);
}

enum store_result outbox_claim(struct db *db, struct outbox_row *row, int64_t now, int64_t until)
{
    row->claimed_until = until;
    return claim_take(db, &statements[CLAIM], row->id, &row->attempts, now, until);
}

enum store_result outbox_sent(struct db *db, const struct outbox_row *row, int64_t now)
{
    return db_run_one(db, &statements[SENT], VALUES(sql_integer(now), CLAIM_VALUES(row)));
}

enum store_result outbox_failed(struct db *db, const struct outbox_row *row, const char *error,
                                int64_t next_at)
{
    return db_run_one(db, &statements[FAILED],
                      VALUES(sql_text_cut(error, ERROR_BYTES), sql_integer(next_at), CLAIM_VALUES(row)));
}

enum store_result outbox_dead(struct db *db, const struct outbox_row *row, const char *error)
{
    return db_run_one(db, &statements[DEAD], VALUES(sql_text_cut(error, ERROR_BYTES), CLAIM_VALUES(row)));
}

enum store_result outbox_find(struct db *db, struct arena *arena, const unsigned char id[16],
                              struct outbox_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id)), row_out);
}

enum store_result outbox_list(struct db *db, struct arena *arena, const char *state, const struct page *page,
                              struct outbox_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    struct value pattern = sql_text(pattern_containing(arena, page->search));
    struct value limit = sql_integer(page->limit), offset = sql_integer(page->offset);
    enum store_result result =
        state ? db_list(db, arena, &statements[LIST_STATE],
                        VALUES(sql_text(state), pattern, pattern, limit, offset), sizeof(**rows_out), &rows,
                        count_out)
              : db_list(db, arena, &statements[LIST], VALUES(pattern, pattern, limit, offset),
                        sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result outbox_retry(struct db *db, const unsigned char *id, int64_t now, int64_t *count_out)
{
    if (!id)
        return db_run(db, &statements[RETRY_ALL], VALUES(sql_integer(now), sql_integer(now)), count_out);
    return db_run(db, &statements[RETRY], VALUES(sql_integer(now), sql_id(id), sql_integer(now)), count_out);
}
