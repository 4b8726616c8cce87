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

    /* What the link is about, without using it; FLOW_ENDED when it can't be used. */
    enum outcome (*look)(struct context *context, const char *token, struct challenge *challenge_out);
};

/* The link's token, of the address or of the form; NULL when there is none. */
const char *landing_link(const struct call *call);

/* The page of a link that is good; *elsewhere_out (may be NULL): it belongs to a sign-in that another browser
 * began. FLOW_ENDED for any other link, and for none: landing_refuse() has told so. */
enum outcome landing_open(struct call *call, const struct landing *landing, struct challenge *challenge_out,
                          struct view **view_out, bool *elsewhere_out);

/* The link that was sent by a form of landing_open(). FOREIGN_FORM unless that was shown in this browser, for
 * this link; FLOW_ENDED when there is none: landing_refuse() has told so. */
enum outcome landing_check(struct call *call, const struct landing *landing, const char **link_out);

/* Says that the link can't be used, and where to ask for a new one; FLOW_ENDED. */
enum outcome landing_refuse(struct call *call, const struct landing *landing);

#endif
