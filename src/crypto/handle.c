/* handle.c: see handle.h. */
#include "crypto/handle.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#include <openssl/crypto.h>

enum {
    ID_LENGTH = 16,
    GENERATION_LENGTH = 4,
    SECRET_LENGTH = 32,
    MAC_LENGTH = 16,
    BODY_LENGTH = ID_LENGTH + GENERATION_LENGTH + SECRET_LENGTH,
    TEXT_LENGTH = ((BODY_LENGTH + MAC_LENGTH) * 8 + 5) / 6, /* base64url, without the prefix */
};

/* The purpose keeps the MACs of the kinds apart, whatever the prefix says (T-19). */
static const struct {
    const char *prefix, *purpose;
} kinds[] = {
    [HANDLE_CODE] = { .prefix = "dwc_", .purpose = "handle:code" },
    [HANDLE_REFRESH_TOKEN] = { .prefix = "dwr_", .purpose = "handle:refresh_token" },
    [HANDLE_TICKET] = { .prefix = "dwt_", .purpose = "handle:ticket" },
    [HANDLE_MAGIC_LINK] = { .prefix = "dwm_", .purpose = "handle:magic_link" },
    [HANDLE_VERIFY_EMAIL] = { .prefix = "dwv_", .purpose = "handle:verify_email" },
    [HANDLE_ADD_PASSWORD] = { .prefix = "dwa_", .purpose = "handle:add_password" },
    [HANDLE_RESET_PASSWORD] = { .prefix = "dwp_", .purpose = "handle:reset_password" },
    [HANDLE_CONFIRM_OLD_EMAIL] = { .prefix = "dwo_", .purpose = "handle:confirm_old_email" },
    [HANDLE_CONFIRM_NEW_EMAIL] = { .prefix = "dwn_", .purpose = "handle:confirm_new_email" },
    [HANDLE_UNLOCK] = { .prefix = "dwu_", .purpose = "handle:unlock" },
    [HANDLE_INVITE] = { .prefix = "dwi_", .purpose = "handle:invite" },
    [HANDLE_PROVIDER_REQUEST] = { .prefix = "dwq_", .purpose = "handle:provider_request" },
    [HANDLE_CONNECTION] = { .prefix = "dwl_", .purpose = "handle:connection" },
};
_Static_assert(ARRAY_SIZE(kinds) == HANDLE_KINDS, "a kind of handle without its row");

void handle_make(enum handle_kind kind, const unsigned char id[16], uint32_t generation,
                 struct handle *handle_out)
{
    *handle_out = (struct handle) { .kind = kind, .generation = generation };
    memcpy(handle_out->id, id, ID_LENGTH);
    random_bytes(handle_out->secret, SECRET_LENGTH);
    sha256(handle_out->secret, SECRET_LENGTH, handle_out->hash);
}

void handle_restore(enum handle_kind kind, const unsigned char id[16], uint32_t generation,
                    const unsigned char *secret, struct handle *handle_out)
{
    *handle_out = (struct handle) { .kind = kind, .generation = generation };
    memcpy(handle_out->id, id, ID_LENGTH);
    memcpy(handle_out->secret, secret, SECRET_LENGTH);
    sha256(handle_out->secret, SECRET_LENGTH, handle_out->hash);
}

const char *handle_print(const struct keyfile *keyfile, struct arena *arena, const struct handle *handle)
{
    unsigned char data[BODY_LENGTH + MAC_LENGTH];
    memcpy(data, handle->id, ID_LENGTH);
    for (int i = 0; i < GENERATION_LENGTH; i++)
        data[ID_LENGTH + i] = (unsigned char)(handle->generation >> (24 - 8 * i));
    memcpy(data + ID_LENGTH + GENERATION_LENGTH, handle->secret, SECRET_LENGTH);
    keyfile_sign(keyfile, kinds[handle->kind].purpose, data, BODY_LENGTH, data + BODY_LENGTH, MAC_LENGTH);
    const char *text = base64url_encode(arena, data, sizeof(data));
    OPENSSL_cleanse(data, sizeof(data));
    return arena_printf(arena, "%s%s", kinds[handle->kind].prefix, text);
}

bool handle_parse(const struct keyfile *keyfile, struct arena *arena, enum handle_kind kind, const char *text,
                  struct handle *handle_out)
{
    struct bytes data;
    if (!text || !text_starts(text, kinds[kind].prefix))
        return false;
    text += strlen(kinds[kind].prefix);
    if (strlen(text) != TEXT_LENGTH || !base64url_decode(arena, text, TEXT_LENGTH, &data) ||
        !keyfile_verify(keyfile, kinds[kind].purpose, data.data, BODY_LENGTH, data.data + BODY_LENGTH,
                        MAC_LENGTH))
        return false;
    *handle_out = (struct handle) { .kind = kind };
    memcpy(handle_out->id, data.data, ID_LENGTH);
    for (int i = 0; i < GENERATION_LENGTH; i++)
        handle_out->generation = handle_out->generation << 8 | data.data[ID_LENGTH + i];
    memcpy(handle_out->secret, data.data + ID_LENGTH + GENERATION_LENGTH, SECRET_LENGTH);
    sha256(handle_out->secret, SECRET_LENGTH, handle_out->hash);
    return true;
}
