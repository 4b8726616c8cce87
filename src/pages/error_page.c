/* error_page.c: see error_page.h. */
#include "pages/error_page.h"

#include "app/answer.h"
#include "app/route.h"
#include "core/text.h"
#include "pages/view.h"

/* The words for an outcome: texts error_KIND_heading and error_KIND_message. All others: "request". */
static const struct {
    enum outcome outcome;
    const char *kind;
} kinds[] = {
    { OUTCOME_NOT_FOUND, "not_found" },        { OUTCOME_METHOD_NOT_ALLOWED, "not_found" },
    { OUTCOME_FOREIGN_FORM, "foreign_form" },  { OUTCOME_INSECURE_TRANSPORT, "insecure" },
    { OUTCOME_UNAUTHENTICATED, "sign_in" },    { OUTCOME_REAUTHENTICATION_REQUIRED, "sign_in" },
    { OUTCOME_FORBIDDEN, "forbidden" },        { OUTCOME_FLOW_ENDED, "flow_ended" },
    { OUTCOME_TOO_MANY_REQUESTS, "too_many" }, { OUTCOME_UNAVAILABLE, "unavailable" },
    { OUTCOME_SERVER_ERROR, "server" },        { OUTCOME_KEY_IN_USE, "under_way" },
};

static const char *kind_of(enum outcome outcome)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (kinds[i].outcome == outcome)
            return kinds[i].kind;
    }
    return "request";
}

/* The weight of a media type in Accept, in thousandths; 0 when it isn't named. Wildcards don't count: they
 * say nothing of what is preferred. */
static int accepted(const char *accept, const char *type)
{
    const char *word;
    size_t length;
    while (text_next_word(&accept, ',', &word, &length)) {
        const char *range = word + strspn(word, " ");
        if (strncmp(range, type, strlen(type)) != 0 || range >= word + length)
            continue;
        const char *weight = memmem(word, length, "q=0", 3);
        return weight == NULL ? 1000 : weight[3] == '.' ? (weight[4] - '0') * 100 + 1 : 0;
    }
    return 0;
}

static const char *accept_of(const struct call *call)
{
    return call->request->parameters == NULL ? NULL : request_header(call->request, "Accept", NULL);
}

bool page_is_wanted(const struct call *call)
{
    const char *accept = accept_of(call);
    return accept != NULL && accepted(accept, "text/html") > 0;
}

/* An authorization request is made by browsers, which name text/html; whoever doesn't is a program. Other
 * pages are for people, and a program has to say that it prefers JSON. */
static bool prefers_json(const struct call *call)
{
    const char *accept = accept_of(call);
    if (call->route != NULL && call->route->caller_limit == CALLER_AUTHORIZES && !page_is_wanted(call))
        return true;
    if (accept == NULL)
        return false;
    return accepted(accept, "application/json") > accepted(accept, "text/html");
}

/* A page asks nobody to authenticate by a header, so 401 becomes 400 (RFC 9110 §15.5.2). */
static int page_status(enum outcome outcome)
{
    int status = answer_for(outcome)->status;
    return status == 401 ? 400 : status;
}

const char *page_flow_handle(const struct call *call)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *text = call_parameter(call, "oauth_request");
    if (text == NULL)
        text = call_parameter(call, "request");
    return text != NULL && text_starts(text, "dwt_") && strlen(text) < 200 &&
                   strspn(text, allowed) == strlen(text)
               ? text
               : NULL;
}

/* Whether the same form may be taken the next time: then it is offered anew. */
static bool is_worth_another_try(enum outcome outcome)
{
    return outcome == OUTCOME_FOREIGN_FORM || outcome == OUTCOME_TOO_MANY_REQUESTS ||
           outcome == OUTCOME_UNAVAILABLE;
}

static void add_links(struct view *view, struct call *call, enum outcome outcome, const char *back)
{
    const char *flow = is_worth_another_try(outcome) ? page_flow_handle(call) : NULL;
    if (flow != NULL)
        view_link(view, arena_printf(call->arena, "%s?oauth_request=%s", view_path(call, "/login"), flow),
                  view_text(view, "start_again"));
    if (back != NULL)
        view_link(view, view_path(call, back), view_text(view, "back_to_page"));
    if (text_equal(kind_of(outcome), "sign_in"))
        view_link(view, view_path(call, "/login"), view_text(view, "sign_in"));
    view_link(view, view_path(call, "/"), view_text(view, "go_home"));
}

static void write_page(struct call *call, enum outcome outcome, const char *back)
{
    struct view *view = view_start(call, "error", NULL, NULL);
    const char *kind = kind_of(outcome);
    view_value(view, "minutes",
               arena_printf(call->arena, "%lld", (long long)(call->context.retry_after_s + 59) / 60));
    json_put_text(view->model, "heading",
                  view_text(view, arena_printf(call->arena, "error_%s_heading", kind)));
    json_put_text(view->model, "message",
                  view_text(view, arena_printf(call->arena, "error_%s_message", kind)));
    if (answer_for(outcome)->show_reason && text_equal(kind, "request"))
        json_put_text(view->model, "detail", view_inert(call->arena, call->context.reason));
    json_put_text(view->model, "request_id", call->request->id);
    add_links(view, call, outcome, back);
    answer_error_headers(call, outcome);
    view_finish(view, page_status(outcome));
}

void page_error_back(struct call *call, enum outcome outcome, const char *back)
{
    if (call->response.status != 0)
        return;
    if (!prefers_json(call)) {
        write_page(call, outcome, back);
        return;
    }
    answer_oauth_error(call, outcome);
    call->response.status = page_status(outcome);
}

void page_error(struct call *call, enum outcome outcome)
{
    page_error_back(call, outcome, NULL);
}
