/* services.c: see services.h. */
#include "store/services.h"

#include "store/pattern.h"

enum { ADD, FIND, FIND_BY_SLUG, LOCK, LIST, SET, PIN_GATES, WITH_WORKSPACE };

#define ROW(member) offsetof(struct service_row, member)

static const struct column service_columns[] = {
    { COLUMN_ID, ROW(id) },
    { COLUMN_TEXT, ROW(name) },
    { COLUMN_TEXT, ROW(status) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(updated_at) },
    { COLUMN_TEXT, ROW(pin_gate) },
    { COLUMN_TEXT, ROW(sign_in_form) },
    { COLUMN_TEXT, ROW(slug) },
    { COLUMN_TEXT, ROW(service_type) },
    { COLUMN_TEXT, ROW(features) },
    { COLUMN_TEXT, ROW(workspace) },
    { COLUMN_TEXT, ROW(providers) },
};

static const struct column gate_columns[] = { { COLUMN_TEXT, offsetof(struct service_gate, pin_gate) } };

static const struct column workspace_columns[] = {
    { COLUMN_ID, offsetof(struct service_workspace, id) },
    { COLUMN_TEXT, offsetof(struct service_workspace, workspace) },
};

#define SELECT_SERVICES                                                                                      \
    "SELECT id, name, status, created_at, updated_at, pin_gate, sign_in_form, slug, service_type, features," \
    " workspace, providers FROM services"

static const struct statement statements[] = {
    [ADD] = { .name = "services.add",
              .sql = "INSERT INTO services (id, name, created_at, updated_at, pin_gate, sign_in_form, slug,"
                     " service_type, features) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "btiittttt" },
    [FIND] = { .name = "services.find",
               .sql = SELECT_SERVICES " WHERE id = ?",
               .parameters = "b",
               COLUMNS(service_columns),
               .retry = true },
    [FIND_BY_SLUG] = { .name = "services.find_by_slug",
                       .sql = SELECT_SERVICES " WHERE slug = ?",
                       .parameters = "t",
                       COLUMNS(service_columns),
                       .retry = true },
    [LOCK] = { .name = "services.lock",
               .sql = SELECT_SERVICES " WHERE id = ? FOR UPDATE",
               .parameters = "b",
               COLUMNS(service_columns) },
    [LIST] = { .name = "services.list",
               .sql = SELECT_SERVICES " WHERE name COLLATE utf8mb4_general_ci LIKE ?"
                                      " ORDER BY name, id LIMIT ? OFFSET ?",
               .parameters = "tii",
               COLUMNS(service_columns),
               .retry = true },
    [SET] = { .name = "services.set",
              .sql = "UPDATE services SET name = ?, status = ?, slug = ?, service_type = ?, features = ?,"
                     " pin_gate = ?, sign_in_form = ?, workspace = ?, providers = ?, updated_at = ?"
                     " WHERE id = ?",
              .parameters = "tttttttttib" },
    [PIN_GATES] = { .name = "services.pin_gates",
                    .sql = "SELECT DISTINCT pin_gate FROM services WHERE status = 'active'",
                    .parameters = "",
                    COLUMNS(gate_columns),
                    .retry = true },
    [WITH_WORKSPACE] = { .name = "services.with_workspace",
                         .sql = "SELECT id, workspace FROM services WHERE status = 'active'"
                                " AND workspace IS NOT NULL ORDER BY created_at, id LIMIT ?",
                         .parameters = "i",
                         COLUMNS(workspace_columns),
                         .retry = true },
};

const struct statement_table services_statements = STATEMENT_TABLE(statements);

enum store_result services_add(struct db *db, const struct service_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_text(row->name), sql_integer(row->created_at),
                         sql_integer(row->updated_at), sql_text(row->pin_gate), sql_text(row->sign_in_form),
                         sql_text(row->slug), sql_text(row->service_type), sql_text(row->features)),
                  NULL);
}

enum store_result services_find(struct db *db, struct arena *arena, const unsigned char id[16],
                                struct service_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(id)), row_out);
}

enum store_result services_find_by_slug(struct db *db, struct arena *arena, const char *slug,
                                        struct service_row *row_out)
{
    return db_find(db, arena, &statements[FIND_BY_SLUG], VALUES(sql_text(slug)), row_out);
}

enum store_result services_lock(struct db *db, struct arena *arena, const unsigned char id[16],
                                struct service_row *row_out)
{
    return db_find(db, arena, &statements[LOCK], VALUES(sql_id(id)), row_out);
}

enum store_result services_list(struct db *db, struct arena *arena, const struct page *page,
                                struct service_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result = db_list(db, arena, &statements[LIST],
                                       VALUES(sql_text(pattern_containing(arena, page->search)),
                                              sql_integer(page->limit), sql_integer(page->offset)),
                                       sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result services_set(struct db *db, const struct service_row *row)
{
    return db_run_one(db, &statements[SET],
                      VALUES(sql_text(row->name), sql_text(row->status), sql_text(row->slug),
                             sql_text(row->service_type), sql_text(row->features), sql_text(row->pin_gate),
                             sql_text(row->sign_in_form), sql_text(row->workspace), sql_text(row->providers),
                             sql_integer(row->updated_at), sql_id(row->id)));
}

enum store_result services_pin_gates(struct db *db, struct arena *arena, struct service_gate **gates_out,
                                     size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[PIN_GATES], NO_VALUES, sizeof(**gates_out), &rows, count_out);
    *gates_out = rows;
    return result;
}

enum store_result services_with_workspace(struct db *db, struct arena *arena, int64_t limit,
                                          struct service_workspace **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result = db_list(db, arena, &statements[WITH_WORKSPACE], VALUES(sql_integer(limit)),
                                       sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}
