/*
 * landing.h: the pages that a link out of a mail leads to. Looking at one never uses the link, since programs
 * that read mail look at links too; a person presses its button. The same for all kinds of links.
 */
#ifndef DOORWARD_PAGES_LANDING_H
#define DOORWARD_PAGES_LANDING_H

#include "domain/login/challenge.h"
#include "pages/passage.h"

struct landing {
    const char *page;         /* template */
    const char *path, *form;  /* where its form goes, and the form's name */
    const char *path_for_new; /* where a new link is asked for, when this one can't be used */
    const char *label_for_new;
    int bad_status; /* of the page that says so */
};

/* The link's token, of the address or of the form; NULL when there is none. */
const char *landing_link(const struct call *call);

/* The page of a link that is good; *elsewhere_out (may be NULL): it belongs to a sign-in that another browser
 * began. */
enum outcome landing_view(struct call *call, const struct landing *landing, const struct challenge *challenge,
                          struct view **view_out, bool *elsewhere_out);

/* FOREIGN_FORM unless the form was shown by landing_view(), in this browser, for this link. */
enum outcome landing_check(struct call *call, const struct landing *landing);

/* Says that the link can't be used, and where to ask for a new one; FLOW_ENDED. */
enum outcome landing_refuse(struct call *call, const struct landing *landing);

#endif
