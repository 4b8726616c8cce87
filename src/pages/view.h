/*
 * view.h: a page on its way out: its model, its texts in the reader's language, the security headers
 * that fit it, and the rendered answer. The variables that a page may set are its contract
 * (contract.h); setting another one is a bug.
 */
#ifndef DOORWARD_PAGES_VIEW_H
#define DOORWARD_PAGES_VIEW_H

#include "app/call.h"
#include "pages/templates.h"

struct view {
    struct call *call;
    const char *page;    /* the template's name */
    const char *service; /* whose branding, or NULL */
    const char *language;
    struct json *model, *texts;
    struct json *values; /* what {name} in a text stands for */
    struct json *errors, *fields;
    struct strbuf form_targets; /* origins that a form of this page may lead to */
    const char *logo_origin;
    bool with_script;
    bool forms_leave; /* the page's form goes to the client itself, never to us */
};

/* The files of this process. */
struct templates *view_templates(struct context *context);

/* A path of ours ("/login") as the browser must ask for it: behind the issuer's own path. */
const char *view_path(struct call *call, const char *path);

/* A page for a client (NULL: none is involved) in the language that ui_locales (may be NULL) and the
 * browser ask for. */
struct view *view_start(struct call *call, const char *page, const struct client *client,
                        const char *ui_locales);

/* A text of the catalogue with its {values} filled in; the key itself when there is none. */
const char *view_text(struct view *view, const char *key);
/* The same, NULL when the catalogue has none. */
const char *view_text_if_any(struct view *view, const char *key);

/* What {name} stands for in texts from now on. */
void view_value(struct view *view, const char *name, const char *value);

/* Who is signed in. */
void view_user(struct view *view, const struct session *session);

/* The form: where it goes, its token for this browser and flow ("" for none). */
void view_form(struct view *view, const char *path, const char *form, const char *flow);

/* Another form of the page, under a name of its own ("send": send.action, send.token). */
void view_more_form(struct view *view, const char *name, const char *path, const char *form,
                    const char *flow);

/* What a field holds, and an error beside it and in the summary (field NULL: only there). */
void view_field(struct view *view, const char *field, const char *value);
void view_error(struct view *view, const char *field, const char *text_key);

/* A way on from this page, and a hidden field of its form (NULL value: none). */
void view_link(struct view *view, const char *href, const char *label);
void view_parameter(struct view *view, const char *name, const char *value);

/* A scope in the reader's words; one that only the application knows is shown by its name. */
struct json *view_scope(struct view *view, const char *name);

/* The page has a script of our own, which it must also work without. */
void view_script(struct view *view, const char *file);

/* Lets the page's forms end at this URI: browsers hold the redirect behind a POST to form-action. */
void view_form_may_reach(struct view *view, const char *uri);
/* To wherever somebody else sends the browser on from there: any https page. */
void view_form_may_travel(struct view *view);
/* The page's form goes to this URI and to nothing else, not even to us. */
void view_form_reaches_only(struct view *view, const char *uri);
/* All places where the client may send the browser on from its redirect URI. */
void view_form_may_reach_client(struct view *view, const struct client *client, const char *redirect_uri);

/* The page's HTML, in the arena; NULL with the reason when its template can't be rendered. */
const char *view_render(struct view *view, const char **error_out);

/* Renders and answers. */
void view_finish(struct view *view, int status);

/* Text from outside as it can be shown: control and reordering characters made visible (T-64). */
const char *view_inert(struct arena *arena, const char *text);

/* A client's link that a person may safely follow; NULL when it isn't a web address (T-60). */
const char *view_web_link(struct arena *arena, const char *text);

/* Where assets of a service are, as the browser asks for them; NULL when there is no such file. */
const char *view_asset_path(const struct settings *settings, struct templates *templates, struct arena *arena,
                            const char *service, const char *file);

#endif
