/*
 * totp.h: one-time passwords of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and steps of
 * 30 seconds, which is what all such apps speak.
 */
#ifndef DOORWARD_CRYPTO_TOTP_H
#define DOORWARD_CRYPTO_TOTP_H

#include "core/arena.h"

enum { TOTP_SECRET_BYTES = 20, TOTP_DIGITS = 6, TOTP_STEP_S = 30 };

/* HOTP (RFC 4226 §5.3) of a counter, cut to so many digits (6 to 8), with leading zeros. */
const char *totp_code(struct arena *arena, struct bytes secret, uint64_t counter, int digits);

/* The step that a moment (seconds since 1970) belongs to. */
int64_t totp_step(int64_t now);

/* The step that a code is of: this one, the one before or the next one, and later than after_step, so that
 * a code works once; -1 when it is none of these. All candidates are compared, in constant time. */
int64_t totp_match(struct arena *arena, struct bytes secret, int64_t now, int64_t after_step,
                   const char *code);

/* RFC 4648 §6 without padding: how a secret is typed into an app. */
const char *base32_encode(struct arena *arena, struct bytes data);

/* otpauth://totp/ISSUER:ACCOUNT?… as apps read it from a link or a QR code. */
const char *totp_uri(struct arena *arena, struct bytes secret, const char *issuer, const char *account);

#endif
