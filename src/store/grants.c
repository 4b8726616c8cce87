/* grants.c: see grants.h. */
#include "store/grants.h"

#include "core/strbuf.h"
#include "core/text.h"

enum { FIND, LIST, LOCK, ADD, WIDEN, REMOVE };

#define ROW(member) offsetof(struct grant_row, member)

static const struct column grant_columns[] = {
    { COLUMN_ID, ROW(id) },      { COLUMN_ID, ROW(user_id) },         { COLUMN_INTEGER, ROW(client_number) },
    { COLUMN_TEXT, ROW(scope) }, { COLUMN_INTEGER, ROW(created_at) }, { COLUMN_INTEGER, ROW(updated_at) },
};

#define LISTED(member) offsetof(struct grant_with_client, member)

static const struct column listed_columns[] = {
    { COLUMN_ID, LISTED(id) },
    { COLUMN_TEXT, LISTED(scope) },
    { COLUMN_INTEGER, LISTED(created_at) },
    { COLUMN_INTEGER, LISTED(updated_at) },
    { COLUMN_TEXT, LISTED(client_id) },
    { COLUMN_TEXT, LISTED(client_metadata) },
};

#define SELECT_ONE                                                                                           \
    "SELECT id, user_id, client_number, scope, created_at, updated_at FROM grants"                           \
    " WHERE user_id = ? AND client_number = ?"

static const struct statement statements[] = {
    [FIND] = { .name = "grants.find",
               .sql = SELECT_ONE,
               .parameters = "bi",
               COLUMNS(grant_columns),
               .retry = true },
    [LIST] = { .name = "grants.list",
               .sql = "SELECT g.id, g.scope, g.created_at, g.updated_at, c.client_id, c.metadata"
                      " FROM grants g JOIN clients c ON c.number = g.client_number"
                      " WHERE g.user_id = ? ORDER BY g.updated_at DESC, g.id LIMIT ?",
               .parameters = "bi",
               COLUMNS(listed_columns),
               .retry = true },
    [LOCK] = { .name = "grants.lock",
               .sql = SELECT_ONE " FOR UPDATE",
               .parameters = "bi",
               COLUMNS(grant_columns) },
    [ADD] = { .name = "grants.add",
              .sql = "INSERT INTO grants (id, user_id, client_number, scope, created_at, updated_at)"
                     " VALUES (?, ?, ?, ?, ?, ?)",
              .parameters = "bbitii" },
    [REMOVE] = { .name = "grants.remove",
                 .sql = "DELETE FROM grants WHERE id = ? AND user_id = ?",
                 .parameters = "bb" },
    [WIDEN] = { .name = "grants.widen",
                .sql = "UPDATE grants SET scope = ?, updated_at = ? WHERE id = ?",
                .parameters = "tib" },
};

const struct statement_table grants_statements = STATEMENT_TABLE(statements);

/* The words of both lists, each once. */
static const char *join_words(struct arena *arena, const char *list, const char *more)
{
    struct strbuf joined = strbuf_start(arena);
    strbuf_add_text(&joined, list);
    const char *word;
    size_t length;
    while (text_next_word(&more, ' ', &word, &length)) {
        const char *copy = arena_strndup(arena, word, length);
        if (text_has_word(joined.data, ' ', copy))
            continue;
        if (joined.length)
            strbuf_add_char(&joined, ' ');
        strbuf_add_text(&joined, copy);
    }
    return joined.data;
}

enum store_result grants_find(struct db *db, struct arena *arena, const unsigned char user_id[16],
                              int64_t client_number, struct grant_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(user_id), sql_integer(client_number)),
                   row_out);
}

enum store_result grants_list(struct db *db, struct arena *arena, const unsigned char user_id[16],
                              int64_t limit, struct grant_with_client **rows_out, size_t *count_out)
{
    return db_list(db, arena, &statements[LIST], VALUES(sql_id(user_id), sql_integer(limit)),
                   sizeof(**rows_out), (void **)rows_out, count_out);
}

enum store_result grants_remove(struct db *db, const unsigned char user_id[16], const unsigned char id[16])
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_id(id), sql_id(user_id)));
}

static enum store_result add(struct db *db, struct grant_row *row)
{
    row->created_at = row->updated_at;
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->user_id), sql_integer(row->client_number),
                         sql_text(row->scope), sql_integer(row->created_at), sql_integer(row->updated_at)),
                  NULL);
}

static enum store_result lock(struct db *db, struct arena *arena, const struct grant_row *row,
                              struct grant_row *old_out)
{
    return db_find(db, arena, &statements[LOCK],
                   VALUES(sql_id(row->user_id), sql_integer(row->client_number)), old_out);
}

enum store_result grants_put(struct db *db, struct arena *arena, struct grant_row *row)
{
    struct grant_row old;
    enum store_result result = lock(db, arena, row, &old);
    if (result == STORE_NOT_FOUND) {
        result = add(db, row);
        if (result != STORE_CONFLICT)
            return result;
        /* An isolation level that locks no gaps has let another tab's consent come in between. */
        result = lock(db, arena, row, &old);
    }
    if (result != STORE_OK)
        return result;
    old.scope = join_words(arena, old.scope, row->scope);
    old.updated_at = row->updated_at;
    *row = old;
    return db_run_one(db, &statements[WIDEN],
                      VALUES(sql_text(row->scope), sql_integer(row->updated_at), sql_id(row->id)));
}
