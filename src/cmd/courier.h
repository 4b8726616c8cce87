/*
 * courier.h: carries what waits to be sent, one piece at a time: the mails of the outbox, what webhooks
 * are told, or tokens that providers are to forget. Each kind has a courier of its own, so that none waits
 * for the other. The same steps are taken by the courier processes of a master, by a worker that is alone,
 * between requests, and by `doorward housekeep`. Any number of them on any number of machines may run: a row
 * is claimed by one.
 *
 * At least once, that is: when a server has taken a piece and its answer is lost, it is sent again, with the
 * same Message-ID or webhook-id.
 */
#ifndef DOORWARD_CMD_COURIER_H
#define DOORWARD_CMD_COURIER_H

#include "cmd/application.h"
#include "net/send.h"

struct courier;

/* One kind of what is carried. */
struct cargo {
    /* Sees to the next piece that is due: OK when there was one, whatever became of it; NOT_FOUND: none. */
    enum store_result (*carry)(struct courier *courier, struct context *context);
    /* When a piece will next be due; 0: nothing waits. */
    enum store_result (*next_at)(struct db *db, struct arena *arena, int64_t *next_at_out);
};

extern const struct cargo mail_cargo, webhook_cargo, revocation_cargo;

struct courier {
    const struct cargo *cargo;
    const struct application *application; /* opened */
    struct arena *arena;                   /* of one step */
    struct send_watch watch;               /* who may hurry it */
    int64_t glance_ms;                     /* between looks into the shared page, which cost no statement */
    uint64_t seen;                         /* the shared page's number of news at the last look */
    int64_t next_ms;                       /* clock_mono_ms() of the next look into the database */
};

/* limit_s: how long one piece may take, up to SEND_LIMIT_S. */
void courier_start(struct courier *courier, const struct cargo *cargo, const struct application *application,
                   int64_t limit_s);
void courier_end(struct courier *courier);

/* Milliseconds to wait before the next courier_step(); 0 when something may be due. */
int courier_wait_ms(const struct courier *courier);

/* Sees to what is due, if anything; true when there may be more. */
bool courier_step(struct courier *courier);

/* The courier processes: step until a signal says to leave. They return the exit status. */
int courier_run_mails(const struct application *application, int signals);
int courier_run_webhooks(const struct application *application, int signals);
int courier_run_revocations(const struct application *application, int signals);

/* For the command line: what is due now, until the time is over. */
void courier_carry_due(const struct cargo *cargo, const struct application *application, int64_t budget_ms);

/* --- for cargo --- */

/* Whether its process is asked to leave, so that what was broken off is due again at once. */
bool courier_is_hurried(const struct courier *courier);

/* Writes down how a piece ended: a database that goes away just now must not make it go out twice, so this is
 * tried for a while. False when it failed for good, or the claim was over. */
typedef enum store_result (*courier_write_fn)(struct courier *courier, const void *what);
bool courier_write(struct courier *courier, courier_write_fn write, const void *what) MUST_CHECK;

/* Renders a mail and hands it over. *error_out is one line, "" for SEND_OK. */
struct outbox_row;
enum send_result courier_hand_over(struct context *context, const struct outbox_row *row,
                                   const struct json *variables, const struct send_watch *watch,
                                   const char **error_out);

#endif
