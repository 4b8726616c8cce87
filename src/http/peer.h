/*
 * peer.h: who is on the line and whether over TLS, from what the web server says; forwarded headers
 * count only when the web server's own peer is a configured proxy (T-49, T-77, T-115). Used by
 * request.c.
 */
#ifndef DOORWARD_HTTP_PEER_H
#define DOORWARD_HTTP_PEER_H

#include "http/request.h"

/*
 * Sets secure, loopback and address of the request. trusted_proxies is a space separated list of
 * addresses. False, to be refused with 400, when there's no REMOTE_ADDR or a trusted proxy's headers
 * can't be understood: an error never falls back to a laxer reading.
 */
bool peer_read(struct request *request, const char *trusted_proxies) MUST_CHECK;

#endif
