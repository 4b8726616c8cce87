/*
 * provider_error.h: how a person learns that nothing came of a sign-in at a provider: by a word in the
 * address of the start page (of /admin, for administrators), as in /?error=google_access_denied&message=… The
 * words that are shown are our own, looked up by that word; what stands in the address is never shown (T-65).
 */
#ifndef DOORWARD_PAGES_PROVIDER_ERROR_H
#define DOORWARD_PAGES_PROVIDER_ERROR_H

#include "domain/providers/journey.h"
#include "pages/view.h"

/* Words of our own; a provider's error is one as well ("access_denied"). */
#define PROVIDER_INVALID_STATE "invalid_state"             /* another browser's, too old, or used */
#define PROVIDER_NO_EMAIL "no_email"                       /* nobody yet, and no address that could be used */
#define PROVIDER_CALLBACK_FAILED "callback_failed"         /* anything else */
#define PROVIDER_ADDRESS_TAKEN "address_taken"             /* by an account to which it isn't connected */
#define PROVIDER_REGISTRATION_CLOSED "registration_closed" /* nobody yet, and nobody new is let in */
#define PROVIDER_NOT_OFFERED "not_offered"                 /* not for this application */
#define PROVIDER_UNAVAILABLE "unavailable"                 /* it can't be reached */
#define PROVIDER_TOO_MANY "too_many"                       /* codes have been mailed to the account */
#define PROVIDER_OTHER_SESSION "other_session"             /* who began it isn't signed in any more */
#define PROVIDER_CONFLICT "conflict"   /* the account there belongs to somebody else here */
#define PROVIDER_NOT_ADMIN "not_admin" /* of administrators; without the provider's name */

/* Sends the browser to the page that tells it; the way back into a flow goes along. */
enum outcome provider_error_tell(struct call *call, const struct journey *journey,
                                 const struct provider *provider, const char *word);

/* Shows the error of the request's address, when there is one that can be: whether there is. */
bool provider_error_show(struct view *view);

#endif
