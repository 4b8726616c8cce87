/*
 * webhook_secret.h: what a webhook's messages are signed with (Standard Webhooks): "whsec_" and 32 random
 * bytes as base64, sealed in the row. After a rotation the old one signs along for a day.
 */
#ifndef DOORWARD_DOMAIN_EVENTS_WEBHOOK_SECRET_H
#define DOORWARD_DOMAIN_EVENTS_WEBHOOK_SECRET_H

#include "domain/context.h"
#include "store/webhooks.h"

/* Gives the row, which has its id, a secret and returns it, to be shown once. */
const char *webhook_secret_make(struct context *context, struct webhook_row *row);

/* The same beside the one that it has. NULL when that can't be opened: its key is gone from the key file. */
const char *webhook_secret_rotate(struct context *context, struct webhook_row *row);

/* Tells one row's secrets from those that it has had, also when they were sealed anew meanwhile: to be
 * hashed, and never shown. */
const char *webhook_secret_state(struct context *context, const struct webhook_row *row);

/* The value of webhook-signature: "v1,BASE64" for each secret that is valid now, over "ID.TIMESTAMP.PAYLOAD".
 * NULL when the secret can't be opened. */
const char *webhook_sign(struct context *context, const struct webhook_row *row, const char *id,
                         int64_t timestamp, const char *payload);

#endif
