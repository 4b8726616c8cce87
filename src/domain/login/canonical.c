/*
 * canonical.c: the one form in which addresses and passwords are compared (canonical.h). Two
 * spellings of an address that reach the same mailbox in practice must find the same account and the
 * same counter (T-90), and a password typed on another keyboard must still be the same one.
 */
#include "domain/login/canonical.h"

#include "core/text.h"
#include "crypto/password.h"

#include <idn2.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

enum { EMAIL_MAX_BYTES = 254, EMAIL_LOCAL_MAX_BYTES = 64, EMAIL_KEY_MAX_BYTES = 320 };

/* Control, format, private and unassigned characters: what can't be seen can't be compared by a person.
 * A zero-width joiner in a name is the price. */
static const uint32_t unseen = UC_CATEGORY_MASK_C;

/* Copies what a foreign library has allocated into the arena and gives it back. */
static const char *keep_text(struct arena *arena, void *text, size_t length)
{
    if (text == NULL)
        return NULL;
    const char *copy = arena_strndup(arena, text, length);
    free(text);
    return copy;
}

/* Whether the text holds a character of these categories (UC_CATEGORY_MASK_…). */
static bool has_category(const char *text, uint32_t categories)
{
    ucs4_t character;
    const uint8_t *cursor = (const uint8_t *)text;
    while ((cursor = u8_next(&character, cursor)) != NULL) {
        if (uc_is_general_category_withtable(character, categories))
            return true;
    }
    return false;
}

static const char *fold(struct arena *arena, const char *local, size_t length)
{
    size_t folded_length = 0;
    uint8_t *folded = u8_casefold((const uint8_t *)local, length, NULL, UNINORM_NFC, NULL, &folded_length);
    return keep_text(arena, folded, folded_length);
}

/* The host as A-labels in lower case (RFC 5891 with the mapping of UTS 46). */
static const char *host_to_ascii(struct arena *arena, const char *host)
{
    char *ascii = NULL;
    int flags = IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT;
    if (idn2_to_ascii_8z(host, &ascii, flags) != IDN2_OK)
        return NULL;
    const char *labels = text_lower(arena, keep_text(arena, ascii, strlen(ascii)));
    bool plain = strspn(labels, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(labels);
    return plain ? labels : NULL;
}

/* Checked behind the mapping too: UTS 46 turns some other dots into '.'. */
static bool host_is_plain(const char *host)
{
    size_t length = strlen(host);
    return length > 0 && host[0] != '.' && host[length - 1] != '.' && strstr(host, "..") == NULL;
}

const char *email_canonical(struct arena *arena, const char *email)
{
    if (text_empty(email))
        return NULL;
    size_t length = strlen(email);
    const char *at = strchr(email, '@');
    if (length > EMAIL_MAX_BYTES || at == NULL || at == email || strchr(at + 1, '@') != NULL)
        return NULL;
    if (!text_is_utf8(email, length) || has_category(email, unseen | UC_CATEGORY_MASK_Z) ||
        !host_is_plain(at + 1))
        return NULL;

    const char *local = fold(arena, email, (size_t)(at - email));
    const char *host = host_to_ascii(arena, at + 1);
    if (local == NULL || host == NULL || !host_is_plain(host))
        return NULL;
    const char *key = arena_printf(arena, "%s@%s", local, host);
    return strlen(key) <= EMAIL_KEY_MAX_BYTES ? key : NULL;
}

const char *email_canonical_new(struct arena *arena, const char *email)
{
    if (text_empty(email) || strcspn(email, "@") > EMAIL_LOCAL_MAX_BYTES)
        return NULL;
    return email_canonical(arena, email);
}

/* Letters and symbols that show nothing: the fillers of Hangul, the empty pattern of Braille. */
static bool shows_nothing(ucs4_t character)
{
    static const ucs4_t fillers[] = { 0x115f, 0x1160, 0x2800, 0x3164, 0xffa0 };
    for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
        if (fillers[i] == character)
            return true;
    }
    return uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_M);
}

/* Whether there is nothing to be seen: spaces of any kind, and marks on them. */
static bool is_blank(const char *text)
{
    ucs4_t character;
    for (const uint8_t *at = (const uint8_t *)text; (at = u8_next(&character, at));) {
        if (!shows_nothing(character))
            return false;
    }
    return true;
}

bool person_name_is_plain(const char *name, size_t minimum, size_t maximum)
{
    size_t length = strlen(name);
    if (!text_is_utf8(name, length) || has_category(name, unseen))
        return false;
    size_t characters = u8_mbsnlen((const uint8_t *)name, length);
    return characters >= minimum && characters <= maximum && !is_blank(name);
}

const char *text_folded(struct arena *arena, const char *text)
{
    const char *folded = fold(arena, text, strlen(text));
    return folded == NULL ? "" : folded;
}

size_t text_characters(const char *text)
{
    return u8_mbsnlen((const uint8_t *)text, strlen(text));
}

const char *password_normalise(struct arena *arena, const char *password)
{
    size_t length = password == NULL ? 0 : strlen(password);
    if (length == 0 || length > PASSWORD_MAX_BYTES || !text_is_utf8(password, length))
        return NULL;
    size_t composed_length = 0;
    uint8_t *composed = u8_normalize(UNINORM_NFC, (const uint8_t *)password, length, NULL, &composed_length);
    return composed_length <= PASSWORD_MAX_BYTES ? keep_text(arena, composed, composed_length) : NULL;
}
