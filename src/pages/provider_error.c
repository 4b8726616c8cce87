/* provider_error.c: see provider_error.h. */
#include "pages/provider_error.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "domain/login/sign_in.h"
#include "pages/flow.h"
#include "pages/note.h"

enum { LONGEST_WORD = 40 };

/* A provider's own word goes into an address: only what looks like one (RFC 6749 §4.1.2.1). */
static const char *plain_word(const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t length = strlen(word);
    return length > 0 && length <= LONGEST_WORD && strspn(word, letters) == length ? word
                                                                                   : PROVIDER_CALLBACK_FAILED;
}

/* The text of a word; a provider's words that we have none for are told alike. */
static const char *text_key(struct view *view, const char *word)
{
    const char *key = arena_printf(view->call->arena, "provider_error_%s", word);
    return view_text_if_any(view, key) != NULL ? key : "provider_error_other";
}

/* --- telling --- */

/* On the page of the connections the word is its own text. */
static enum outcome tell_on_account(struct call *call, const struct provider *provider, const char *word)
{
    struct view *words = view_start(call, "error", NULL, NULL);
    const struct note note = { .problem = text_key(words, word), .provider = provider->display_name };
    flow_redirect(call, flow_path(call, "/account/connections", NOTE_PARAMETER, note_seal(call, &note)));
    return OUTCOME_OK;
}

enum outcome provider_error_tell(struct call *call, const struct journey *journey,
                                 const struct provider *provider, const char *word)
{
    static const char *const pages[JOURNEY_PURPOSES] = { [JOURNEY_ADMIN_SIGN_IN] = "/admin" };
    const char *plain = plain_word(word), *page = pages[journey->purpose];
    /* of a person it can only be the provider's own word */
    bool is_ours = journey->purpose == JOURNEY_ADMIN_SIGN_IN && text_equal(plain, PROVIDER_NOT_ADMIN);
    struct view *words = view_start(call, "error", NULL, NULL);
    struct strbuf out = strbuf_start(call->arena);
    if (journey->purpose == JOURNEY_LINK && call->session != NULL)
        return tell_on_account(call, provider, plain);
    view_value(words, "provider", provider->display_name);
    strbuf_add_format(&out, "%s?error=", view_path(call, page == NULL ? "/" : page));
    if (!is_ours)
        strbuf_add_format(&out, "%s_", percent_encode(call->arena, provider->name));
    strbuf_add_format(&out, "%s&message=%s", plain,
                      percent_encode(call->arena, view_text(words, text_key(words, plain))));
    if (journey->flow != NULL)
        strbuf_add_format(&out, "&oauth_request=%s", percent_encode(call->arena, journey->flow));
    flow_redirect(call, out.data);
    return OUTCOME_OK;
}

/* --- showing --- */

/* The provider whose name the error begins with, the longest that does; NULL: none of ours. */
static const struct provider *provider_of(struct context *context, const char *error)
{
    const struct provider *const *list, *found = NULL;
    size_t count;
    if (provider_list(context, &list, &count) != OUTCOME_OK)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(list[i]->name);
        if (!text_starts(error, list[i]->name) || error[length] != '_')
            continue;
        if (found == NULL || length > strlen(found->name))
            found = list[i];
    }
    return found;
}

bool provider_error_show(struct view *view)
{
    struct call *call = view->call;
    const char *error = call_parameter(call, "error");
    if (error == NULL)
        return false;
    if (text_equal(error, PROVIDER_NOT_ADMIN)) {
        view_error(view, NULL, "provider_error_" PROVIDER_NOT_ADMIN);
        return true;
    }
    const struct provider *provider = provider_of(&call->context, error);
    if (provider == NULL)
        return false;
    view_value(view, "provider", provider->display_name);
    view_error(view, NULL, text_key(view, plain_word(error + strlen(provider->name) + 1)));
    return true;
}
