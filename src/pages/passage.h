/*
 * passage.h: what the pages of signing in have in common: they belong to a flow of an application, or to an
 * address of ours or of an application to go to afterwards, or to nothing; they keep that from page to page,
 * and when a person has proven who they are, all of them go on the same way.
 */
#ifndef DOORWARD_PAGES_PASSAGE_H
#define DOORWARD_PAGES_PASSAGE_H

#include "domain/login/sign_in.h"
#include "domain/oauth/ticket.h"
#include "domain/providers/linking.h"
#include "pages/note.h"
#include "pages/view.h"

struct passage {
    struct ticket ticket;
    const char *flow;      /* the ticket's handle; NULL: no flow, and ticket isn't to be used */
    const char *return_to; /* safe, as return_to.h has it; NULL: the start page */
    bool again;            /* who is signed in proves it once more */
    bool switching;        /* or signs in as somebody else */
    const char
        *pending; /* a connection that waits for this sign-in; NULL: none, and linking isn't to be used */
    struct linking linking;
    struct note note;
};

/*
 * Reads the parameters oauth_request, return_to, again, switch, pending and note. FLOW_ENDED when the flow
 * can't go on: then the page that says so has been answered.
 */
enum outcome passage_read(struct call *call, struct passage *passage_out);

/* The same behind a form of ours: FOREIGN_FORM unless it was shown in this browser for this flow. */
enum outcome passage_read_form(struct call *call, const char *form, struct passage *passage_out);

/* What the passage waits for: NEXT_SIGN_IN, or what its flow has to do next (NEXT_ISSUE without one). */
enum outcome passage_next(struct call *call, struct passage *passage, enum next_step *next_out,
                          enum outcome *failure_out);

/* For a page that asks who somebody is: true when that is still to be asked. Otherwise, since they have
 * signed in meanwhile in another tab, the passage goes on, and *outcome_out is how. */
bool passage_waits(struct call *call, struct passage *passage, enum outcome *outcome_out);

/* The browser and what it is about, for the rules. */
struct sign_in_place passage_place(struct call *call, const struct passage *passage);

/* Path and query of a page of the same passage, with a note for it (NULL: none). */
const char *passage_path(struct call *call, const struct passage *passage, const char *path,
                         const struct note *note);
/* Sends the browser there. */
enum outcome passage_redirect(struct call *call, const struct passage *passage, const char *path,
                              const struct note *note);

/* A page of the passage, with a form to its path that carries the passage on. */
struct view *passage_view(struct call *call, const char *page, const char *path, const char *form,
                          const struct passage *passage);

/* Which application or address a link from a mail was about, when this browser may go on with it. */
enum outcome passage_adopt(struct call *call, struct passage *passage, const char *flow,
                           const char *return_to);

/* Somebody has proven who they are: opens the session and goes on, or asks for the PIN first. */
enum outcome passage_enter(struct call *call, struct passage *passage, const struct signed_in *signed_in);

/* Who is signed in connects what waits for them, and goes on: the flow may still ask for a fresh sign-in. */
enum outcome passage_go_on(struct call *call, struct passage *passage);

/* Where the passage goes on to when nothing is to be asked any more: for a link. */
const char *passage_target(struct call *call, const struct passage *passage);

#endif
