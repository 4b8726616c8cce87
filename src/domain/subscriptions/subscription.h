/*
 * subscription.h: which plan a service's member has and for how long (contract: service API 1.3). Each
 * change is told to history and webhooks in its own transaction. Each rule is told which service is meant;
 * members and subscriptions of others aren't there. Users are named by id (UUID).
 *
 * A subscription ends at its end, to the second: what is read behind it says so, whether or not the
 * housekeeper has written it down yet, which it does with history and webhooks.
 */
#ifndef DOORWARD_DOMAIN_SUBSCRIPTIONS_SUBSCRIPTION_H
#define DOORWARD_DOMAIN_SUBSCRIPTIONS_SUBSCRIPTION_H

#include "domain/events/event.h"
#include "store/subscriptions.h"

enum { SUBSCRIPTION_NO_TRIAL = -1 };

/* What is to be different; what is NULL, 0 or -1 stays, or takes its default in a new one: active (trialing
 * with a trial_end), from now for 30 days. One that is made active or trialing again when its period is over,
 * without a new end, gets a period as a new one has. */
struct subscription_change {
    const char *plan_id;        /* UUID; a new one needs it */
    const char *status;         /* active, trialing, cancelled, expired */
    int64_t current_period_end; /* 0: stays */
    int64_t trial_end;          /* 0: stays; SUBSCRIPTION_NO_TRIAL: none */
    int cancel_at_period_end;   /* 1, 0; -1: stays */
    const char *if_match;       /* NULL: none was sent */
    const char *actor;          /* as of struct event */
};

/* INVALID_REQUEST names what is wrong; NOT_FOUND without such a plan or member; FORBIDDEN for the plan of
 * another service; ALREADY_EXISTS when the member has a subscription. */
enum outcome subscription_add(struct context *context, const unsigned char service_id[16],
                              const char *user_id, const struct subscription_change *change,
                              struct subscription_row *row_out);

/* NOT_FOUND when there is none, or no such member. */
enum outcome subscription_find(struct context *context, const unsigned char service_id[16],
                               const char *user_id, struct subscription_row *row_out);

/* Refuses as subscription_add() does, and with PRECONDITION_FAILED. A change that changes nothing isn't
 * told to anyone. */
enum outcome subscription_change(struct context *context, const unsigned char service_id[16],
                                 const char *user_id, const struct subscription_change *change,
                                 struct subscription_row *row_out);

enum outcome subscription_remove(struct context *context, const unsigned char service_id[16],
                                 const char *user_id, const char *actor);

/* The same inside a transaction, for a membership that ends: the caller wakes the courier. */
enum store_result subscription_remove_within(struct context *context, const unsigned char service_id[16],
                                             const unsigned char user_id[16], const char *actor) MUST_CHECK;

/* Those that the filter means (its now is the context's), oldest first; *total_out is the number of all of
 * them. INVALID_REQUEST for an unknown status. */
enum outcome subscription_list(struct context *context, const struct subscription_filter *filter,
                               const struct page *page, struct subscription_row **rows_out, size_t *count_out,
                               int64_t *total_out);

/* What happened to a member's subscriptions, newest first. NOT_FOUND for no member. */
enum outcome subscription_history(struct context *context, const unsigned char service_id[16],
                                  const char *user_id, const struct page *page,
                                  struct history_entry **entries_out, size_t *count_out);

/* What ended, and what will. */
struct subscription_ends {
    int64_t ended;   /* by this call */
    bool more;       /* the time was used up: some may be left */
    int64_t next_at; /* when the next one ends; 0: none does */
};

/* Ends those whose trial or period is over: cancelled where that was asked for, else expired; each in its
 * own transaction, until the time is used up. Each ends once, however many machines do this. */
enum store_result subscription_end_due(struct context *context, int64_t budget_ms,
                                       struct subscription_ends *ends_out) MUST_CHECK;

/* A subscription on the wire, and the tag of its state. */
void subscription_write(struct json_writer *writer, const struct subscription_row *row);
const char *subscription_tag(struct arena *arena, const struct subscription_row *row);

#endif
