/* claim.c: see claim.h. */
#include "store/claim.h"

enum store_result claim_take(struct db *db, const struct statement *statement, const unsigned char id[16],
                             int64_t *attempts, int64_t now, int64_t until)
{
    enum store_result result = db_run_one(
        db, statement, VALUES(sql_integer(until), sql_id(id), sql_integer(*attempts), sql_integer(now)));
    *attempts += result == STORE_OK;
    return result;
}
