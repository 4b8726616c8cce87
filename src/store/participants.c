/* participants.c: see participants.h. */
#include "store/participants.h"

enum { FIND, ADD, UPDATE, LOCK_SERVICE, COUNT };

#define ROW(member) offsetof(struct participant_row, member)

static const struct column participant_columns[] = {
    { COLUMN_ID, ROW(service_id) },
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_ID, ROW(id) },
    { COLUMN_ID, ROW(personal_workspace_id) },
    { COLUMN_TEXT, ROW(display_name) },
    { COLUMN_TEXT, ROW(email) },
    { COLUMN_INTEGER, ROW(created_at) },
    { COLUMN_INTEGER, ROW(updated_at) },
};

static const struct column number_column[] = { { COLUMN_INTEGER, 0 } };

static const struct statement statements[] = {
    [FIND] = { .name = "participants.find",
               .sql = "SELECT service_id, user_id, id, personal_workspace_id, display_name, email,"
                      " created_at, updated_at FROM participants WHERE service_id = ? AND user_id = ?",
               .parameters = "bb",
               COLUMNS(participant_columns),
               .retry = true },
    [ADD] = { .name = "participants.add",
              .sql = "INSERT INTO participants (service_id, user_id, id, personal_workspace_id,"
                     " display_name, email, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbbbttii" },
    [UPDATE] = { .name = "participants.update",
                 .sql = "UPDATE participants SET display_name = ?, email = ?, updated_at = ?"
                        " WHERE service_id = ? AND user_id = ?",
                 .parameters = "ttibb",
                 .retry = true },
    [LOCK_SERVICE] = { .name = "participants.lock_service",
                       .sql = "SELECT created_at FROM services WHERE id = ? FOR UPDATE",
                       .parameters = "b",
                       COLUMNS(number_column) },
    /* a locking read, which sees what others have committed since the transaction began */
    [COUNT] = { .name = "participants.count",
                .sql = "SELECT COUNT(*) FROM participants WHERE service_id = ? LOCK IN SHARE MODE",
                .parameters = "b",
                COLUMNS(number_column) },
};

const struct statement_table participants_statements = STATEMENT_TABLE(statements);

enum store_result participants_find(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                    const unsigned char user_id[16], struct participant_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(service_id), sql_id(user_id)), row_out);
}

enum store_result participants_add(struct db *db, const struct participant_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->service_id), sql_id(row->user_id), sql_id(row->id),
                         sql_id(row->personal_workspace_id), sql_text(row->display_name),
                         sql_text(row->email), sql_integer(row->created_at), sql_integer(row->updated_at)),
                  NULL);
}

enum store_result participants_update(struct db *db, const struct participant_row *row)
{
    return db_run_one(db, &statements[UPDATE],
                      VALUES(sql_text(row->display_name), sql_text(row->email), sql_integer(row->updated_at),
                             sql_id(row->service_id), sql_id(row->user_id)));
}

enum store_result participants_count(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                     int64_t *count_out)
{
    int64_t locked;
    enum store_result result =
        db_find(db, arena, &statements[LOCK_SERVICE], VALUES(sql_id(service_id)), &locked);
    if (result != STORE_OK)
        return result;
    return db_find(db, arena, &statements[COUNT], VALUES(sql_id(service_id)), count_out);
}
