/* provider_buttons.c: see provider_buttons.h. */
#include "pages/provider_buttons.h"

#include "core/text.h"
#include "domain/providers/service_settings.h"
#include "pages/flow.h"

bool provider_is_offered(const struct service *service, const struct provider *provider)
{
    if (!provider->offers_sign_in)
        return false;
    return service == NULL || service->providers == NULL ||
           service_providers_sign_in(service->providers, provider->name);
}

const struct provider *provider_listed(struct context *context, const char *name)
{
    const struct provider *const *list;
    size_t count;
    const char *canonical = provider_name_canonical(context->arena, name);
    if (provider_list(context, &list, &count) != OUTCOME_OK)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (text_equal(list[i]->name, canonical))
            return list[i];
    return NULL;
}

static void add_button(struct view *view, struct json *buttons, const struct provider *provider,
                       const char *href)
{
    struct arena *arena = view->call->arena;
    struct json *button = json_new_object(arena);
    view_value(view, "provider", view_inert(arena, provider->display_name));
    json_put_text(button, "provider", provider->name);
    json_put_text(button, "label", view_text(view, "continue_with_provider"));
    json_put_text(button, "href", href);
    json_append(buttons, button);
}

static const char *way_to(struct call *call, const struct provider *provider)
{
    return arena_printf(call->arena, "/api/auth/%s/login", provider->name);
}

static void put(struct view *view, struct json *buttons)
{
    json_put(view->model, "providers", buttons);
    json_put_boolean(view->model, "has_providers", json_count(buttons) > 0);
}

/* Those that there are; none where that can't be known: the page works without. */
static size_t list_all(struct call *call, const struct provider *const **list_out)
{
    size_t count = 0;
    return provider_list(&call->context, list_out, &count) == OUTCOME_OK ? count : 0;
}

void provider_buttons_put(struct view *view, const struct passage *passage)
{
    struct call *call = view->call;
    const struct service *service = passage->flow == NULL ? NULL : passage->ticket.client->service;
    const char *waiting = passage->pending == NULL ? NULL : passage->linking.provider;
    const struct provider *const *list;
    size_t count = list_all(call, &list);
    struct json *buttons = json_new_array(call->arena);
    for (size_t i = 0; i < count; i++) {
        if (provider_is_offered(service, list[i]) && !text_equal(list[i]->name, waiting))
            add_button(view, buttons, list[i], passage_path(call, passage, way_to(call, list[i]), NULL));
    }
    put(view, buttons);
}

void provider_buttons_put_all(struct view *view, const char *query)
{
    struct call *call = view->call;
    const struct provider *const *list;
    size_t count = list_all(call, &list);
    struct json *buttons = json_new_array(call->arena);
    for (size_t i = 0; i < count; i++) {
        if (provider_is_offered(NULL, list[i]))
            add_button(view, buttons, list[i],
                       arena_printf(call->arena, "%s?%s", view_path(call, way_to(call, list[i])), query));
    }
    put(view, buttons);
}
