/* ticket.c: see ticket.h. What is stored is a JSON object of the accepted request. */
#include "domain/oauth/ticket.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/handle.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "domain/oauth/redirect_uri.h"
#include "store/tickets.h"

/* Text members of a stored request: one list for writing and reading. */
static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "redirect_uri", offsetof(struct ticket, redirect_uri) },
    { "scope", offsetof(struct ticket, scope) },
    { "state", offsetof(struct ticket, state) },
    { "nonce", offsetof(struct ticket, nonce) },
    { "code_challenge", offsetof(struct ticket, code_challenge) },
    { "dpop_jkt", offsetof(struct ticket, dpop_jkt) },
    { "login_hint", offsetof(struct ticket, login_hint) },
    { "ui_locales", offsetof(struct ticket, ui_locales) },
    { "hinted_user", offsetof(struct ticket, hinted_user) },
};

static const char **member_of(struct ticket *ticket, size_t index)
{
    return (const char **)(void *)((char *)ticket + members[index].offset);
}

static const char *print_request(struct context *context, struct ticket *ticket)
{
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        json_write_text(&writer, members[i].name, *member_of(ticket, i));
    json_write_boolean(&writer, "redirect_uri_sent", ticket->redirect_uri_sent);
    json_write_integer(&writer, "response_mode", ticket->response_mode);
    json_write_integer(&writer, "prompt", ticket->prompt);
    json_write_integer(&writer, "max_age", ticket->max_age);
    if (ticket->has_settled_session)
        json_write_text(&writer, "settled", hex_encode(context->arena, ticket->settled_sid, 16));
    json_close_object(&writer);
    return writer.text.data;
}

static bool read_request(struct context *context, const char *text, struct ticket *ticket)
{
    const char *error;
    int64_t mode = 0, prompt = 0;
    const struct json *request = json_parse(context->arena, text, strlen(text), &error);
    if (!request)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        *member_of(ticket, i) = json_member_text(request, members[i].name);
    if (!json_boolean(json_member(request, "redirect_uri_sent"), &ticket->redirect_uri_sent) ||
        !json_integer(json_member(request, "response_mode"), &mode) ||
        !json_integer(json_member(request, "prompt"), &prompt) ||
        !json_integer(json_member(request, "max_age"), &ticket->max_age) || !ticket->redirect_uri ||
        !ticket->scope)
        return false;
    ticket->response_mode = (enum response_mode)mode;
    ticket->prompt = (unsigned)prompt;
    const char *settled = json_member_text(request, "settled");
    ticket->has_settled_session = settled && hex_decode(settled, ticket->settled_sid, 16);
    return true;
}

enum outcome ticket_save(struct context *context, struct ticket *ticket, const char *browser)
{
    struct handle handle;
    struct ticket_row row = {
        .client_number = ticket->client->number,
        .created_at = context->now,
        .expires_at = context->now + context->settings->flow_lifetime_s,
    };
    random_uuid_timed(context->now_ms, ticket->id);
    handle_make(HANDLE_TICKET, ticket->id, 0, &handle);
    memcpy(row.id, ticket->id, sizeof(row.id));
    memcpy(row.secret_hash, handle.hash, sizeof(row.secret_hash));
    sha256_text(browser, row.browser_hash);
    row.request = print_request(context, ticket);
    ticket->created_at = context->now;
    ticket->text = handle_print(context->keyfile, context->arena, &handle);
    return store_outcome(context, tickets_add(context->db, &row), OUTCOME_SERVER_ERROR, NULL);
}

static enum outcome ended(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_FLOW_ENDED, reason);
}

static enum outcome check_row(struct context *context, const struct ticket_row *row, const char *browser,
                              struct ticket *ticket)
{
    unsigned char browser_hash[32];
    if (!browser)
        return ended(context, "this sign-in was begun in another browser");
    sha256_text(browser, browser_hash);
    if (!secret_equal_hash(row->browser_hash, browser_hash))
        return ended(context, "this sign-in was begun in another browser");
    ticket->ended = true;
    if (row->finished_at)
        return ended(context, "this sign-in has been finished");
    if (row->expires_at <= context->now)
        return ended(context, "this sign-in has expired");
    ticket->ended = false;
    return OUTCOME_OK;
}

/* What was fine when the request was accepted may have been changed since. */
static enum outcome check_client(struct context *context, struct ticket *ticket, int64_t client_number)
{
    enum outcome outcome = directory_client_by_number(context, client_number, &ticket->client);
    if (outcome == OUTCOME_UNAVAILABLE)
        return outcome;
    if (outcome != OUTCOME_OK || !ticket->client->active ||
        !redirect_uri_is_registered(context->arena, ticket->client, ticket->redirect_uri))
        return ended(context, "the application has been changed or disabled");
    return OUTCOME_OK;
}

enum outcome ticket_find(struct context *context, const char *text, const char *browser,
                         struct ticket *ticket_out)
{
    struct handle handle;
    struct ticket_row row;
    *ticket_out = (struct ticket) { .text = text };
    if (!text || !handle_parse(context->keyfile, context->arena, HANDLE_TICKET, text, &handle))
        return ended(context, "there is no such sign-in");
    enum store_result found = tickets_find(context->db, context->arena, handle.id, &row);
    enum outcome outcome = store_outcome(context, found, OUTCOME_FLOW_ENDED, "this sign-in has expired");
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!secret_equal_hash(row.secret_hash, handle.hash) || !read_request(context, row.request, ticket_out))
        return ended(context, "there is no such sign-in");
    memcpy(ticket_out->id, row.id, sizeof(row.id));
    ticket_out->created_at = row.created_at;
    enum outcome state = check_row(context, &row, browser, ticket_out);
    const char *reason = context->reason;
    outcome = check_client(context, ticket_out, row.client_number);
    if (outcome != OUTCOME_OK)
        ticket_out->ended = false;
    if (state != OUTCOME_OK)
        context->reason = reason;
    return outcome == OUTCOME_UNAVAILABLE || state == OUTCOME_OK ? outcome : state;
}

enum outcome ticket_signed_in(struct context *context, struct ticket *ticket, const struct session *session)
{
    ticket->has_settled_session = true;
    memcpy(ticket->settled_sid, session->sid, sizeof(ticket->settled_sid));
    const char *request = print_request(context, ticket);
    enum store_result changed = tickets_change_request(context->db, ticket->id, request, context->now);
    return store_outcome(context, changed, OUTCOME_FLOW_ENDED, "this sign-in has been finished");
}
