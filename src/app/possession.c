/* possession.c: see possession.h. */
#include "app/possession.h"

#include "core/log.h"
#include "core/text.h"
#include "crypto/certificate.h"

/* Names under which the three web servers hand a certificate over, as contrib sets them up. */
static const char *const certificate_names[] = { "SSL_CLIENT_ESCAPED_CERT", "SSL_CLIENT_CERT" };

static void read_certificate(struct call *call)
{
    struct context *context = &call->context;
    const char *text = NULL, *error;
    for (size_t i = 0; !text && i < ARRAY_SIZE(certificate_names); i++)
        text = request_server_parameter(call->request, certificate_names[i]);
    if (!text)
        return;
    context->certificate = certificate_read(call->arena, text, &error);
    if (!context->certificate)
        log_warn("the web server's client certificate is of no use: %s", error);
    context->certificate_verified =
        context->certificate &&
        text_equal(request_server_parameter(call->request, "SSL_CLIENT_VERIFY"), "SUCCESS");
}

void possession_read(struct call *call)
{
    struct dpop_request *dpop = &call->context.dpop;
    dpop->method = call->request->method;
    dpop->path = call->request->path;
    dpop->proof = request_header(call->request, "DPoP", &dpop->repeated);
    if (call->context.settings->client_certificates)
        read_certificate(call);
}

void possession_answer(struct call *call)
{
    if (call->context.dpop_nonce)
        response_header(&call->response, "DPoP-Nonce", call->context.dpop_nonce);
}
