/* passage.c: see passage.h. */
#include "pages/passage.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "domain/login/return_to.h"
#include "app/browser_side.h"
#include "pages/flow.h"

/* --- reading --- */

/* One that waits no more is left out, and the page says so. Whoever is signed in proves the account that it
 * waits for once more, or signs in to that one. */
static enum outcome read_pending(struct call *call, struct passage *passage)
{
    const char *text = call_parameter(call, "pending");
    if (text == NULL)
        return OUTCOME_OK;
    enum outcome looked = linking_look(&call->context, text, call->browser, &passage->linking);
    if (looked == OUTCOME_FLOW_ENDED) {
        call->context.reason = NULL;
        if (passage->note.problem == NULL)
            passage->note.problem = "problem_connection_ended";
        return OUTCOME_OK;
    }
    if (looked != OUTCOME_OK)
        return looked;
    passage->pending = text;
    if (call->session != NULL) {
        bool is_theirs = memcmp(call->session->user_id, passage->linking.user_id, 16) == 0;
        passage->again |= is_theirs;
        passage->switching |= !is_theirs;
    }
    return OUTCOME_OK;
}

enum outcome passage_read(struct call *call, struct passage *passage_out)
{
    *passage_out = (struct passage) {
        .flow = call_parameter(call, "oauth_request"),
        .again = call_parameter(call, "again") != NULL,
        .switching = call_parameter(call, "switch") != NULL,
        .note = note_read(call),
    };
    enum outcome outcome =
        return_to_check(&call->context, call_parameter(call, "return_to"), &passage_out->return_to);
    if (outcome == OUTCOME_OK && passage_out->flow != NULL)
        outcome = flow_find(call, passage_out->flow, &passage_out->ticket);
    return outcome == OUTCOME_OK ? read_pending(call, passage_out) : outcome;
}

enum outcome passage_read_form(struct call *call, const char *form, struct passage *passage_out)
{
    const char *flow = call_parameter(call, "oauth_request");
    enum outcome checked = browser_side_check(call, form, flow == NULL ? "" : flow);
    return checked == OUTCOME_OK ? passage_read(call, passage_out) : checked;
}

enum outcome passage_next(struct call *call, struct passage *passage, enum next_step *next_out,
                          enum outcome *failure_out)
{
    bool stays = passage->again || passage->switching || call->session == NULL;
    *failure_out = OUTCOME_OK;
    *next_out = stays ? NEXT_SIGN_IN : NEXT_ISSUE;
    if (passage->flow == NULL || passage->switching)
        return OUTCOME_OK;
    return flow_next(call, &passage->ticket, next_out, failure_out);
}

static enum outcome take(struct call *call, struct passage *passage, enum next_step next,
                         enum outcome failure)
{
    if (passage->flow != NULL)
        return flow_take(call, &passage->ticket, next, failure);
    flow_redirect(call, passage_target(call, passage));
    return OUTCOME_OK;
}

bool passage_waits(struct call *call, struct passage *passage, enum outcome *outcome_out)
{
    enum next_step next;
    enum outcome failure;
    *outcome_out = passage_next(call, passage, &next, &failure);
    if (*outcome_out != OUTCOME_OK)
        return false;
    if (next != NEXT_SIGN_IN)
        *outcome_out = take(call, passage, next, failure);
    return next == NEXT_SIGN_IN;
}

/* The languages of mails: what the application asks for comes before what the browser does. */
static const char *mail_languages(struct call *call, const char *ui_locales)
{
    enum { LONGEST = 200 };
    const char *own = call->context.languages;
    if (ui_locales == NULL || !text_is_printable(ui_locales))
        return NULL;
    char *list = arena_printf(call->arena, "%s,%s", ui_locales, own == NULL ? "" : own);
    for (char *space = strchr(list, ' '); space != NULL; space = strchr(space, ' '))
        *space = ',';
    return strlen(list) <= LONGEST ? list : NULL;
}

struct sign_in_place passage_place(struct call *call, const struct passage *passage)
{
    struct sign_in_place place = browser_side_place(call);
    if (passage->flow != NULL) {
        place.service = passage->ticket.client->service;
        place.flow = passage->flow;
        place.languages = mail_languages(call, passage->ticket.ui_locales);
    }
    place.return_to = passage->return_to;
    place.pending = passage->pending;
    return place;
}

/* --- from page to page --- */

static const struct carried {
    const char *name, *value;
} * carried_by(struct call *call, const struct passage *passage)
{
    struct carried *list = arena_alloc(call->arena, 6 * sizeof *list);
    size_t count = 0;
    if (passage->flow != NULL)
        list[count++] = (struct carried) { "oauth_request", passage->flow };
    if (passage->return_to != NULL)
        list[count++] = (struct carried) { "return_to", passage->return_to };
    if (passage->again)
        list[count++] = (struct carried) { "again", "1" };
    if (passage->switching)
        list[count++] = (struct carried) { "switch", "1" };
    if (passage->pending != NULL)
        list[count++] = (struct carried) { "pending", passage->pending };
    return list;
}

const char *passage_path(struct call *call, const struct passage *passage, const char *path,
                         const struct note *note)
{
    struct strbuf out = strbuf_start(call->arena);
    const char *between = "?";
    strbuf_add_text(&out, view_path(call, path));
    for (const struct carried *one = carried_by(call, passage); one->name != NULL; one++) {
        strbuf_add_format(&out, "%s%s=%s", between, one->name, percent_encode(call->arena, one->value));
        between = "&";
    }
    if (note != NULL)
        strbuf_add_format(&out, "%s" NOTE_PARAMETER "=%s", between, note_seal(call, note));
    return out.data;
}

enum outcome passage_redirect(struct call *call, const struct passage *passage, const char *path,
                              const struct note *note)
{
    flow_redirect(call, passage_path(call, passage, path, note));
    return OUTCOME_OK;
}

struct view *passage_view(struct call *call, const char *page, const char *path, const char *form,
                          const struct passage *passage)
{
    bool in_flow = passage->flow != NULL;
    browser_side_ensure(call);
    struct view *view = view_start(call, page, in_flow ? passage->ticket.client : NULL,
                                   in_flow ? passage->ticket.ui_locales : NULL);
    view_form(view, path, form, in_flow ? passage->flow : "");
    for (const struct carried *one = carried_by(call, passage); one->name != NULL; one++)
        view_parameter(view, one->name, one->value);
    if (in_flow)
        view_form_may_reach_client(view, passage->ticket.client, passage->ticket.redirect_uri);
    view_form_may_reach(view, passage->return_to);
    return view;
}

/* --- behind a sign-in --- */

enum outcome passage_adopt(struct call *call, struct passage *passage, const char *flow,
                           const char *return_to)
{
    if (passage->return_to == NULL) {
        enum outcome checked = return_to_check(&call->context, return_to, &passage->return_to);
        if (checked != OUTCOME_OK)
            return checked;
    }
    if (passage->flow != NULL || flow == NULL)
        return OUTCOME_OK;
    enum outcome found = ticket_find(&call->context, flow, call->browser, &passage->ticket);
    if (found == OUTCOME_OK) {
        passage->flow = flow;
        call->client = passage->ticket.client;
    }
    return found == OUTCOME_UNAVAILABLE ? found : OUTCOME_OK;
}

/* Whoever isn't the person that the client named is asked again, and told why. */
static enum outcome go_on(struct call *call, struct passage *passage)
{
    enum next_step next = NEXT_ISSUE;
    enum outcome failure = OUTCOME_OK;
    passage->again = passage->switching = false;
    passage->pending = NULL;
    if (passage->flow == NULL)
        return take(call, passage, next, failure);
    enum outcome noted = ticket_signed_in(&call->context, &passage->ticket, call->session);
    if (noted == OUTCOME_OK)
        noted = flow_next(call, &passage->ticket, &next, &failure);
    if (noted != OUTCOME_OK)
        return noted;
    if (next != NEXT_SIGN_IN)
        return take(call, passage, next, failure);
    passage->switching = true;
    return passage_redirect(call, passage, "/login", &(struct note) { .problem = "problem_other_account" });
}

/* What waited for this sign-in is connected; what waited for somebody else's, or no more, isn't. Either way
 * the person is signed in, and whoever came for nothing else is told. */
static void connect_pending(struct call *call, struct passage *passage, const char *pending)
{
    struct linking linking;
    struct note note = { .said = "linked" };
    if (pending == NULL)
        return;
    enum outcome outcome = linking_look(&call->context, pending, call->browser, &linking);
    if (outcome == OUTCOME_OK)
        outcome = linking_finish(&call->context, &linking, call->session->user_id);
    if (outcome != OUTCOME_OK) {
        log_info("sign-in: not connected: %s", call->context.reason);
        call->context.reason = NULL;
        note = (struct note) { .problem = outcome == OUTCOME_ALREADY_EXISTS ? "problem_connection_conflict"
                                                                            : "problem_connection_ended" };
    }
    if (passage->flow == NULL && passage->return_to == NULL)
        passage->return_to = flow_path(call, "/account/connections", NOTE_PARAMETER, note_seal(call, &note));
}

enum outcome passage_enter(struct call *call, struct passage *passage, const struct signed_in *signed_in)
{
    if (signed_in->needs_pin)
        return passage_redirect(call, passage, "/login/pin", &(struct note) { .email = signed_in->email });
    enum outcome opened = browser_side_sign_in(call, signed_in);
    if (opened != OUTCOME_OK)
        return opened;
    connect_pending(call, passage, passage->pending != NULL ? passage->pending : signed_in->pending);
    return go_on(call, passage);
}

enum outcome passage_go_on(struct call *call, struct passage *passage)
{
    enum next_step next;
    enum outcome failure;
    connect_pending(call, passage, passage->pending);
    passage->again = passage->switching = false;
    passage->pending = NULL;
    enum outcome known = passage_next(call, passage, &next, &failure);
    return known == OUTCOME_OK ? take(call, passage, next, failure) : known;
}

const char *passage_target(struct call *call, const struct passage *passage)
{
    if (passage->flow != NULL)
        return flow_path(call, "/login", "oauth_request", passage->flow);
    return passage->return_to != NULL ? passage->return_to : view_path(call, "/");
}
