/* housekeeping.c: see housekeeping.h. One row a table that grows; batches are small for Galera, which
 * replicates each as one piece. */
#include "store/housekeeping.h"

#include "core/clock.h"
#include "store/members.h"

enum { BATCH = 500 };

#define DELETE_EXPIRED(table)                                                                                \
    {                                                                                                        \
        .name = "housekeeping." table,                                                                       \
        .sql = "DELETE FROM " table " WHERE expires_at > 0 AND expires_at <= ?"                              \
               " ORDER BY expires_at LIMIT ?",                                                               \
        .parameters = "ii", .retry = true                                                                    \
    }

static const struct statement statements[] = {
    DELETE_EXPIRED("authorizations"),
    DELETE_EXPIRED("revoked_tokens"),
    DELETE_EXPIRED("tickets"),
    DELETE_EXPIRED("sessions"),
    DELETE_EXPIRED("client_secrets"),
    DELETE_EXPIRED("api_keys"),
    DELETE_EXPIRED("signing_keys"),
    DELETE_EXPIRED("attempts"),
    DELETE_EXPIRED("challenges"),
    DELETE_EXPIRED("outbox"),
    DELETE_EXPIRED("email_changes"),
    DELETE_EXPIRED("admin_sessions"),
    DELETE_EXPIRED("history"),
    DELETE_EXPIRED("idempotency_keys"),
    DELETE_EXPIRED("webhook_deliveries"),
    DELETE_EXPIRED("sign_ins"),
    DELETE_EXPIRED("usage_counts"),
    DELETE_EXPIRED("limit_counts"),
    DELETE_EXPIRED("provider_requests"),
    DELETE_EXPIRED("provider_revocations"),
    DELETE_EXPIRED("used_ids"),
    DELETE_EXPIRED("client_failures"),
    DELETE_EXPIRED("file_keys"),
};

const struct statement_table housekeeping_statements = STATEMENT_TABLE(statements);

enum store_result housekeeping_run(struct db *db, int64_t now, int64_t budget_ms,
                                   struct housekeeping *report_out)
{
    int64_t end_ms = clock_mono_ms() + budget_ms;
    *report_out = (struct housekeeping) { 0 };
    do {
        report_out->more = false;
        for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
            int64_t deleted = 0;
            enum store_result result =
                db_run(db, &statements[i], VALUES(sql_integer(now), sql_integer(BATCH)), &deleted);
            if (result != STORE_OK)
                return result;
            report_out->deleted += deleted;
            report_out->more |= deleted == BATCH;
        }
        int64_t filled = 0;
        enum store_result result = members_fill(db, BATCH, &filled);
        if (result != STORE_OK)
            return result;
        report_out->filled += filled;
        report_out->more |= filled == BATCH;
    } while (report_out->more && clock_mono_ms() < end_ms);
    return STORE_OK;
}
