/*
 * plan.h: what a service's members can subscribe to (contract: service API 1.3). Each rule is told which
 * service is meant by whoever has found out that the caller may speak for it; plans of others aren't there.
 */
#ifndef DOORWARD_DOMAIN_SUBSCRIPTIONS_PLAN_H
#define DOORWARD_DOMAIN_SUBSCRIPTIONS_PLAN_H

#include "core/json_writer.h"
#include "domain/context.h"
#include "store/plans.h"

/* What a plan is to be like; what is left out (NULL, false) stays, or takes the default in a new one: price
 * 0, "usd", no features. */
struct plan_terms {
    const char *name;
    bool has_price;
    int64_t price_cents;
    const char *currency;        /* three letters, of either case */
    const struct json *features; /* an array of texts */
};

/* The plan that a new service gets, ready to be added in the transaction that makes the service. */
void plan_make_free(const struct context *context, const unsigned char service_id[16],
                    struct plan_row *row_out);

/* Oldest first; *total_out is the number of all. A service without any plan, made by a program that didn't
 * give it one, gets Free here. */
enum outcome plan_list(struct context *context, const unsigned char service_id[16], const struct page *page,
                       struct plan_row **rows_out, size_t *count_out, int64_t *total_out);

/* By id (UUID); NOT_FOUND also for another service's, as in all that follow. */
enum outcome plan_find(struct context *context, const unsigned char service_id[16], const char *id,
                       struct plan_row *row_out);

/* INVALID_REQUEST names what is wrong; ALREADY_EXISTS when the service has a plan of this name. */
enum outcome plan_add(struct context *context, const unsigned char service_id[16],
                      const struct plan_terms *terms, struct plan_row *row_out);

/* As plan_add(); PRECONDITION_FAILED unless if_match (NULL: none was sent) is for the plan as it is. */
enum outcome plan_change(struct context *context, const unsigned char service_id[16], const char *id,
                         const char *if_match, const struct plan_terms *terms, struct plan_row *row_out);

/* INVALID_REQUEST while somebody subscribes to it. */
enum outcome plan_remove(struct context *context, const unsigned char service_id[16], const char *id);

/* A plan on the wire, and the tag of its state. */
void plan_write(struct json_writer *writer, const struct plan_row *row);
const char *plan_tag(struct arena *arena, const struct plan_row *row);

#endif
