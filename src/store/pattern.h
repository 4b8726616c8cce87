/* pattern.h: what a person searches for, as a LIKE pattern. */
#ifndef DOORWARD_STORE_PATTERN_H
#define DOORWARD_STORE_PATTERN_H

#include "core/arena.h"

/* A pattern that matches text anywhere, with LIKE's own characters escaped; "%" for NULL and "". */
const char *pattern_containing(struct arena *arena, const char *text);

#endif
