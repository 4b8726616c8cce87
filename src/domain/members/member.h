/*
 * member.h: the people of a service: users who have signed in to it, or whom it has made. A service sees
 * its own members and nobody else; to unlink one ends nothing of the user's elsewhere.
 */
#ifndef DOORWARD_DOMAIN_MEMBERS_MEMBER_H
#define DOORWARD_DOMAIN_MEMBERS_MEMBER_H

#include "domain/events/event.h"
#include "store/members.h"

struct member_search {
    struct member_filter filter;
    const char *email; /* exactly this address, in any spelling of it; NULL: all */
    enum member_order order;
};

/* The words of a list's order ("created_at", "-created_at", "email", "-email"); false for another. */
bool member_order_read(const char *word, enum member_order *order_out);

/* A page of those that are meant, and how many there are of them in all. */
enum outcome member_list(struct context *context, const unsigned char service_id[16],
                         const struct member_search *search, const struct page *page,
                         struct member_row **rows_out, size_t *count_out, int64_t *total_out);

/* NOT_FOUND, also for a user of other services. */
enum outcome member_find(struct context *context, const unsigned char service_id[16],
                         const unsigned char user_id[16], struct member_row *row_out);

struct new_member {
    const unsigned char *service_id;
    const char *service_name; /* for the mail */
    const char *email;
    const char *name;  /* of a user who has to be made; NULL: the beginning of the address */
    bool invite;       /* mail a link to set a password, to who has no way to sign in yet */
    const char *actor; /* as in events */
    const char *linked_by;
};

struct added_member {
    struct member_row row;
    bool was_linked; /* before */
    bool invited;    /* a mail is on its way */
};

/*
 * Links the user with this address, who is made when there is none: unverified and without a password. OK
 * also when they were linked. INVALID_REQUEST for an address or a name that can't be; FORBIDDEN for an
 * invitation where no mail is sent.
 */
enum outcome member_add(struct context *context, const struct new_member *wanted,
                        struct added_member *added_out);

/* A link that is made with something else, its event with it: made before the transaction, stored inside it.
 */
struct member_link {
    unsigned char service_id[16], user_id[16];
    const char *linked_by;
    int64_t now;
    struct event_rows event;
};
void member_link_make(struct context *context, const unsigned char service_id[16],
                      const struct member_row *member, const char *linked_by, const char *actor,
                      struct member_link *link_out);

/* OK also when they were linked; NOT_FOUND when service or user is gone. Then event_wake(). */
enum store_result member_link_store(struct db *db, const struct member_link *link,
                                    bool *was_linked_out) MUST_CHECK;

/* What a member may do for the service: owner and admin manage it, user doesn't. INVALID_REQUEST for another
 * word; NOT_FOUND. */
enum outcome member_set_role(struct context *context, const unsigned char service_id[16],
                             const unsigned char user_id[16], const char *role, const char *actor);

/* Whether they may manage it: OK, FORBIDDEN, or NOT_FOUND for who is no member. */
enum outcome member_may_manage(struct context *context, const unsigned char service_id[16],
                               const unsigned char user_id[16]);

/* Unlinks, with the subscription and what the service may do with accounts at providers; NOT_FOUND. */
enum outcome member_remove(struct context *context, const unsigned char service_id[16],
                           const unsigned char user_id[16], const char *actor);

#endif
