/*
 * egress.h: the egress process of a master: through it the other processes reach whoever they have to ask
 * (net/porter.h), so that they open no connections of their own. It has no database and reads no request.
 * Each generation has one, with its settings; it leaves when it's told to and all who could need it have
 * left. Of what the master knows it forgets all secrets before it talks to anybody: keys, passwords and the
 * secrets of providers.
 */
#ifndef DOORWARD_CMD_EGRESS_H
#define DOORWARD_CMD_EGRESS_H

#include "core/settings.h"

/* way: where the others hand their connections over; workers: how many there are. Returns the exit status;
 * the generation of these settings is gone then, and all others. */
int egress_run(const struct settings *inherited, int way, int64_t workers, int signals);

#endif
