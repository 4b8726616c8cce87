/* pages.h: the families of pages for people; pages.c, account_pages.c and admin_pages.c are their tables. */
#ifndef DOORWARD_PAGES_PAGES_H
#define DOORWARD_PAGES_PAGES_H

#include "app/route.h"

extern const struct route_family pages_family, account_family; /* account_pages.c */
extern const struct route_family admin_family;                 /* admin_pages.c */

#endif
