/*
 * handle.h: the strings that we give out to be brought back: codes, refresh tokens, tickets, and the
 * tokens of links in mails.
 *
 * A handle carries its kind, the id of its row, a generation and 32 random bytes, and a MAC over all
 * of it. So a forged, cut, flipped or foreign-kind handle is refused without a look into the database
 * (T-19, T-28), an old generation is known to have been ours (reuse, not guessing), and the row stores
 * only the SHA-256 of the secret part.
 *
 * Text form: a prefix per kind ("dwc_", "dwr_", …) and base64url of
 * id (16) | generation (4, big-endian) | secret (32) | MAC (16).
 */
#ifndef DOORWARD_CRYPTO_HANDLE_H
#define DOORWARD_CRYPTO_HANDLE_H

#include "crypto/keyfile.h"

enum handle_kind {
    HANDLE_CODE,
    HANDLE_REFRESH_TOKEN,
    HANDLE_TICKET,
    HANDLE_MAGIC_LINK,
    HANDLE_VERIFY_EMAIL,
    HANDLE_ADD_PASSWORD,
    HANDLE_RESET_PASSWORD,
    HANDLE_CONFIRM_OLD_EMAIL,
    HANDLE_CONFIRM_NEW_EMAIL,
    HANDLE_UNLOCK,
    HANDLE_INVITE,
    HANDLE_PROVIDER_REQUEST,
    HANDLE_CONNECTION,
    HANDLE_KINDS
};

struct handle {
    enum handle_kind kind;
    unsigned char id[16];
    uint32_t generation;
    unsigned char secret[32];
    unsigned char hash[32]; /* SHA-256 of the secret: what the row stores */
};

/* Fills secret and hash of a new handle. */
void handle_make(enum handle_kind kind, const unsigned char id[16], uint32_t generation,
                 struct handle *handle_out);

/* Fills a handle again whose secret (32 bytes) was kept sealed. */
void handle_restore(enum handle_kind kind, const unsigned char id[16], uint32_t generation,
                    const unsigned char *secret, struct handle *handle_out);

/* Its text form, in the arena. */
const char *handle_print(const struct keyfile *keyfile, struct arena *arena, const struct handle *handle);

/* False unless it's a handle of this kind with a good MAC, in its one spelling. */
bool handle_parse(const struct keyfile *keyfile, struct arena *arena, enum handle_kind kind, const char *text,
                  struct handle *handle_out) MUST_CHECK;

#endif
