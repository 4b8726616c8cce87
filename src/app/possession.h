/*
 * possession.h: what a request shows beside its words: a DPoP proof, and the certificate of its connection.
 * The certificate comes from what the web server itself sets (SSL_CLIENT_CERT or SSL_CLIENT_ESCAPED_CERT, and
 * SSL_CLIENT_VERIFY), and only where the option client_certificates says that it does: never from a header
 * (RFC 8705 §6.5).
 */
#ifndef DOORWARD_APP_POSSESSION_H
#define DOORWARD_APP_POSSESSION_H

#include "app/call.h"

/* Fills what context holds of both. A certificate that can't be read is logged and is none. */
void possession_read(struct call *call);

/* Tells the nonce that a rule has set for the client's next proof (RFC 9449 §8). */
void possession_answer(struct call *call);

#endif
