/* provider_scopes.c: see provider_scopes.h, and provider.h for those that know no kind. */
#include "domain/providers/provider_scopes.h"

#include "core/strbuf.h"
#include "core/text.h"

enum { GIVEN_MAX_BYTES = 2000 };

static void add_word(struct strbuf *list, const char *word, char separator)
{
    if (text_has_word(list->data, separator, word))
        return;
    if (list->length)
        strbuf_add_char(list, separator);
    strbuf_add_text(list, word);
}

static void add_words(struct strbuf *list, const char *words, char separator)
{
    const char *word;
    size_t length;
    while (words && text_next_word(&words, ' ', &word, &length))
        add_word(list, arena_strndup(list->arena, word, length), separator);
}

const char *provider_scopes_asked(struct arena *arena, const struct provider_kind *kind, const char *scopes,
                                  bool offline)
{
    char separator = kind->scope_separator ? kind->scope_separator : ' ';
    struct strbuf list = strbuf_start(arena);
    if (kind->is_oidc)
        add_word(&list, "openid", separator);
    add_words(&list, scopes, separator);
    if (offline)
        add_words(&list, kind->offline_scope, separator);
    return list.data;
}

static const char *bare(const char *word, const char *prefix)
{
    return text_starts(word, prefix) ? word + strlen(prefix) : word;
}

/* As it was asked for, where it was; else without the prefix. */
static const char *word_asked(struct arena *arena, const char *prefix, const char *word, const char *asked)
{
    const char *one;
    size_t length;
    while (text_next_word(&asked, ' ', &one, &length)) {
        const char *copy = arena_strndup(arena, one, length);
        if (text_equal_ascii_case(bare(copy, prefix), bare(word, prefix)))
            return copy;
    }
    return bare(word, prefix);
}

/* Our spelling of a provider's word. */
static const char *our_word(struct arena *arena, const struct provider_kind *kind, const char *word,
                            const char *asked)
{
    const char *pairs = kind->scope_aliases, *pair;
    size_t length, front = strlen(word);
    if (kind->scope_prefix)
        return word_asked(arena, kind->scope_prefix, word, asked);
    while (pairs && text_next_word(&pairs, ' ', &pair, &length)) {
        if (length > front && memcmp(pair, word, front) == 0 && pair[front] == '=')
            return arena_strndup(arena, pair + front + 1, length - front - 1);
    }
    return word;
}

/* Added by provider_scopes_asked() and by nobody else. */
static bool is_ours(const struct provider_kind *kind, const char *word, const char *asked)
{
    bool added = (kind->is_oidc && text_equal(word, "openid")) ||
                 (kind->offline_scope && text_equal(word, kind->offline_scope));
    return added && !text_has_word(asked, ' ', word);
}

static void take_answered(struct strbuf *given, const struct provider_kind *kind, const char *answered,
                          const char *asked)
{
    const char *word;
    size_t length;
    char *list = arena_strdup(given->arena, answered);
    for (char *at = list; *at; at++)
        if (kind->answer_separator && *at == kind->answer_separator)
            *at = ' ';
    const char *cursor = list;
    while (text_next_word(&cursor, ' ', &word, &length)) {
        const char *theirs = arena_strndup(given->arena, word, length);
        const char *ours = our_word(given->arena, kind, theirs, asked);
        if (!is_ours(kind, ours, asked))
            add_word(given, ours, ' ');
    }
}

/* Of what was asked for, what is held by a wider scope that was given. */
static void take_implied(struct strbuf *given, const struct provider_kind *kind, const char *answered,
                         const char *asked)
{
    const char *pairs = kind->scope_implies, *pair;
    size_t length;
    while (pairs && text_next_word(&pairs, ' ', &pair, &length)) {
        size_t wide = (size_t)((const char *)memchr(pair, '=', length) - pair);
        const char *narrow = arena_strndup(given->arena, pair + wide + 1, length - wide - 1);
        if (text_has_word(asked, ' ', narrow) &&
            text_has_word(answered, ' ', arena_strndup(given->arena, pair, wide)))
            add_word(given, narrow, ' ');
    }
}

const char *provider_scopes_given(struct arena *arena, const struct provider_kind *kind, const char *answered,
                                  const char *asked)
{
    struct strbuf given = strbuf_start(arena);
    asked = asked ? asked : "";
    if (!answered)
        add_words(&given, asked, ' ');
    else
        take_answered(&given, kind, answered, asked);
    take_implied(&given, kind, arena_strdup(arena, given.data), asked);
    return given.length <= GIVEN_MAX_BYTES && text_is_printable(given.data) ? given.data : NULL;
}
