/* precondition.c: see precondition.h. */
#include "domain/precondition.h"

#include "core/encode.h"
#include "core/text.h"
#include "crypto/digest.h"

enum { TAG_BYTES = 12 };

const char *precondition_tag(struct arena *arena, int64_t version)
{
    return arena_printf(arena, "\"%lld\"", (long long)version);
}

const char *precondition_tag_of_text(struct arena *arena, const char *text)
{
    unsigned char hash[32];
    sha256_text(text, hash);
    return arena_printf(arena, "\"%s\"", hex_encode(arena, hash, TAG_BYTES));
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t';
}

/* No tag of ours holds a comma or a space, so that splitting at both is right. */
bool precondition_holds(const char *if_match, const char *tag)
{
    const char *item, *cursor = if_match;
    size_t length, tag_length = strlen(tag);
    if (!if_match || text_equal(if_match, "*"))
        return true;
    while (text_next_word(&cursor, ',', &item, &length)) {
        while (length > 0 && is_space(*item))
            item++, length--;
        while (length > 0 && is_space(item[length - 1]))
            length--;
        if (length == tag_length && memcmp(item, tag, length) == 0)
            return true;
    }
    return false;
}
