/* return_to.c: see return_to.h. */
#include "domain/login/return_to.h"

#include "core/text.h"
#include "core/uri.h"
#include "domain/directory.h"
#include "store/clients.h"

enum { MAX_CLIENTS = 50 }; /* of one origin that are looked at */

static bool is_of_origin(struct arena *arena, const char *text, const char *origin)
{
    struct uri uri;
    return text != NULL && uri_parse(arena, text, &uri) && uri_is_web(&uri) &&
           text_equal(uri_origin(arena, &uri), origin);
}

static bool list_has_origin(struct arena *arena, const char *const *uris, const char *origin)
{
    for (; uris != NULL && *uris != NULL; uris++)
        if (is_of_origin(arena, *uris, origin))
            return true;
    return false;
}

/* Pages of a client; its logo or its terms may well lie on somebody else's. */
static bool client_has_origin(struct arena *arena, const char *metadata, const char *origin)
{
    struct client client = { 0 };
    const char *error;
    return client_from_metadata(arena, metadata, &client, &error) &&
           (list_has_origin(arena, client.redirect_uris, origin) ||
            list_has_origin(arena, client.post_logout_redirect_uris, origin) ||
            is_of_origin(arena, client.client_uri, origin));
}

static enum outcome is_registered(struct context *context, const char *origin, bool *registered_out)
{
    const char **metadata;
    size_t count;
    *registered_out = text_has_word(context->settings->cors_origins, ' ', origin);
    if (*registered_out)
        return OUTCOME_OK;
    enum store_result found =
        clients_list_of_origin(context->db, context->arena, origin, MAX_CLIENTS, &metadata, &count);
    for (size_t i = 0; found == STORE_OK && i < count && !*registered_out; i++)
        *registered_out = client_has_origin(context->arena, metadata[i], origin);
    return store_outcome(context, found, OUTCOME_SERVER_ERROR, "no clients were found");
}

enum outcome return_to_check(struct context *context, const char *text, const char **safe_out)
{
    struct uri uri;
    bool registered = false;
    *safe_out = NULL;
    if (text_empty(text))
        return OUTCOME_OK;
    if (uri_is_local_path(text)) {
        *safe_out = text;
        return OUTCOME_OK;
    }
    if (!uri_parse(context->arena, text, &uri) || !uri_is_web(&uri) || uri.has_userinfo)
        return OUTCOME_OK;
    enum outcome outcome = is_registered(context, uri_origin(context->arena, &uri), &registered);
    if (outcome == OUTCOME_OK && registered)
        *safe_out = text;
    return outcome;
}
