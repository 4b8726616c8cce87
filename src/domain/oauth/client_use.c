/* client_use.c: see client_use.h. */
#include "domain/oauth/client_use.h"

#include "core/log.h"
#include "store/client_uses.h"

enum { TOUCH_INTERVAL_S = 60 };

/* A missed note costs a minute of knowing; its failure is nobody's problem. */
void client_note_use(struct context *context, const struct client_proof *proof)
{
    const struct client *client = proof->client;
    bool secret = proof->way->needs == NEEDS_SECRET;
    int64_t since = context->now - TOUCH_INTERVAL_S;
    int64_t *noted = secret ? &client->use->secrets[proof->secret_used] : &client->use->keys;
    if (proof->way->needs == NEEDS_NOTHING || *noted > since)
        return;
    *noted = context->now;
    const struct client_use_note note = { context->now, since, context->address };
    enum store_result result =
        secret ? client_uses_touch_secret(context->db, client->secrets[proof->secret_used].id, &note)
               : client_uses_touch(context->db, client->number, &note);
    if (result != STORE_OK)
        log_warn("client.use_not_noted");
}
