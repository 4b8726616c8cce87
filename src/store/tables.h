/* tables.h: every statement of the store, for the guard that prepares them all. To add an aggregate: a
 * line in tables.c. */
#ifndef DOORWARD_STORE_TABLES_H
#define DOORWARD_STORE_TABLES_H

#include "store/db.h"

extern const struct statement_table *const store_tables[]; /* NULL at the end */

#endif
