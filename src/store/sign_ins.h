/* sign_ins.h: who signed in to which service, and failed to: a row each, for its numbers. */
#ifndef DOORWARD_STORE_SIGN_INS_H
#define DOORWARD_STORE_SIGN_INS_H

#include "store/db.h"

extern const struct statement_table sign_ins_statements;

#define SIGN_IN_DONE "sign_in"
#define SIGN_IN_FAILED "failure"

struct sign_in_row {
    unsigned char id[16], service_id[16];
    const unsigned char *user_id; /* NULL: not known, as of a failure */
    const char *kind, *provider;  /* "password", "mail" */
    int64_t at;
};

enum store_result sign_ins_add(struct db *db, const struct sign_in_row *row) MUST_CHECK;

/* Puts an id of nobody in a user's place. OK also when there are no rows. */
enum store_result sign_ins_forget_user(struct db *db, const unsigned char user_id[16],
                                       const unsigned char nobody[16]) MUST_CHECK;

#endif
