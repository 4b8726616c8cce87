/*
 * members.c: see members.h. A page of a list is found in an index alone, users are read for its rows only;
 * a search reads all of the service's rows, which hold what it looks through, and no other table.
 */
#include "store/members.h"

#include "core/text.h"
#include "store/pattern.h"

enum {
    ADD,
    FIND,
    ROLE,
    SET_ROLE,
    COUNT,
    COUNT_FOUND,
    REMOVE,
    FOLLOW_USER,
    SERVICES_OF_USER,
    FILL,
    LIST,
    SEARCH = LIST + MEMBER_ORDERS
};

#define ROW(member) offsetof(struct member_row, member)

static const struct column member_columns[] = {
    { COLUMN_ID, ROW(user_id) },
    { COLUMN_TEXT, ROW(email) },
    { COLUMN_TEXT, ROW(name) },
    { COLUMN_INTEGER, ROW(created_at) },
};
static const struct column role_column[] = { { COLUMN_TEXT, 0 } };
static const struct column count_column[] = { { COLUMN_INTEGER, 0 } };
static const struct column service_column[] = { { COLUMN_ID, 0 } };

#define WORDS "CONCAT(u.email_key, '\\n', LOWER(u.name))"

#define OF_SERVICE " WHERE m.service_id = ? AND m.created_at > ? AND m.created_at < ?"
#define THAT_MATCH " AND m.words LIKE LOWER(?)"
#define A_MEMBER "u.id, u.email, u.name, m.created_at"

/* own: what the index holds, so that the rows that a page skips are never read. */
#define LIST_ROW(order_, index, own, by)                                                                     \
    [LIST + (order_)] = {                                                                                    \
        .name = "members.list",                                                                              \
        .sql = "SELECT " A_MEMBER " FROM (SELECT " own " FROM members m"                            \
               " FORCE INDEX (" index ")" OF_SERVICE " ORDER BY " by " LIMIT ? OFFSET ?) m"                  \
               " JOIN users u ON u.id = m.user_id ORDER BY " by,                                             \
        .parameters = "biiii",                                                                               \
        COLUMNS(member_columns),                                                                             \
        .retry = true,                                                                                       \
    },                                                                                                       \
    [SEARCH + (order_)] = {                                                                                  \
        .name = "members.search",                                                                            \
        .sql = "SELECT " A_MEMBER " FROM (SELECT " own " FROM members m FORCE INDEX (PRIMARY)"               \
               OF_SERVICE THAT_MATCH " ORDER BY " by " LIMIT ? OFFSET ?) m"                                  \
               " JOIN users u ON u.id = m.user_id ORDER BY " by,                                             \
        .parameters = "biitii",                                                                              \
        COLUMNS(member_columns),                                                                             \
        .retry = true,                                                                                       \
    }

static const struct statement statements[] = {
    [ADD] = { .name = "members.add",
              .sql = "INSERT INTO members (service_id, user_id, linked_by, created_at, email_key, words)"
                     " SELECT ?, u.id, ?, ?, u.email_key, " WORDS " FROM users u WHERE u.id = ?",
              .parameters = "btib" },
    [FIND] = { .name = "members.find",
               .sql = "SELECT " A_MEMBER " FROM members m JOIN users u ON u.id = m.user_id"
                      " WHERE m.service_id = ? AND m.user_id = ?",
               .parameters = "bb",
               COLUMNS(member_columns),
               .retry = true },
    [ROLE] = { .name = "members.role",
               .sql = "SELECT role FROM members WHERE service_id = ? AND user_id = ?",
               .parameters = "bb",
               COLUMNS(role_column),
               .retry = true },
    [SET_ROLE] = { .name = "members.set_role",
                   .sql = "UPDATE members SET role = ? WHERE service_id = ? AND user_id = ?",
                   .parameters = "tbb" },
    [COUNT] = { .name = "members.count",
                .sql = "SELECT COUNT(*) FROM members m FORCE INDEX (members_order)" OF_SERVICE,
                .parameters = "bii",
                COLUMNS(count_column),
                .retry = true },
    [COUNT_FOUND] = { .name = "members.count_found",
                      .sql = "SELECT COUNT(*) FROM members m FORCE INDEX (PRIMARY)" OF_SERVICE THAT_MATCH,
                      .parameters = "biit",
                      COLUMNS(count_column),
                      .retry = true },
    [REMOVE] = { .name = "members.remove",
                 .sql = "DELETE FROM members WHERE service_id = ? AND user_id = ?",
                 .parameters = "bb" },
    [FOLLOW_USER] = { .name = "members.follow_user",
                      .sql =
                          "UPDATE members m JOIN users u ON u.id = m.user_id SET m.email_key = u.email_key,"
                          " m.words = " WORDS " WHERE m.user_id = ?",
                      .parameters = "b",
                      .retry = true },
    [SERVICES_OF_USER] = { .name = "members.services_of_user",
                           .sql =
                               "SELECT service_id FROM members WHERE user_id = ? ORDER BY created_at LIMIT ?",
                           .parameters = "bi",
                           COLUMNS(service_column),
                           .retry = true },
    /* Those that aren't filled in stand first in their service's part of the index. Looked at again as they
     * are written: FOLLOW_USER may have been faster. */
    [FILL] = { .name = "members.fill",
               .sql =
                   "UPDATE (SELECT m.service_id, m.user_id, u.email_key, " WORDS " AS words FROM services s"
                   " STRAIGHT_JOIN members m FORCE INDEX (members_email)"
                   " ON m.service_id = s.id AND m.email_key = ''"
                   " JOIN users u ON u.id = m.user_id AND u.email_key <> '' LIMIT ?) f"
                   " JOIN members t ON t.service_id = f.service_id AND t.user_id = f.user_id"
                   " AND t.email_key = ''"
                   " SET t.email_key = f.email_key, t.words = f.words",
               .parameters = "i",
               .retry = true },
    LIST_ROW(MEMBERS_OLDEST_FIRST, "members_order", "m.user_id, m.created_at", "m.created_at, m.user_id"),
    LIST_ROW(MEMBERS_NEWEST_FIRST, "members_order", "m.user_id, m.created_at",
             "m.created_at DESC, m.user_id DESC"),
    LIST_ROW(MEMBERS_BY_EMAIL, "members_email", "m.user_id, m.created_at, m.email_key", "m.email_key"),
    LIST_ROW(MEMBERS_BY_EMAIL_DOWN, "members_email", "m.user_id, m.created_at, m.email_key",
             "m.email_key DESC"),
};

const struct statement_table members_statements = STATEMENT_TABLE(statements);

enum store_result members_add(struct db *db, const unsigned char service_id[16],
                              const unsigned char user_id[16], const char *linked_by, int64_t now)
{
    return db_run_one(db, &statements[ADD],
                      VALUES(sql_id(service_id), sql_text(linked_by), sql_integer(now), sql_id(user_id)));
}

enum store_result members_find(struct db *db, struct arena *arena, const unsigned char service_id[16],
                               const unsigned char user_id[16], struct member_row *row_out)
{
    return db_find(db, arena, &statements[FIND], VALUES(sql_id(service_id), sql_id(user_id)), row_out);
}

enum store_result members_role(struct db *db, struct arena *arena, const unsigned char service_id[16],
                               const unsigned char user_id[16], const char **role_out)
{
    return db_find(db, arena, &statements[ROLE], VALUES(sql_id(service_id), sql_id(user_id)), role_out);
}

enum store_result members_set_role(struct db *db, const unsigned char service_id[16],
                                   const unsigned char user_id[16], const char *role)
{
    return db_run_one(db, &statements[SET_ROLE], VALUES(sql_text(role), sql_id(service_id), sql_id(user_id)));
}

static int64_t after(const struct member_filter *filter)
{
    return filter->created_after ? filter->created_after : INT64_MIN;
}

static int64_t before(const struct member_filter *filter)
{
    return filter->created_before ? filter->created_before : INT64_MAX;
}

enum store_result members_list(struct db *db, struct arena *arena, const unsigned char service_id[16],
                               const struct member_filter *filter, enum member_order order,
                               const struct page *page, struct member_row **rows_out, size_t *count_out)
{
    void *rows = NULL;
    enum store_result result;
    const char *pattern = pattern_containing(arena, filter->search);
    if (text_empty(filter->search))
        result = db_list(db, arena, &statements[LIST + order],
                         VALUES(sql_id(service_id), sql_integer(after(filter)), sql_integer(before(filter)),
                                sql_integer(page->limit), sql_integer(page->offset)),
                         sizeof(**rows_out), &rows, count_out);
    else
        result = db_list(db, arena, &statements[SEARCH + order],
                         VALUES(sql_id(service_id), sql_integer(after(filter)), sql_integer(before(filter)),
                                sql_text(pattern), sql_integer(page->limit), sql_integer(page->offset)),
                         sizeof(**rows_out), &rows, count_out);
    *rows_out = rows;
    return result;
}

enum store_result members_count(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                const struct member_filter *filter, int64_t *count_out)
{
    const char *pattern = pattern_containing(arena, filter->search);
    if (text_empty(filter->search))
        return db_find(db, arena, &statements[COUNT],
                       VALUES(sql_id(service_id), sql_integer(after(filter)), sql_integer(before(filter))),
                       count_out);
    return db_find(db, arena, &statements[COUNT_FOUND],
                   VALUES(sql_id(service_id), sql_integer(after(filter)), sql_integer(before(filter)),
                          sql_text(pattern)),
                   count_out);
}

enum store_result members_remove(struct db *db, const unsigned char service_id[16],
                                 const unsigned char user_id[16])
{
    return db_run_one(db, &statements[REMOVE], VALUES(sql_id(service_id), sql_id(user_id)));
}

enum store_result members_follow_user(struct db *db, const unsigned char user_id[16])
{
    return db_run(db, &statements[FOLLOW_USER], VALUES(sql_id(user_id)), NULL);
}

enum store_result members_services_of_user(struct db *db, struct arena *arena,
                                           const unsigned char user_id[16], int64_t limit,
                                           unsigned char (**services_out)[16], size_t *count_out)
{
    void *rows = NULL;
    enum store_result result =
        db_list(db, arena, &statements[SERVICES_OF_USER], VALUES(sql_id(user_id), sql_integer(limit)),
                sizeof(**services_out), &rows, count_out);
    *services_out = rows;
    return result;
}

enum store_result members_fill(struct db *db, int64_t limit, int64_t *filled_out)
{
    return db_run(db, &statements[FILL], VALUES(sql_integer(limit)), filled_out);
}
