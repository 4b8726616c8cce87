/* subscription_claims.c: see subscription_claims.h. */
#include "store/subscription_claims.h"

#include "store/subscriptions.h"

enum { FIND };

#define CLAIM(member) offsetof(struct subscription_claim, member)

static const struct column claim_columns[] = {
    { COLUMN_TEXT, CLAIM(plan) },
    { COLUMN_TEXT, CLAIM(status) },
    { COLUMN_INTEGER, CLAIM(current_period_end) },
    { COLUMN_BOOLEAN, CLAIM(cancel_at_period_end) },
};

static const struct statement statements[] = {
    [FIND] = { .name = "subscription_claims.find",
               .sql = "SELECT p.name, " SUBSCRIPTION_STATUS ", s.current_period_end, s.cancel_at_period_end"
                      " FROM subscriptions s JOIN plans p ON p.id = s.plan_id AND p.service_id = s.service_id"
                      " WHERE s.service_id = ? AND s.user_id = ?",
               .parameters = "ibb",
               COLUMNS(claim_columns),
               .retry = true },
};

const struct statement_table subscription_claims_statements = STATEMENT_TABLE(statements);

enum store_result subscription_claims_find(struct db *db, struct arena *arena,
                                           const unsigned char service_id[16],
                                           const unsigned char user_id[16], int64_t now,
                                           struct subscription_claim *claim_out)
{
    return db_find(db, arena, &statements[FIND],
                   VALUES(sql_integer(now), sql_id(service_id), sql_id(user_id)), claim_out);
}
