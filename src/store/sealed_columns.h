/*
 * sealed_columns.h: the one table of columns that hold what is sealed under the key file: where they are,
 * what a value is bound to (domain/sealed.h), and how long it may stay under an older key.
 *
 * To add one: a row here. A guard asks for every column whose name has "sealed" in it, and nothing else seals
 * what goes into a column. One that lives for long in a table that grows needs an index on its first 17
 * bytes.
 */
#ifndef DOORWARD_STORE_SEALED_COLUMNS_H
#define DOORWARD_STORE_SEALED_COLUMNS_H

#include "store/db.h"

/* How the row's key is spelled in what a value is bound to; and as what it is bound in a statement. */
enum sealed_spelling { SPELT_UUID = 'u', SPELT_HEX = 'h', SPELT_TEXT = 't' };

enum sealed_life {
    SEALED_FOR_LONG,   /* sealed anew under the newest key */
    SEALED_FOR_DAYS,   /* gone by itself; who takes a key out of the file is told of them */
    SEALED_FOR_SECONDS /* nobody asks for it afterwards */
};

/* name, table, key, column, what it is bound to, how the key is spelled there, kind of the key, life */
#define SEALED_COLUMN_TABLE(ROW)                                                                             \
    ROW(CLIENT_SECRET, client_secrets, id, sealed, "client_secrets", UUID, "b", LONG)                        \
    ROW(SIGNING_KEY, signing_keys, kid, sealed, "signing_keys", TEXT, "t", LONG)                             \
    ROW(SECOND_STEP, admins, id, totp_sealed, "admins.totp", UUID, "b", LONG)                                \
    ROW(WEBHOOK_SECRET, webhooks, id, secret_sealed, "webhooks.secret_sealed", HEX, "b", LONG)               \
    ROW(PROVIDER_SECRET, providers, name, secret_sealed, "providers.secret", TEXT, "t", LONG)                \
    ROW(ACCESS_TOKEN, connections, id, access_sealed, "connections.access_sealed", HEX, "b", LONG)           \
    ROW(REFRESH_TOKEN, connections, id, refresh_sealed, "connections.refresh_sealed", HEX, "b", LONG)        \
    ROW(REVOKED_TOKEN, provider_revocations, id, token_sealed, "provider_revocations.token_sealed", HEX,     \
        "b", DAYS)                                                                                           \
    ROW(MAIL, outbox, id, sealed, "outbox.sealed", HEX, "b", DAYS)                                           \
    ROW(KEPT_ANSWER, idempotency_keys, id, sealed, "idempotency_keys.sealed", HEX, "b", DAYS)                \
    ROW(SUCCESSOR, authorizations, id, refresh_sealed, "authorizations.refresh", TEXT, "b", SECONDS)

#define SEALED_NAME(name, table, key, column, bound_to, spelling, kind, life) SEALED_##name,
enum sealed_column { SEALED_COLUMN_TABLE(SEALED_NAME) SEALED_COLUMNS };
#undef SEALED_NAME

struct sealed_facts {
    const char *name; /* "client_secrets.sealed" */
    const char *bound_to;
    enum sealed_spelling spelling;
    enum sealed_life life;
};

extern const struct sealed_facts sealed_facts[SEALED_COLUMNS];
extern const struct statement_table sealed_columns_statements;

struct sealed_row {
    struct bytes key, sealed;
};

/* Values that don't begin as those of a key do: by the row's key, behind one ({NULL, 0}: from the start). */
enum store_result sealed_columns_list(struct db *db, struct arena *arena, enum sealed_column column,
                                      struct bytes beginning, struct bytes behind, int64_t limit,
                                      struct sealed_row **rows_out, size_t *count_out) MUST_CHECK;

/* Another value in its place; NOT_FOUND when it has changed since it was read, or is gone. */
enum store_result sealed_columns_replace(struct db *db, enum sealed_column column,
                                         const struct sealed_row *row, struct bytes sealed) MUST_CHECK;

struct sealed_count {
    const char *key; /* the name that the values begin with */
    int64_t count;
};

/* How many values which key sealed; reads the whole table. */
enum store_result sealed_columns_count(struct db *db, struct arena *arena, enum sealed_column column,
                                       struct sealed_count **counts_out, size_t *count_out) MUST_CHECK;

#endif
