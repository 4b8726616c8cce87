/* readiness.h: whether this process can do its work. */
#ifndef DOORWARD_DOMAIN_READINESS_H
#define DOORWARD_DOMAIN_READINESS_H

#include "domain/context.h"

/* UNAVAILABLE when the database is away or its schema isn't one that this program knows. */
enum outcome readiness_check(struct context *context);

#endif
