/*
 * encode.h: base64url, base64, hex and percent encodings. Decoders are strict: what another
 * spelling of the same bytes could hide in (padding, spare bits, white space) is refused.
 */
#ifndef DOORWARD_CORE_ENCODE_H
#define DOORWARD_CORE_ENCODE_H

#include "core/arena.h"

/* RFC 4648 §5 without padding. Decoding gives false for any other spelling; bytes_out in the arena,
 * with a NUL behind the last byte. */
char *base64url_encode(struct arena *arena, const void *data, size_t length);
bool base64url_decode(struct arena *arena, const char *text, size_t length,
                      struct bytes *bytes_out) MUST_CHECK;

/* RFC 4648 §4 with padding, as in Basic credentials (RFC 7617). */
char *base64_encode(struct arena *arena, const void *data, size_t length);
bool base64_decode(struct arena *arena, const char *text, size_t length, struct bytes *bytes_out) MUST_CHECK;

/* Lower-case hex; decoding takes exactly 2 * size digits of either case. */
char *hex_encode(struct arena *arena, const void *data, size_t length);
bool hex_decode(const char *text, unsigned char *data_out, size_t size) MUST_CHECK;

/* 16 bytes as a UUID in the 8-4-4-4-12 form (RFC 9562 §4) and back; lower case only. */
char *uuid_encode(struct arena *arena, const unsigned char id[16]);
bool uuid_decode(const char *text, unsigned char id_out[16]) MUST_CHECK;

/* Percent-encodes all but unreserved characters (RFC 3986 §2.3), for a query or form value. */
char *percent_encode(struct arena *arena, const char *text);

/*
 * Percent-decodes length bytes; '+' is a space when plus_is_space (form values). False for a bad
 * escape, a NUL, or a result that isn't UTF-8.
 */
bool percent_decode(struct arena *arena, const char *text, size_t length, bool plus_is_space,
                    char **text_out) MUST_CHECK;

#endif
