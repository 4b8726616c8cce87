/* random.h: the one source of randomness. A failing generator aborts the process (T-117). */
#ifndef DOORWARD_CRYPTO_RANDOM_H
#define DOORWARD_CRYPTO_RANDOM_H

#include "core/arena.h"

void random_bytes(void *data_out, size_t length);

/* length random bytes as base64url text. */
char *random_text(struct arena *arena, size_t length);

/* A random UUID (version 4), and one that begins with the time in milliseconds (version 7, RFC 9562
 * §5.7), for rows that are inserted often and kept in order: those of one millisecond too, while it was 16 ms
 * ago at most (§6.2, method 3). */
void random_uuid(unsigned char id_out[16]);
void random_uuid_timed(int64_t now_ms, unsigned char id_out[16]);

#endif
