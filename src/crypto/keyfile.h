/*
 * keyfile.h: the installation's keys, and what is sealed, signed or derived with them.
 *
 * The key file has a line per key, newest first: a name ([a-z0-9-]{1,16}), a space, 32 bytes as
 * base64url. The first key seals; all of them open, so a key is rotated by adding a line on top. Mode
 * 0600 or 0640; anything wider ends the start.
 */
#ifndef DOORWARD_CRYPTO_KEYFILE_H
#define DOORWARD_CRYPTO_KEYFILE_H

#include "core/arena.h"

struct keyfile;

/* Reads the file; NULL with a one-line message that says what to do. Lives for the process: free it
 * with keyfile_free(). */
struct keyfile *keyfile_load(const char *path, const char **error_out) MUST_CHECK;
void keyfile_free(struct keyfile *keyfile);

/* Makes a file with one new key, mode 0600; false (errno set) when it exists or can't be written. */
bool keyfile_create(const char *path) MUST_CHECK;

/* How many keys, and their names. */
size_t keyfile_count(const struct keyfile *keyfile);
const char *keyfile_name(const struct keyfile *keyfile, size_t index);

/* Whether a key can have this name. */
bool keyfile_is_name(const char *name);

/*
 * AES-256-GCM under the newest key. bound_to names the row and column that the value belongs to
 * ("clients.secret:1234"); a value moved elsewhere doesn't open. The result names its key, and holds
 * nonce, ciphertext and tag.
 */
struct bytes keyfile_seal(const struct keyfile *keyfile, struct arena *arena, const char *bound_to,
                          struct bytes plain);
bool keyfile_open(const struct keyfile *keyfile, struct arena *arena, const char *bound_to,
                  struct bytes sealed, struct bytes *plain_out) MUST_CHECK;

/* How all begins that the newest key seals, and nothing that another one does. */
struct bytes keyfile_beginning(const struct keyfile *keyfile, struct arena *arena);

/*
 * HMAC-SHA256 under a key derived for the purpose ("csrf", "handle:code"; 1 to 63 bytes). Signing uses the
 * newest key; verifying tries all, in constant time each. length is at most 32: the MAC cut to it.
 */
void keyfile_sign(const struct keyfile *keyfile, const char *purpose, const void *data, size_t size,
                  unsigned char *mac_out, size_t length);
bool keyfile_verify(const struct keyfile *keyfile, const char *purpose, const void *data, size_t size,
                    const unsigned char *mac, size_t length) MUST_CHECK;

#endif
