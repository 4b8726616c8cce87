/* members.h: users linked to services. Every statement names the service. */
#ifndef DOORWARD_STORE_MEMBERS_H
#define DOORWARD_STORE_MEMBERS_H

#include "store/db.h"

extern const struct statement_table members_statements;

struct member_row {
    unsigned char user_id[16];
    const char *email, *name;
    int64_t created_at; /* when the link was made */
};

enum member_order {
    MEMBERS_OLDEST_FIRST,
    MEMBERS_NEWEST_FIRST,
    MEMBERS_BY_EMAIL,
    MEMBERS_BY_EMAIL_DOWN,
    MEMBER_ORDERS
};

/* Which of a service's members are meant; search and limits of time are left open by NULL and 0. */
struct member_filter {
    const char *search;                    /* in the address or the name */
    int64_t created_after, created_before; /* both exclusive */
};

/* Links a user to a service. CONFLICT when they are linked already, NOT_FOUND when either is gone. linked_by:
 * "grant", "service_api", "admin". */
enum store_result members_add(struct db *db, const unsigned char service_id[16],
                              const unsigned char user_id[16], const char *linked_by, int64_t now) MUST_CHECK;

enum store_result members_find(struct db *db, struct arena *arena, const unsigned char service_id[16],
                               const unsigned char user_id[16], struct member_row *row_out) MUST_CHECK;

/* What a member may do for the service: "user", "admin" or "owner". NOT_FOUND. */
enum store_result members_role(struct db *db, struct arena *arena, const unsigned char service_id[16],
                               const unsigned char user_id[16], const char **role_out) MUST_CHECK;
enum store_result members_set_role(struct db *db, const unsigned char service_id[16],
                                   const unsigned char user_id[16], const char *role) MUST_CHECK;

/* page->search isn't read. */
enum store_result members_list(struct db *db, struct arena *arena, const unsigned char service_id[16],
                               const struct member_filter *filter, enum member_order order,
                               const struct page *page, struct member_row **rows_out,
                               size_t *count_out) MUST_CHECK;
enum store_result members_count(struct db *db, struct arena *arena, const unsigned char service_id[16],
                                const struct member_filter *filter, int64_t *count_out) MUST_CHECK;

/* Unlinks, and removes the subscription with it; the user stays. NOT_FOUND. */
enum store_result members_remove(struct db *db, const unsigned char service_id[16],
                                 const unsigned char user_id[16]) MUST_CHECK;

/* In the transaction that changes a user's address or name, behind it. OK also for a member of nothing. */
enum store_result members_follow_user(struct db *db, const unsigned char user_id[16]) MUST_CHECK;

/* The services that a user is a member of. */
enum store_result members_services_of_user(struct db *db, struct arena *arena,
                                           const unsigned char user_id[16], int64_t limit,
                                           unsigned char (**services_out)[16], size_t *count_out) MUST_CHECK;

/* Fills in at most limit members that came without address and words: of before migration 3, or of a program
 * of before it that still runs beside this one. */
enum store_result members_fill(struct db *db, int64_t limit, int64_t *filled_out) MUST_CHECK;

#endif
