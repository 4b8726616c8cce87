/*
 * unwritten.h: answers of providers that the database has not taken yet, kept by the process that got them.
 * What is kept is sealed, as it is going to be written.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_UNWRITTEN_H
#define DOORWARD_DOMAIN_PROVIDERS_UNWRITTEN_H

#include "domain/context.h"
#include "store/connections.h"

enum unwritten_end {
    UNWRITTEN_DONE,      /* they are in the row, or newer ones are (then the log says so) */
    UNWRITTEN_TAKEN_OFF, /* the account was taken off meanwhile: they are to be revoked */
    UNWRITTEN_LATER      /* again */
};

/* Writes tokens to the version of the row that they are for. */
enum unwritten_end unwritten_write(struct context *context, const struct connection_row *row) MUST_CHECK;

/* Keeps a copy, until unwritten_settle() has written it. */
void unwritten_keep(const struct connection_row *row);

/* Tries all that are kept, in the order in which they came; true while there are some. */
bool unwritten_settle(struct context *context);

size_t unwritten_count(void);

#endif
