/* notice.h: the page that tells something: heading, a few words, at most one button, and ways on. */
#ifndef DOORWARD_PAGES_NOTICE_H
#define DOORWARD_PAGES_NOTICE_H

#include "pages/view.h"

/* Sets what is told: the texts NAME_heading and NAME_message, and with a button NAME_button. */
void notice_tell(struct view *view, const char *name, bool with_button);

#endif
