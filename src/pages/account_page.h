/*
 * account_page.h: a page of /account: where it is, what it shows, what its form does. What all of them have
 * in common (who may enter, the navigation, the form's token, the way back behind a POST) is in
 * account_pages.c.
 */
#ifndef DOORWARD_PAGES_ACCOUNT_PAGE_H
#define DOORWARD_PAGES_ACCOUNT_PAGE_H

#include "pages/view.h"

struct account_page {
    const char *path;      /* "/account/email" */
    const char *form_path; /* where its form goes; NULL: path */
    const char *name;      /* of its template and of its form: "account_email" */
    const char *label;     /* text of its entry in the navigation */
    bool recent;           /* only behind a fresh sign-in */

    /* Sets what the page shows. */
    enum outcome (*fill)(struct view *view);

    /*
     * Does what the form asks. OK with *done_out: the page says so (text done_WORD) behind a redirect; OK
     * without: the page is shown again, with the errors of view, unless the answer has been given.
     */
    enum outcome (*act)(struct view *view, const char **done_out);
};

extern const struct account_page account_profile_page, account_password_page, account_email_page,
    account_sessions_page, account_applications_page, account_connections_page, account_delete_page;

/* The links between the pages, the one of this page marked: for previews too. */
void account_put_navigation(struct view *view);

#endif
