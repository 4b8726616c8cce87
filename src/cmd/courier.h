/*
 * courier.h: sends the mails of the outbox, one at a time. The same steps are taken by the courier process of
 * a master, by a worker that is alone, between requests, and by `doorward housekeep`. Any number of them on
 * any number of machines may run: a row is claimed by one.
 *
 * At least once, that is: when a server has taken a mail and its answer is lost, the mail is sent again, with
 * the same Message-ID.
 */
#ifndef DOORWARD_CMD_COURIER_H
#define DOORWARD_CMD_COURIER_H

#include "cmd/application.h"
#include "net/send.h"

struct courier {
    const struct application *application; /* opened */
    struct arena *arena;                   /* of one step */
    struct send_watch watch;               /* who may hurry it */
    int64_t glance_ms;                     /* between looks into the shared page, which cost no statement */
    uint64_t seen;                         /* the shared page's number of mails at the last look */
    int64_t next_ms;                       /* clock_mono_ms() of the next look into the database */
};

/* limit_s: how long one mail may take, up to SEND_LIMIT_S. */
void courier_start(struct courier *courier, const struct application *application, int64_t limit_s);
void courier_end(struct courier *courier);

/* Milliseconds to wait before the next courier_step(); 0 when something may be due. */
int courier_wait_ms(const struct courier *courier);

/* Sends the mail that is due, if any; true when there may be more. */
bool courier_step(struct courier *courier);

/* The courier process: steps until a signal says to leave. Returns the exit status. */
int courier_run(const struct application *application, int signals);

/* Renders a mail and hands it over. *error_out is one line, "" for SEND_OK. */
struct outbox_row;
enum send_result courier_hand_over(struct context *context, const struct outbox_row *row,
                                   const struct json *variables, const struct send_watch *watch,
                                   const char **error_out);

#endif
