/* participants.h: members as their service's workspace knows them. Every statement names the service. */
#ifndef DOORWARD_STORE_PARTICIPANTS_H
#define DOORWARD_STORE_PARTICIPANTS_H

#include "store/db.h"

extern const struct statement_table participants_statements;

struct participant_row {
    unsigned char service_id[16], user_id[16], id[16], personal_workspace_id[16];
    const char *display_name, *email;
    int64_t created_at, updated_at;
};

enum store_result participants_find(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                    const unsigned char user_id[16],
                                    struct participant_row *row_out) MUST_CHECK;

/* CONFLICT when the member is one already, NOT_FOUND when the user is no member of the service. */
enum store_result participants_add(struct db *db, const struct participant_row *row) MUST_CHECK;

/* Name, address and updated_at as in the row. */
enum store_result participants_update(struct db *db, const struct participant_row *row) MUST_CHECK;

/* Inside a transaction: how many there are, while nobody else can count or be added by who counts. */
enum store_result participants_count(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                     int64_t *count_out) MUST_CHECK;

#endif
