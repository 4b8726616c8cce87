/*
 * note.h: what a page tells the one that it redirects to, sealed into the address for this browser: an
 * address that was typed, what has just been done. So every POST can end in a 303, nothing personal stands in
 * an address in the clear, and five tabs don't share one cookie.
 */
#ifndef DOORWARD_PAGES_NOTE_H
#define DOORWARD_PAGES_NOTE_H

#include "app/call.h"

#define NOTE_PARAMETER "note"

/* Members that are NULL stay out. */
struct note {
    const char *email;     /* as it was typed */
    const char *new_email; /* of a change of address */
    const char *said;      /* what has been done: a word of the page that it's for */
    const char *problem;   /* key of a text */
    const char *provider;  /* that it's about, as people know it */
};

/* The value of the parameter "note": for this browser alone. */
const char *note_seal(struct call *call, const struct note *note);

/* The note of the request; all NULL when there is none, or it isn't one of this browser's. */
struct note note_read(struct call *call);

#endif
