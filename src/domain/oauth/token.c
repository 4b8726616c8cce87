/* token.c: see token.h. */
#include "domain/oauth/token.h"

#include "core/text.h"

const char token_grant_types[] = "authorization_code refresh_token client_credentials";

static const struct {
    const char *grant_type;
    enum outcome (*run)(struct context *context, const struct client *client,
                        const struct token_parameters *parameters, struct token_answer *answer_out);
} grants[] = {
    { "authorization_code", code_grant },
    { "refresh_token", refresh_grant },
    { "client_credentials", client_grant },
};

enum outcome token_request(struct context *context, const struct client *client,
                           const struct token_parameters *parameters, struct token_answer *answer_out)
{
    if (!parameters->grant_type)
        return refuse(context, OUTCOME_INVALID_REQUEST, "grant_type is missing");
    for (size_t i = 0; i < ARRAY_SIZE(grants); i++) {
        if (!text_equal(grants[i].grant_type, parameters->grant_type))
            continue;
        if (!client_may_use_grant(client, parameters->grant_type))
            return refuse(context, OUTCOME_UNAUTHORIZED_CLIENT, "the client may not use this grant");
        struct token_parameters bound = *parameters;
        enum outcome outcome = binding_of_request(context, client, &bound.binding);
        if (outcome == OUTCOME_OK)
            outcome = grants[i].run(context, client, &bound, answer_out);
        answer_out->token_type = bound.binding.jkt ? "DPoP" : "Bearer";
        if (outcome == OUTCOME_OK)
            shared_usage_add(context->shared, client->service->id, USAGE_TOKENS, context->now);
        return outcome;
    }
    return refuse(context, OUTCOME_UNSUPPORTED_GRANT_TYPE, "there is no such grant here");
}
