/*
 * device.h: browsers that an account has been used in before. The cookie (__Host-doorward-devices) holds,
 * for up to eight accounts, when a sign-in succeeded here, with a MAC over browser cookie, account and
 * time: so others who guess at an account can lock it, but not for this browser, and the PIN gate knows
 * a new browser. Stateless; worthless without its browser cookie.
 */
#ifndef DOORWARD_DOMAIN_LOGIN_DEVICE_H
#define DOORWARD_DOMAIN_LOGIN_DEVICE_H

#include "domain/context.h"

#define DEVICE_COOKIE "__Host-doorward-devices"

/* Whether this browser was signed in to the account of a canonical address at or after since. cookies
 * may be NULL or anything. */
bool device_is_known(struct context *context, const char *browser, const char *devices, const char *email_key,
                     int64_t since);

/* The cookie's new value, with this account in front. */
const char *device_remember(struct context *context, const char *browser, const char *devices,
                            const char *email_key);

#endif
