/*
 * metadata_api.c: the family "metadata": documents about ourselves, ready-made bytes that no database
 * is asked for, with an ETag, so that caches and clients need not fetch them again.
 */
#include "api/api.h"
#include "app/answer.h"
#include "core/encode.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "domain/keyring.h"
#include "domain/oidc/discovery.h"

enum { DOCUMENT_ARENA = 256 * 1024 };

/* A document of this process, made when it is first asked for and kept while its settings are. */
static struct {
    const struct settings *settings;
    struct arena *arena;
    struct bytes json;
    const char *etag;
} discovery;

static void make_discovery(const struct settings *settings)
{
    unsigned char hash[32];
    arena_destroy(discovery.arena);
    discovery.arena = arena_make(DOCUMENT_ARENA);
    discovery.settings = settings;
    const char *json = discovery_document(discovery.arena, settings);
    discovery.json = (struct bytes) { (const unsigned char *)json, strlen(json) };
    sha256_text(json, hash);
    discovery.etag = arena_printf(discovery.arena, "\"%s\"", hex_encode(discovery.arena, hash, 8));
}

/* RFC 9110 §13.1.2: any of the listed tags, weak or not, or "*". */
static bool etag_matches(const struct call *call, const char *etag)
{
    const char *wanted = request_header(call->request, "If-None-Match", NULL);
    return wanted && (text_equal(wanted, "*") || strstr(wanted, etag));
}

static enum outcome answer_document(struct call *call, struct bytes json, const char *etag,
                                    const char *caching)
{
    response_header(&call->response, "ETag", etag);
    response_header(&call->response, "Cache-Control", caching);
    if (etag_matches(call, etag))
        response_empty(&call->response, 304);
    else
        response_body(&call->response, 200, "application/json", json);
    return OUTCOME_OK;
}

static enum outcome get_discovery(struct call *call)
{
    if (discovery.settings != call->context.settings)
        make_discovery(call->context.settings);
    return answer_document(call, discovery.json, discovery.etag, "public, max-age=3600");
}

/* Keys that have moved are read anew while the database is there; without it those that are known
 * are shown. */
static enum outcome get_jwks(struct call *call)
{
    struct bytes json;
    const char *etag;
    if (directory_refresh(&call->context) == OUTCOME_OK)
        (void)keyring_refresh(&call->context);
    call->context.reason = NULL;
    enum outcome outcome = keyring_jwks(&call->context, &json, &etag);
    if (outcome != OUTCOME_OK)
        return outcome;
    return answer_document(call, json, etag, "public, max-age=86400");
}

static const struct route routes[] = {
    { .method = "GET",
      .path = "/.well-known/openid-configuration",
      .aliases = { "/.well-known/oauth-authorization-server" },
      .who = BY_ANYONE,
      .cors = CORS_PUBLIC,
      .handler = get_discovery },
    { .method = "GET",
      .path = "/.well-known/jwks.json",
      .who = BY_ANYONE,
      .cors = CORS_PUBLIC,
      .handler = get_jwks },
};

const struct route_family metadata_family = { "metadata", routes, ARRAY_SIZE(routes), answer_oauth_error };
