/*
 * provider_call.h: one request to a provider, with what all of them have in common: JSON both ways, limits on
 * time and size, the client's credentials, and how an answer is judged. Tokens and secrets travel in headers
 * and bodies, never in an address.
 */
#ifndef DOORWARD_DOMAIN_PROVIDERS_PROVIDER_CALL_H
#define DOORWARD_DOMAIN_PROVIDERS_PROVIDER_CALL_H

#include "core/strbuf.h"
#include "domain/providers/provider.h"

struct provider_answer {
    int status;
    const struct json *json; /* NULL: it isn't JSON */
    const char *error;       /* its error word; NULL when it names none */
    int64_t code;            /* the number beside it, of a provider that has such; 0: none */
};

/* When it has to be over, in ms as clock_now_ms(): a talk of several calls that began with this request, and
 * a single call that begins now. */
int64_t provider_talk_until(const struct context *context);
int64_t provider_call_until(void);

/*
 * A POST of a form ("a=b&c=d") with the client's credentials beside it, as its token_auth_method has them.
 * PROVIDER_FAILED when it isn't answered in time, with a server's error, or with success that isn't JSON
 * where JSON is demanded.
 */
enum outcome provider_post(struct context *context, const struct provider *provider, const char *url,
                           const char *form, int64_t until_ms, struct provider_answer *answer_out);

/* A GET with an access token. The same. */
enum outcome provider_get(struct context *context, const struct provider *provider, const char *url,
                          const char *access_token, int64_t until_ms, struct provider_answer *answer_out);

/* Whatever else. */
struct provider_request {
    const char *url;
    const char *method;              /* as in net/http.h; NULL for a GET or POST */
    const char *content_type, *body; /* NULL: a GET */
    const char *bearer;              /* NULL: the client's credentials as Basic */
};
enum outcome provider_send(struct context *context, const struct provider *provider,
                           const struct provider_request *request, int64_t until_ms,
                           struct provider_answer *answer_out);

/* Adds "name=value" to a form or query. */
void provider_add_pair(struct strbuf *form, const char *name, const char *value);

/* PROVIDER_FAILED with a reason and a line in the log: what was asked, and what is wrong with it. */
enum outcome provider_fail(struct context *context, const struct provider *provider, const char *what,
                           const char *why);

#endif
