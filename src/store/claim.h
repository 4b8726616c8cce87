/*
 * claim.h: how one of several couriers gets a row that waits to be sent, of outbox, webhook_deliveries
 * or provider_revocations: by one conditional UPDATE. What is claimed and never finished is due again when
 * its time is over. A claim is bound to the number of attempts and to its end, so that a courier which was
 * away for longer than its claim can't end a row that another has by then, even when the attempts are counted
 * anew.
 */
#ifndef DOORWARD_STORE_CLAIM_H
#define DOORWARD_STORE_CLAIM_H

#include "store/db.h"

/* Rows of statement tables; what NEXT_AT_STATEMENT finds is one integer, 0 when nothing waits. */
#define CLAIM_STATEMENT(table)                                                                               \
    {                                                                                                        \
        .name = table ".claim",                                                                              \
        .sql = "UPDATE " table " SET state = 'sending', attempts = attempts + 1, next_at = ?"                \
               " WHERE id = ? AND state IN ('waiting', 'sending') AND attempts = ? AND next_at <= ?",        \
        .parameters = "ibii"                                                                                 \
    }
#define NEXT_AT_STATEMENT(table, column)                                                                     \
    {                                                                                                        \
        .name = table ".next_at",                                                                            \
        .sql = "SELECT COALESCE(MIN(next_at), 0) FROM " table " WHERE state IN ('waiting', 'sending')",      \
        .parameters = "", COLUMNS(column), .retry = true                                                     \
    }

/* The end of a statement that writes how a claimed row ended; its last parameters are CLAIM_VALUES. */
#define WHERE_CLAIMED " WHERE id = ? AND state = 'sending' AND attempts = ? AND next_at = ?"
#define CLAIM_VALUES(row) sql_id((row)->id), sql_integer((row)->attempts), sql_integer((row)->claimed_until)

/* Claims the row of this id until then, if it has had so many attempts and is due; counts the attempt.
 * NOT_FOUND when another courier was faster. */
enum store_result claim_take(struct db *db, const struct statement *statement, const unsigned char id[16],
                             int64_t *attempts, int64_t now, int64_t until) MUST_CHECK;

#endif
