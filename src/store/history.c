/* history.c: see history.h. */
#include "store/history.h"

#include "store/pattern.h"

enum { ADD, LIST };

#define ROW(member) offsetof(struct history_row, member)

static const struct column history_columns[] = {
    { COLUMN_ID, ROW(id) },         { COLUMN_ID, ROW(service_id) },      { COLUMN_TEXT, ROW(kind) },
    { COLUMN_TEXT, ROW(subject) },  { COLUMN_TEXT, ROW(actor) },         { COLUMN_TEXT, ROW(change) },
    { COLUMN_INTEGER, ROW(at_ms) }, { COLUMN_INTEGER, ROW(expires_at) },
};

static const struct statement statements[] = {
    [ADD] = { .name = "history.add",
              .sql = "INSERT INTO history (id, service_id, kind, subject, actor, `change`, at_ms, expires_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbttttii" },
    [LIST] = { .name = "history.list",
               .sql = "SELECT id, service_id, kind, subject, actor, `change`, at_ms, expires_at FROM history"
                      " WHERE service_id = ? AND subject = ? AND kind LIKE ?"
                      " ORDER BY at_ms DESC, id DESC LIMIT ? OFFSET ?",
               .parameters = "bttii",
               COLUMNS(history_columns),
               .retry = true },
};

const struct statement_table history_statements = STATEMENT_TABLE(statements);

enum store_result history_add(struct db *db, const struct history_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->service_id), sql_text(row->kind),
                         sql_text(row->subject), sql_text(row->actor), sql_text(row->change),
                         sql_integer(row->at_ms), sql_integer(row->expires_at)),
                  NULL);
}

enum store_result history_list(struct db *db, struct arena *arena, const unsigned char service_id[16],
                               const char *subject, const struct page *page, struct history_row **rows_out,
                               size_t *count_out)
{
    void *rows = NULL;
    enum store_result result = db_list(db, arena, &statements[LIST],
                                       VALUES(sql_id(service_id), sql_text(subject),
                                              sql_text(pattern_containing(arena, page->search)),
                                              sql_integer(page->limit), sql_integer(page->offset)),
                                       sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}
