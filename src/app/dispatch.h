/*
 * dispatch.h: from request to answer: finds the row, enforces what it says (transport, method, body,
 * limits, who), runs the handler, writes a refusal in the family's format, and logs one line.
 */
#ifndef DOORWARD_APP_DISPATCH_H
#define DOORWARD_APP_DISPATCH_H

#include "app/route.h"

/* What a process has for all its requests; dispatch() makes a context of it. */
struct application {
    const struct settings *settings;
    const struct keyfile *keyfile;
    struct shared *shared;
    struct db *db;
    struct directory *directory;
    struct keyring *keyring;
    struct outgoing *outgoing;
    int egress; /* where the egress process is reached; -1: there is none, this process sends by itself */
    const struct configured_providers *configured_providers;
    const struct route_family *const *families; /* those this process serves, NULL at the end */
};

/* Answers into call->response. status is what request_read() returned. */
void dispatch(const struct application *application, const struct request *request, int status,
              struct response *response);

#endif
