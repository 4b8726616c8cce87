/*
 * outbox.h: mails on their way. Added in the transaction of what they speak of; claimed as claim.h has it.
 */
#ifndef DOORWARD_STORE_OUTBOX_H
#define DOORWARD_STORE_OUTBOX_H

#include "store/db.h"

extern const struct statement_table outbox_statements;

struct outbox_row {
    unsigned char id[16];
    const char *template, *recipient, *recipient_key;
    unsigned char service_id[16]; /* zeros: none */
    const char *languages;        /* as Accept-Language has them */
    struct bytes sealed;          /* the template's variables, JSON, bound to "outbox.sealed:" and the id */
    const char *state;            /* waiting, sending, sent, dead or dropped */
    int64_t attempts, next_at;
    int64_t claimed_until; /* of a row that was claimed */
    const char *error;     /* of the last attempt; "" */
    int64_t created_at, sent_at, useless_at, expires_at;
};

/* state is waiting or dropped. */
enum store_result outbox_add(struct db *db, const struct outbox_row *row) MUST_CHECK;

/* How many mails of a template a recipient has had since then; dropped ones don't count. */
enum store_result outbox_count_since(struct db *db, struct arena *arena, const char *recipient_key,
                                     const char *template, int64_t since, int64_t *count_out) MUST_CHECK;

/* The next one that is due, oldest first; NOT_FOUND when none is. */
enum store_result outbox_due(struct db *db, struct arena *arena, int64_t now,
                             struct outbox_row *row_out) MUST_CHECK;

/* When something will next be due; 0: nothing waits. */
enum store_result outbox_next_at(struct db *db, struct arena *arena, int64_t *next_at_out) MUST_CHECK;

/* Takes a due row until then and counts the attempt, in row too: NOT_FOUND when another courier was faster.
 */
enum store_result outbox_claim(struct db *db, struct outbox_row *row, int64_t now, int64_t until) MUST_CHECK;

/* How a claimed row ended: sent (its variables are erased), to be tried again at next_at, or dead. NOT_FOUND
 * when the claim was over and another courier has it. error is cut to what the column holds. */
enum store_result outbox_sent(struct db *db, const struct outbox_row *row, int64_t now) MUST_CHECK;
enum store_result outbox_failed(struct db *db, const struct outbox_row *row, const char *error,
                                int64_t next_at) MUST_CHECK;
enum store_result outbox_dead(struct db *db, const struct outbox_row *row, const char *error) MUST_CHECK;

/* For the command line: rows of a state (NULL: all), newest first, without what is sealed; and making dead or
 * waiting ones due now (id NULL: all of them) that aren't useless yet. */
enum store_result outbox_list(struct db *db, struct arena *arena, const char *state, const struct page *page,
                              struct outbox_row **rows_out, size_t *count_out) MUST_CHECK;
enum store_result outbox_find(struct db *db, struct arena *arena, const unsigned char id[16],
                              struct outbox_row *row_out) MUST_CHECK;
enum store_result outbox_retry(struct db *db, const unsigned char *id, int64_t now,
                               int64_t *count_out) MUST_CHECK;

#endif
