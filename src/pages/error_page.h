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

#endif
