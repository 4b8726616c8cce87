/* pages.h: the families of pages for people; pages.c and account_pages.c are their tables. */
#ifndef DOORWARD_PAGES_PAGES_H
#define DOORWARD_PAGES_PAGES_H

#include "app/route.h"

extern const struct route_family pages_family, account_family; /* account_pages.c */

#endif
