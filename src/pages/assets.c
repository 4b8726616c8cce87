/*
 * assets.c: style sheets, scripts and images of the pages. A path holds the hash of the content, so
 * browsers may keep it for ever; a changed file has another path.
 */
#include "core/encode.h"
#include "core/text.h"
#include "pages/handlers.h"
#include "pages/view.h"

static enum outcome answer_asset(struct call *call, const char *hash, const char *service, const char *file)
{
    struct asset asset;
    if (!templates_asset(view_templates(&call->context), service, file, &asset))
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is no such file");
    /* A page that was rendered before the file changed still asks for the old hash: it gets the new
     * content, not to be kept. */
    bool same = text_equal(hash, asset.hash);
    response_header(&call->response, "Cache-Control",
                    same ? "public, max-age=31536000, immutable" : "no-cache");
    /* An SVG opened by itself is a document: it must not run anything (T-63). */
    response_header(&call->response, "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    response_body(&call->response, 200, asset.media_type, asset.bytes);
    return OUTCOME_OK;
}

enum outcome get_asset(struct call *call)
{
    return answer_asset(call, call->values[0], NULL, call->values[1]);
}

enum outcome get_service_asset(struct call *call)
{
    unsigned char id[16];
    if (!uuid_decode(call->values[1], id))
        return refuse(&call->context, OUTCOME_NOT_FOUND, "there is no such file");
    return answer_asset(call, call->values[0], call->values[1], call->values[2]);
}
