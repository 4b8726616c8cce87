/* client_answer.c: see client_answer.h. */
#include "pages/client_answer.h"

#include "core/encode.h"
#include "core/uri.h"
#include "pages/flow.h"
#include "pages/view.h"

/* The parameters of an answer, in the order in which they are sent. */
static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "code", offsetof(struct authorize_answer, code) },
    { "error", offsetof(struct authorize_answer, error) },
    { "error_description", offsetof(struct authorize_answer, error_description) },
    { "state", offsetof(struct authorize_answer, state) },
    { "iss", offsetof(struct authorize_answer, iss) }, /* RFC 9207 */
};

static const char *member_of(const struct authorize_answer *answer, size_t index)
{
    const char *value;
    memcpy(&value, (const char *)answer + members[index].offset, sizeof value);
    return value;
}

const char *client_answer_location(struct arena *arena, const struct authorize_answer *answer)
{
    struct strbuf pairs = strbuf_start(arena);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const char *value = member_of(answer, i);
        if (value != NULL)
            strbuf_add_format(&pairs, "%s%s=%s", pairs.length > 0 ? "&" : "", members[i].name,
                              percent_encode(arena, value));
    }
    return uri_add_query(arena, answer->redirect_uri, pairs.data);
}

/* A form that sends itself, with a button for browsers without scripts. It may go to the client and
 * nowhere else; values are escaped by the template engine alone (T-59). */
static void show_form(struct call *call, const struct client *client, const struct authorize_answer *answer)
{
    struct view *view = view_start(call, "form_post", client, NULL);
    json_put_text(view->model, "action", answer->redirect_uri);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        view_parameter(view, members[i].name, member_of(answer, i));
    view_script(view, "form_post.js");
    view_form_reaches_only(view, answer->redirect_uri);
    view_finish(view, 200);
}

enum outcome client_answer(struct call *call, const struct client *client,
                           const struct authorize_answer *answer)
{
    if (answer->response_mode == RESPONSE_MODE_FORM_POST)
        show_form(call, client, answer);
    else
        flow_redirect(call, client_answer_location(call->arena, answer));
    return OUTCOME_OK;
}
