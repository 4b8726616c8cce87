/*
 * service_error.h: how a refusal of the service API looks: {"error", "error_code", "timestamp"}.
 */
#ifndef DOORWARD_APP_SERVICE_ERROR_H
#define DOORWARD_APP_SERVICE_ERROR_H

#include "app/call.h"

/* The one writer of errors of families that have this form. */
void service_write_error(struct call *call, enum outcome outcome);

/* A refusal with another error_code than its outcome's ("FEATURE_NOT_AVAILABLE_IN_TIER"); message NULL: the
 * context's reason. Written at once; the outcome is returned, for the handler to return. */
enum outcome service_refuse(struct call *call, enum outcome outcome, const char *error_code,
                            const char *message);

#endif
