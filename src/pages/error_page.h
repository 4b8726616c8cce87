/* error_page.h: refusals as pages: what happened, what to do, the request's id, and a way on. */
#ifndef DOORWARD_PAGES_ERROR_PAGE_H
#define DOORWARD_PAGES_ERROR_PAGE_H

#include "app/call.h"

/* The family's error writer. An answer that the handler has already given (a form with its errors)
 * stays. Callers that prefer JSON get {error, error_description}. */
void page_error(struct call *call, enum outcome outcome);

/* The same with a way back to a page of ours ("/account/email"; NULL: none), for families whose pages have
 * forms that a person begins at the page itself. */
void page_error_back(struct call *call, enum outcome outcome, const char *back);

/* Whether the caller names HTML among what it takes, as browsers do. */
bool page_is_wanted(const struct call *call);

/* The handle of a flow that the request names, as far as it looks like one; else NULL. Only a handle is
 * carried over from a request, never an address (T-65). */
const char *page_flow_handle(const struct call *call);

#endif
