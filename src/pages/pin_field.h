/* pin_field.h: the field of a code out of a mail, as the pages that ask for one share it. */
#ifndef DOORWARD_PAGES_PIN_FIELD_H
#define DOORWARD_PAGES_PIN_FIELD_H

#include "pages/view.h"

/* The code without the spaces and hyphens that people type or paste; NULL when there is none. */
const char *pin_field(struct call *call);

/* Finishes the page again for somebody who left it empty: no try is counted. */
enum outcome pin_field_ask(struct view *view);

/* Whether the same code may be typed again: else a new one is needed. */
bool pin_field_is_worth_another_try(enum outcome outcome);

#endif
