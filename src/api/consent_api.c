/*
 * consent_api.c: the family "consent": for consent pages of an installation's own, driven by script with
 * the person's session. The same authorize rule as behind our pages; nothing here decides anything.
 */
#include "api/api.h"
#include "app/answer.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "domain/oauth/authorize.h"

static struct authorize_parameters read_parameters(const struct call *call)
{
    return (struct authorize_parameters) {
        .response_type = "code",
        .client_id = json_member_text(call->json, "client_id"),
        .redirect_uri = json_member_text(call->json, "redirect_uri"),
        .scope = json_member_text(call->json, "scope"),
        .state = json_member_text(call->json, "state"),
        .nonce = json_member_text(call->json, "nonce"),
        .code_challenge = json_member_text(call->json, "code_challenge"),
        .code_challenge_method = json_member_text(call->json, "code_challenge_method"),
        .dpop_jkt = json_member_text(call->json, "dpop_jkt"),
    };
}

static void answer_consent(struct call *call, bool denied)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_boolean(&writer, "success", true);
    if (denied)
        json_write_boolean(&writer, "denied", true);
    json_close_object(&writer);
    response_json(&call->response, 200, writer.text.data);
}

/* Notes what the person allowed. A refusal changes nothing: what was allowed before stays. */
static enum outcome post_consent(struct call *call)
{
    bool approved;
    struct ticket ticket;
    const char *client_id = json_member_text(call->json, "client_id");
    if (!client_id || !json_boolean(json_member(call->json, "approved"), &approved))
        return refuse(&call->context, OUTCOME_INVALID_REQUEST, "client_id and approved are required");
    enum outcome outcome =
        authorize_accept_consent(&call->context, client_id, json_member_text(call->json, "scope"), &ticket);
    if (outcome == OUTCOME_OK && approved)
        outcome = authorize_allow(&call->context, &ticket, call->session);
    if (outcome == OUTCOME_OK)
        answer_consent(call, !approved);
    return outcome;
}

/* A code for a request that needs nothing more from the person. */
static enum outcome post_approve(struct call *call)
{
    bool redirectable;
    struct ticket ticket;
    enum next_step next;
    enum outcome failure;
    struct authorize_answer answer;
    struct authorize_parameters parameters = read_parameters(call);
    enum outcome outcome = authorize_accept(&call->context, &parameters, &ticket, &redirectable);
    if (outcome == OUTCOME_OK)
        outcome = authorize_next(&call->context, &ticket, call->session, &next, &failure);
    if (outcome == OUTCOME_OK && next != NEXT_ISSUE)
        outcome = refuse(&call->context, failure, "the person has to be asked first");
    if (outcome == OUTCOME_OK)
        outcome = authorize_issue(&call->context, &ticket, call->session, &answer);
    if (outcome != OUTCOME_OK)
        return outcome;

    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "code", answer.code);
    json_write_text(&writer, "state", answer.state);
    json_write_text(&writer, "iss", answer.iss);
    json_close_object(&writer);
    response_json(&call->response, 200, writer.text.data);
    return OUTCOME_OK;
}

/* It is the person who proves something here, not the client: one that isn't known is a mistake of the page.
 */
static void write_refusal(struct call *call, enum outcome outcome)
{
    answer_oauth_error(call, outcome);
    if (outcome == OUTCOME_INVALID_CLIENT)
        call->response.status = 400;
}

static const struct route routes[] = {
    { .method = "POST",
      .path = "/api/oauth/consent",
      .who = BY_SESSION,
      .body = BODY_JSON_VALUES,
      .origin = ORIGIN_REQUIRED,
      .handler = post_consent },
    { .method = "POST",
      .path = "/api/oauth/authorize/approve",
      .who = BY_SESSION,
      .body = BODY_JSON_VALUES,
      .origin = ORIGIN_REQUIRED,
      .handler = post_approve },
};

const struct route_family consent_family = { "consent", routes, ARRAY_SIZE(routes), write_refusal };
