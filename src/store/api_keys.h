/* api_keys.h: a service's keys for the service API, as hashes. */
#ifndef DOORWARD_STORE_API_KEYS_H
#define DOORWARD_STORE_API_KEYS_H

#include "store/db.h"

extern const struct statement_table api_keys_statements;

struct api_key_row {
    unsigned char id[16], service_id[16];
    const char *name;
    const char *prefix; /* what may be shown of the key */
    unsigned char key_hash[32];
    const char *permissions; /* space separated */
    const char *status;      /* "active" or "revoked" */
    int64_t created_at, expires_at;
    const char *addresses;        /* space separated addresses and ranges; "": everywhere */
    int64_t last_used_at;         /* 0: never */
    const char *created_by;       /* as history names who acts: "user:UUID"; "": the command line */
    unsigned char rotated_to[16]; /* the key that takes its place; zeros: none */
};

/* A key with all that decides whether it may be used. */
struct api_key_state {
    struct api_key_row key;
    const char *service_status, *service_name;
    const char *service_providers; /* JSON, as of services.h; NULL */
};

enum store_result api_keys_find_by_hash(struct db *db, struct arena *arena, const unsigned char hash[32],
                                        struct api_key_state *state_out) MUST_CHECK;

/* Notes its use, unless that was noted since then. */
enum store_result api_keys_touch(struct db *db, const unsigned char id[16], int64_t now,
                                 int64_t unless_since) MUST_CHECK;

/* NOT_FOUND without the service. */
enum store_result api_keys_add(struct db *db, const struct api_key_row *row) MUST_CHECK;

/* service_id NULL: whosever it is. */
enum store_result api_keys_find(struct db *db, struct arena *arena, const unsigned char *service_id,
                                const unsigned char id[16], struct api_key_row *row_out) MUST_CHECK;

/* Of one service; service_id NULL: of all. */
enum store_result api_keys_list(struct db *db, struct arena *arena, const unsigned char *service_id,
                                const struct page *page, struct api_key_row **rows_out,
                                size_t *count_out) MUST_CHECK;

/* Those of a service that aren't revoked. */
enum store_result api_keys_list_active(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                       const struct page *page, struct api_key_row **rows_out,
                                       size_t *count_out) MUST_CHECK;
enum store_result api_keys_count_active(struct db *db, struct arena *arena,
                                        const unsigned char service_id[16], int64_t *count_out) MUST_CHECK;

/* NOT_FOUND when there is no such key, or it was revoked before. service_id NULL: whosever it is. */
enum store_result api_keys_revoke(struct db *db, const unsigned char *service_id,
                                  const unsigned char id[16]) MUST_CHECK;

/* Notes which key takes its place and until when it is still good. NOT_FOUND when it was revoked or has a
 * successor already: of two rotations at once one is made. */
enum store_result api_keys_follow(struct db *db, const unsigned char id[16],
                                  const unsigned char successor[16], int64_t expires_at) MUST_CHECK;

#endif
