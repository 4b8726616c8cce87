/*
 * plan_endpoints.h: the endpoints of plans behind whatever way of calling them: by a service's key in
 * subscriptions_api.c, by a person who may manage the service elsewhere. The caller has found out which
 * service is meant and that it may be spoken for.
 */
#ifndef DOORWARD_API_PLAN_ENDPOINTS_H
#define DOORWARD_API_PLAN_ENDPOINTS_H

#include "app/call.h"

enum { PLAN_BODY_MAX = 64 * 1024 };

/* {plans, total} by limit and offset of the query; and a new plan of the body, 201. */
enum outcome plan_endpoint_list(struct call *call, const unsigned char service_id[16]);
enum outcome plan_endpoint_add(struct call *call, const unsigned char service_id[16]);

/* One plan, changed by the body, or removed, by its id out of the path. */
enum outcome plan_endpoint_show(struct call *call, const unsigned char service_id[16], const char *id);
enum outcome plan_endpoint_change(struct call *call, const unsigned char service_id[16], const char *id);
enum outcome plan_endpoint_remove(struct call *call, const unsigned char service_id[16], const char *id);

#endif
