/*
 * admin_page.h: a page of the console: where it is, what it shows, what its forms do. What all have in common
 * (who may enter, the navigation, the forms' tokens, the way back behind a POST) is in admin_pages.c; what it
 * shows is put together by admin_view.h and laid out by one template, admin_console.
 *
 * To add a page: a struct admin_page in a file of its own, its row in admin_pages.c, its texts
 * (admin_NAME_heading, …) in templates/text, and a sample in templates/samples.json.
 */
#ifndef DOORWARD_PAGES_ADMIN_PAGE_H
#define DOORWARD_PAGES_ADMIN_PAGE_H

#include "pages/admin_view.h"

/* What a form has done. */
struct admin_done {
    const char *said; /* the text admin_done_WORD, told behind a redirect */
    const char *path; /* where the redirect goes; NULL: to the page itself */
    bool shown_once;  /* the page is shown at once instead, with admin_once() in it: never to be had again */
};

enum {
    ADMIN_RECENT = 1 << 0, /* dangerous: only behind a fresh sign-in */
    ADMIN_MAKES = 1 << 1   /* something new each time: sent twice, it is done once (app/idempotency.h) */
};

struct admin_form {
    const char *name; /* what the hidden field "form" says */
    unsigned is;      /* ADMIN_RECENT, ADMIN_MAKES */

    /* OK with done: said or shown once. OK without: the page is shown again with the errors of view. */
    enum outcome (*act)(struct view *view, struct admin_done *done);
};

/* How an act ends: with outcome OK the word is said; else as admin_refused(). */
enum outcome admin_said(struct view *view, enum outcome outcome, const char *word, struct admin_done *done);

/* The same, with outcome OK, of what is shown once (admin_once()). */
enum outcome admin_shown(struct view *view, enum outcome outcome, const char *name, const char *value,
                         struct admin_done *done);

/* Whether it is this form that was sent: for an act of two. */
bool admin_sent(const struct view *view, const char *form);

enum { ADMIN_PAGE_FORMS = 10 };

struct admin_page {
    const char *path; /* "/admin/services/{service}/clients" */
    const char *name; /* of its texts: "clients" is admin_clients_heading, admin_clients_label */
    bool in_navigation;
    enum outcome (*fill)(struct view *view);
    struct admin_form forms[ADMIN_PAGE_FORMS]; /* name NULL at the end */
};

extern const struct admin_page admin_services_page, admin_service_page, admin_clients_page, admin_client_page,
    admin_keys_page, admin_members_page, admin_member_page, admin_requests_page, admin_plans_page,
    admin_plan_page, admin_subscriptions_page, admin_subscription_page, admin_providers_page,
    admin_provider_page;

/* The navigation of a page: for previews too. */
void admin_put_navigation(struct view *view, const struct admin_page *page);

/* The answer when somebody isn't signed in: on the way to /admin; for all else an error page. */
void admin_error(struct call *call, enum outcome outcome);

/* Sign-in, second step, sign-out: admin_sign_in_page.c. */
enum outcome get_admin(struct call *call);
enum outcome post_admin(struct call *call);
enum outcome get_admin_code(struct call *call);
enum outcome post_admin_code(struct call *call);
enum outcome get_admin_second_step(struct call *call);
enum outcome post_admin_second_step(struct call *call);
enum outcome post_admin_sign_out(struct call *call);

#endif
