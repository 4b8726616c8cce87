/* admin_client_form.h: what the console's forms about applications say, as members of metadata (RFC 7591 §2).
 */
#ifndef DOORWARD_PAGES_ADMIN_CLIENT_FORM_H
#define DOORWARD_PAGES_ADMIN_CLIENT_FORM_H

#include "pages/admin_view.h"

/* The words of an area as an array; a field's text, null when it is empty; nothing for what wasn't sent. */
void client_form_list(struct view *view, struct json *metadata, const char *name);
void client_form_text(struct view *view, struct json *metadata, const char *name);

#endif
