/*
 * sealed.h: what is sealed under the key file and kept in a column, bound to its row and column: every such
 * column is a row in the table of store/sealed_columns.h, so that none is forgotten when the key file gets a
 * new key (resealing.h).
 */
#ifndef DOORWARD_DOMAIN_SEALED_H
#define DOORWARD_DOMAIN_SEALED_H

#include "crypto/keyfile.h"
#include "store/sealed_columns.h"

/* The row's key, as sealed_seal() and sealed_open() take it. */
struct bytes sealed_by_id(const unsigned char id[16]);
struct bytes sealed_by_text(const char *text);

struct bytes sealed_seal(const struct keyfile *keyfile, struct arena *arena, enum sealed_column column,
                         struct bytes key, struct bytes plain);
struct bytes sealed_seal_text(const struct keyfile *keyfile, struct arena *arena, enum sealed_column column,
                              struct bytes key, const char *text);

/* False for what was sealed by no key of the file, or for another row or column. */
bool sealed_open(const struct keyfile *keyfile, struct arena *arena, enum sealed_column column,
                 struct bytes key, struct bytes sealed, struct bytes *plain_out) MUST_CHECK;

/* As text; NULL when there is nothing, or it doesn't open. */
const char *sealed_open_text(const struct keyfile *keyfile, struct arena *arena, enum sealed_column column,
                             struct bytes key, struct bytes sealed);

#endif
