/*
 * housekeeper.h: what has to be done without being asked for: deleting what has expired, ending
 * subscriptions whose time is over, seeing to it that there are signing keys, sealing what is kept
 * under the newest key of the key file, storing what services used, and telling other machines what rate
 * limits count. The same steps are taken by the housekeeper process of a master, by a worker that is alone,
 * in small portions between requests, and by `doorward housekeep`.
 */
#ifndef DOORWARD_CMD_HOUSEKEEPER_H
#define DOORWARD_CMD_HOUSEKEEPER_H

#include "cmd/application.h"
#include "domain/analytics/limits.h"
#include "domain/resealing.h"

struct housekeeper {
    const struct application *application; /* opened */
    struct arena *arena;                   /* of one step */
    int64_t next_ms;                       /* clock_mono_ms() of the next step */
    int64_t sweep_ms;                      /* of the next sweep, should nothing happen until then */
    int64_t pause_ms;                      /* between sweeps; grows while nothing happens */
    int64_t keys_next_ms;
    struct resealing resealing; /* behind a new key in the key file */
    int64_t exchange_ms;        /* when the machines tell each other next what they counted */
    struct limits_exchange exchange;
    uint64_t usage_lost; /* as it was last told */
    int64_t activity;    /* requests served by all processes, as of the last sweep */
};

void housekeeper_start(struct housekeeper *housekeeper, const struct application *application);
void housekeeper_end(struct housekeeper *housekeeper);

/* Milliseconds until something is due, 0 when it is. */
int housekeeper_wait_ms(const struct housekeeper *housekeeper);

/* Does what is due, for about budget_ms. STORE_OK also when nothing was. */
enum store_result housekeeper_step(struct housekeeper *housekeeper, int64_t budget_ms);

/* The housekeeper process: steps until a signal says to leave. Returns the exit status. */
int housekeeper_run(const struct application *application, int signals);

#endif
