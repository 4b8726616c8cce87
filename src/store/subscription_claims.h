/* subscription_claims.h: what of a member's subscription is told to a client that asks for it. */
#ifndef DOORWARD_STORE_SUBSCRIPTION_CLAIMS_H
#define DOORWARD_STORE_SUBSCRIPTION_CLAIMS_H

#include "store/db.h"

extern const struct statement_table subscription_claims_statements;

struct subscription_claim {
    const char *plan, *status; /* as it is now */
    int64_t current_period_end;
    bool cancel_at_period_end;
};

/* NOT_FOUND when the user has none at this service. */
enum store_result subscription_claims_find(struct db *db, struct arena *arena,
                                           const unsigned char service_id[16],
                                           const unsigned char user_id[16], int64_t now,
                                           struct subscription_claim *claim_out) MUST_CHECK;

#endif
