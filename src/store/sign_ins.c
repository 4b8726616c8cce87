/* sign_ins.c: see sign_ins.h. */
#include "store/sign_ins.h"

enum { ADD, FORGET_USER, KEEP_S = 400 * 86400 };

static const struct statement statements[] = {
    [ADD] = { .name = "sign_ins.add",
              .sql = "INSERT INTO sign_ins (id, service_id, user_id, kind, provider, at, expires_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?)",
              .parameters = "bbbttii" },
    [FORGET_USER] = { .name = "sign_ins.forget_user",
                      .sql = "UPDATE sign_ins SET user_id = ? WHERE user_id = ?",
                      .parameters = "bb" },
};

const struct statement_table sign_ins_statements = STATEMENT_TABLE(statements);

enum store_result sign_ins_add(struct db *db, const struct sign_in_row *row)
{
    return db_run(db, &statements[ADD],
                  VALUES(sql_id(row->id), sql_id(row->service_id), sql_bytes(row->user_id, 16),
                         sql_text(row->kind), sql_text(row->provider), sql_integer(row->at),
                         sql_integer(row->at + KEEP_S)),
                  NULL);
}

enum store_result sign_ins_forget_user(struct db *db, const unsigned char user_id[16],
                                       const unsigned char nobody[16])
{
    return db_run(db, &statements[FORGET_USER], VALUES(sql_id(nobody), sql_id(user_id)), NULL);
}
