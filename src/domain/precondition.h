/*
 * precondition.h: changes that are meant for what the caller has seen (RFC 9110 §13.1.1): the tag of a
 * thing, and whether a change may go on. Checked where the row is locked, so that of two changes of the
 * same state one is refused.
 */
#ifndef DOORWARD_DOMAIN_PRECONDITION_H
#define DOORWARD_DOMAIN_PRECONDITION_H

#include "core/arena.h"

/* The tag of a version number, and of a text that says all that can change; with the quotes of ETag. */
const char *precondition_tag(struct arena *arena, int64_t version);
const char *precondition_tag_of_text(struct arena *arena, const char *text);

/* Whether a header If-Match (NULL: none was sent) lets a thing with this tag be changed: "*", or a list
 * that has it. A weak tag matches nothing. */
bool precondition_holds(const char *if_match, const char *tag);

#endif
