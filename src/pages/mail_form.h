/* mail_form.h: the forms that ask for an address to mail something to: a link to sign in by, one to set a
 * password by. They answer alike whoever has the address, and are there only where mail is configured. */
#ifndef DOORWARD_PAGES_MAIL_FORM_H
#define DOORWARD_PAGES_MAIL_FORM_H

#include "pages/passage.h"

struct mail_form {
    const char *name;      /* of the form */
    const char *sent_path; /* where it's told that the mail is on its way */
    enum outcome (*ask)(struct context *context, const char *email, const struct sign_in_place *place);
    struct view *(*make_page)(struct call *call, const struct passage *passage, const char *email);
};

/* passage_read(); NOT_FOUND where there is no mail. */
enum outcome mail_form_read(struct call *call, struct passage *passage_out);

/* The address that the field begins with: typed before, or of who is signed in; NULL: none. */
const char *mail_form_address(const struct call *call, const struct passage *passage);

/* What the form's POST does: asks, and redirects to sent_path with a note "sent"; or the page again. */
enum outcome mail_form_post(struct call *call, const struct mail_form *form);

#endif
