/* browser.c: see browser.h. */
#include "domain/login/browser.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/random.h"

enum { COOKIE_BYTES = 32, COOKIE_CHARACTERS = 43, TOKEN_BYTES = 32 };

static const char token_purpose[] = "csrf";

const char *browser_new(struct context *context)
{
    return random_text(context->arena, COOKIE_BYTES);
}

bool browser_is_valid(const char *cookie)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return cookie != NULL && strlen(cookie) == COOKIE_CHARACTERS &&
           strspn(cookie, alphabet) == COOKIE_CHARACTERS;
}

/* What the token stands for. The lengths go in front, so that no two triples give the same bytes. */
static struct strbuf signed_text(struct context *context, const char *cookie, const char *form,
                                 const char *flow)
{
    struct strbuf text = strbuf_start(context->arena);
    strbuf_add_format(&text, "%zu:%zu:%s %s %s", strlen(form), strlen(flow), cookie, form, flow);
    return text;
}

const char *browser_form_token(struct context *context, const char *cookie, const char *form,
                               const char *flow)
{
    if (!browser_is_valid(cookie))
        return NULL;
    struct strbuf text = signed_text(context, cookie, form, flow);
    unsigned char mac[TOKEN_BYTES];
    keyfile_sign(context->keyfile, token_purpose, text.data, text.length, mac, sizeof mac);
    return base64url_encode(context->arena, mac, sizeof mac);
}

enum outcome browser_check_form(struct context *context, const char *cookie, const char *form,
                                const char *flow, const char *token)
{
    struct bytes mac;
    if (!browser_is_valid(cookie))
        return refuse(context, OUTCOME_FOREIGN_FORM, "the form came without this browser's cookie");
    if (text_empty(token) || !base64url_decode(context->arena, token, strlen(token), &mac) ||
        mac.length != TOKEN_BYTES)
        return refuse(context, OUTCOME_FOREIGN_FORM, "the form came without its token");

    struct strbuf text = signed_text(context, cookie, form, flow);
    if (!keyfile_verify(context->keyfile, token_purpose, text.data, text.length, mac.data, mac.length))
        return refuse(context, OUTCOME_FOREIGN_FORM, "the form's token belongs to another form or browser");
    return OUTCOME_OK;
}
