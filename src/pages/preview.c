/* preview.c: see preview.h. A page is made by the same view as for a browser, from a call that has no
 * request behind it. */
#include "pages/preview.h"

#include "core/text.h"
#include "domain/login/challenge.h"
#include "pages/account_page.h"
#include "pages/admin_page.h"
#include "pages/dates.h"
#include "pages/mail_view.h"

/* Read anew each time: nobody previews a thousand pages a second. */
const struct json *preview_samples(struct arena *arena, const struct settings *settings,
                                   const char **error_out)
{
    const char *path = arena_printf(arena, "%s/samples.json", settings->default_template_directory);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        *error_out = arena_printf(arena, "%s can't be read", path);
        return NULL;
    }
    char *text = arena_alloc(arena, TEMPLATE_MAX_BYTES);
    size_t length = fread(text, 1, TEMPLATE_MAX_BYTES, file);
    fclose(file);
    const char *reason;
    const struct json *samples = json_parse(arena, text, length, &reason);
    if (samples == NULL)
        *error_out = arena_printf(arena, "%s: %s", path, reason);
    return samples;
}

static const struct client *sample_client(struct arena *arena, const char *service_id)
{
    struct service *service = arena_alloc(arena, sizeof *service);
    struct client *client = arena_alloc(arena, sizeof *client);
    service->id_text = service_id;
    *client = (struct client) { .client_id = "sample",
                                .client_name = "Sample Shop",
                                .client_uri = "https://app.example.com/",
                                .policy_uri = "https://app.example.com/privacy",
                                .tos_uri = "https://app.example.com/terms",
                                .service = service };
    return client;
}

static void add_texts(const char *name, struct json *member, void *context)
{
    struct view *view = context;
    json_put_text(view->model, name, view_text(view, json_text(member)));
}

static void add_field(const char *name, struct json *member, void *context)
{
    view_field(context, name, json_text(member));
}

/* A sample's value as the page gets it: a text "text:KEY" is the text of that key. */
static struct json *sample_value(struct view *view, const struct json *sample);

struct sample_object {
    struct view *view;
    struct json *object;
};

static void add_member(const char *name, struct json *member, void *context)
{
    struct sample_object *sample = context;
    json_put(sample->object, name, sample_value(sample->view, member));
}

static struct json *sample_value(struct view *view, const struct json *sample)
{
    struct arena *arena = view->call->arena;
    const char *error, *text = json_text(sample);
    struct sample_object copy = { view, json_new_object(arena) };
    struct json *array = json_new_array(arena);
    if (json_kind(sample) == JSON_OBJECT) {
        json_each(sample, add_member, &copy);
        return copy.object;
    }
    if (json_kind(sample) == JSON_ARRAY) {
        for (size_t i = 0; i < json_count(sample); i++)
            json_append(array, sample_value(view, json_item(sample, i)));
        return array;
    }
    if (text != NULL && text_starts(text, "text:")) {
        json_put_text(copy.object, "text", view_text(view, text + strlen("text:")));
        return json_member(copy.object, "text");
    }
    text = json_print(arena, sample);
    return json_parse(arena, text, strlen(text), &error);
}

static void add_model(const char *name, struct json *member, void *context)
{
    struct view *view = context;
    json_put(view->model, name, sample_value(view, member));
    if (json_text(member) != NULL)
        view_value(view, name, json_text(member));
}

static void add_scopes(struct view *view, const char *list)
{
    struct json *scopes = json_new_array(view->call->arena);
    const char *word;
    size_t length;
    while (list != NULL && text_next_word(&list, ' ', &word, &length))
        json_append(scopes, view_scope(view, arena_strndup(view->call->arena, word, length)));
    if (json_count(scopes) > 0)
        json_put(view->model, "scopes", scopes);
}

static void add_lists(struct view *view, const struct json *sample)
{
    const struct json *links = json_member(sample, "links"), *errors = json_member(sample, "errors");
    for (size_t i = 0; i < json_count(links); i++) {
        const struct json *link = json_item(links, i);
        view_link(view, json_member_text(link, "href"), view_text(view, json_member_text(link, "text")));
    }
    for (size_t i = 0; i < json_count(errors); i++) {
        const struct json *error = json_item(errors, i);
        view_error(view, json_member_text(error, "field"), json_member_text(error, "text"));
    }
}

/* How long what was mailed lasts, where the page says so; elsewhere a time to wait. */
static const char *minutes_of(struct view *view)
{
    const struct {
        const char *page;
        int64_t seconds;
    } lasting[] = { { "pin", challenge_lasts_s(CHALLENGE_PIN) },
                    { "link_sent", challenge_pin_lasts_s(CHALLENGE_MAGIC_LINK) },
                    { "forgot_password", challenge_lasts_s(CHALLENGE_RESET_PASSWORD) } };
    int64_t seconds = 15 * 60;
    for (size_t i = 0; i < ARRAY_SIZE(lasting); i++)
        seconds = text_equal(lasting[i].page, view->page) ? lasting[i].seconds : seconds;
    return arena_printf(view->call->arena, "%lld", (long long)seconds / 60);
}

static void fill(struct view *view, const struct json *sample)
{
    static const struct session user = { .user_name = "Ann Example", .user_email = "ann@example.org" };
    static const int64_t sample_time = 1773273600;
    struct arena *arena = view->call->arena;
    bool with_user = false;
    view_value(view, "minutes", minutes_of(view));
    view_value(view, "application", "Sample Shop");
    view_value(view, "service", "Sample Shop");
    view_value(view, "provider", "Google");
    view_value(view, "scopes", "read:calendar");
    view_value(view, "reason", "redirect_uris must be https");
    view_value(view, "browser", "Firefox");
    view_value(view, "system", "Windows");
    view_value(view, "date", date_day(view, sample_time));
    view_value(view, "ago", view_text(view, "ago_hour"));
    if (text_starts(view->page, "account_"))
        account_put_navigation(view);
    if (text_equal(view->page, "admin_console"))
        admin_put_navigation(view, NULL);
    if (json_boolean(json_member(sample, "user"), &with_user) && with_user)
        view_user(view, &user);
    struct json *form = json_new_object(arena);
    json_put_text(form, "action", "#");
    json_put_text(form, "token", "sample");
    json_put(view->model, "form", form);
    json_each(json_member(sample, "model"), add_model, view);
    json_each(json_member(sample, "texts"), add_texts, view);
    json_each(json_member(sample, "fields"), add_field, view);
    add_scopes(view, json_member_text(sample, "scopes"));
    add_lists(view, sample);
}

static void replace(struct view *view, const char *variable, const char *path)
{
    if (path != NULL)
        json_put_text(view->model, variable, path);
}

static const char *render(struct arena *arena, const struct settings *settings, const struct preview *preview,
                          const struct json *sample, const char **error_out)
{
    struct request *request = arena_alloc(arena, sizeof *request);
    struct call *call = arena_alloc(arena, sizeof *call);
    *request = (struct request) { .arena = arena, .id = "0123456789abcdef", .method = "GET", .path = "/" };
    *call = (struct call) { .arena = arena, .request = request };
    call->context = (struct context) { .arena = arena, .settings = settings };
    response_start(&call->response, arena);

    bool with_client = false;
    const struct client *client = sample_client(arena, preview->service);
    if (!json_boolean(json_member(sample, "client"), &with_client) || !with_client)
        client = NULL;
    struct view *view = view_start(call, preview->page, client, preview->language);
    view->service = preview->service;
    fill(view, sample);
    if (text_equal(preview->page, "form_post"))
        view_script(view, "form_post.js");
    replace(view, "css", preview->css);
    replace(view, "brand_css", preview->brand_css);
    replace(view, "icon", preview->icon);
    replace(view, "logo", preview->logo);
    return view_render(view, error_out);
}

static const char *render_mail(struct arena *arena, const struct settings *settings,
                               const struct preview *preview, const struct json *sample,
                               const char **error_out)
{
    struct context context = { .arena = arena, .settings = settings };
    struct mail_wanted wanted = { .template = preview->page + strlen("mail_"),
                                  .service = preview->service,
                                  .languages = preview->language,
                                  .variables = json_member(sample, "mail") };
    struct mail_shown shown;
    if (!mail_view_try(&context, &wanted, &shown, error_out))
        return NULL;
    return preview->text ? arena_printf(arena, "Subject: %s\n\n%s", shown.subject, shown.text) : shown.html;
}

const char *preview_render(struct arena *arena, const struct settings *settings,
                           const struct preview *preview, const char **error_out)
{
    const struct json *samples = preview->samples;
    if (samples == NULL)
        samples = preview_samples(arena, settings, error_out);
    if (samples == NULL)
        return NULL;
    const struct json *states = json_member(samples, preview->page);
    const struct json *sample = json_member(states, preview->state);
    if (sample == NULL) {
        *error_out = states == NULL ? "there is no such page" : "the page has no such state";
        return NULL;
    }
    if (text_starts(preview->page, "mail_"))
        return render_mail(arena, settings, preview, sample, error_out);
    return render(arena, settings, preview, sample, error_out);
}
