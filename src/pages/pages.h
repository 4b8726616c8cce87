/* pages.h: the family of pages for people; pages.c is its table. */
#ifndef DOORWARD_PAGES_PAGES_H
#define DOORWARD_PAGES_PAGES_H

#include "app/route.h"

extern const struct route_family pages_family;

#endif
