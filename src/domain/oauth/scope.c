/* scope.c: see scope.h. */
#include "domain/oauth/scope.h"

#include "core/strbuf.h"
#include "core/text.h"

const char scope_standard[] = "openid profile email address phone offline_access roles subscription "
                              "account manage_permissions manage_service";

/* Standard words and whom they are for; words of applications ("read:x") are for both. */
static const struct {
    const char *word;
    bool users, machines;
} standard[] = {
    { "openid", true, false },         { "profile", true, false },      { "email", true, false },
    { "address", true, false },        { "phone", true, false },        { "offline_access", true, false },
    { "roles", true, false },          { "subscription", true, false }, { "manage_permissions", false, true },
    { "manage_service", true, false }, { "account", true, false },
};

static bool is_for(const char *word, enum scope_holder holder)
{
    for (size_t i = 0; i < ARRAY_SIZE(standard); i++) {
        if (text_equal(standard[i].word, word))
            return holder == SCOPE_FOR_USERS ? standard[i].users : standard[i].machines;
    }
    return true;
}

/* scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), RFC 6749 §3.3 */
static bool is_well_formed(const char *scope)
{
    if (strlen(scope) > SCOPE_MAX_BYTES || *scope == ' ' || text_ends(scope, " ") || strstr(scope, "  "))
        return false;
    return text_is_printable(scope) && !strpbrk(scope, "\"\\");
}

static void add_word(struct strbuf *list, const char *word)
{
    if (list->length)
        strbuf_add_char(list, ' ');
    strbuf_add_text(list, word);
}

static const char *next_word(struct arena *arena, const char **cursor)
{
    const char *word;
    size_t length;
    return text_next_word(cursor, ' ', &word, &length) ? arena_strndup(arena, word, length) : NULL;
}

enum outcome scope_check(struct context *context, const struct client *client, enum scope_holder holder,
                         const char *requested, const char **scope_out)
{
    const char *word;
    size_t count = 0;
    if (text_empty(requested) || !is_well_formed(requested))
        return refuse(context, OUTCOME_INVALID_SCOPE, "scope is missing or malformed");
    struct strbuf scope = strbuf_start(context->arena);
    while ((word = next_word(context->arena, &requested))) {
        if (++count > SCOPE_MAX_WORDS)
            return refuse(context, OUTCOME_INVALID_SCOPE, "scope has too many words");
        if (!is_for(word, holder) || !scope_has(client->scope, word))
            return refuse(context, OUTCOME_INVALID_SCOPE, "the client may not ask for one of these scopes");
        if (!scope_has(scope.data, word))
            add_word(&scope, word);
    }
    *scope_out = scope.data;
    return OUTCOME_OK;
}

const char *scope_user_default(struct context *context, const struct client *client)
{
    const char *word, *cursor = client->scope;
    struct strbuf scope = strbuf_start(context->arena);
    while (cursor && (word = next_word(context->arena, &cursor))) {
        if (is_for(word, SCOPE_FOR_USERS))
            add_word(&scope, word);
    }
    return scope.data;
}

const char *scope_machine_default(struct context *context, const struct client *client)
{
    const char *word, *cursor = client->scope;
    if (scope_has(cursor, "manage_permissions"))
        return "manage_permissions";
    struct strbuf scope = strbuf_start(context->arena);
    while (cursor && (word = next_word(context->arena, &cursor))) {
        if (is_for(word, SCOPE_FOR_MACHINES))
            add_word(&scope, word);
    }
    return scope.data;
}

bool scope_has(const char *scope, const char *word)
{
    return text_has_word(scope, ' ', word);
}

/* Words of a for which "b has it" is wanted. */
static const char *select_words(struct arena *arena, const char *a, const char *b, bool wanted)
{
    const char *word;
    struct strbuf scope = strbuf_start(arena);
    while (a && (word = next_word(arena, &a))) {
        if (scope_has(b, word) == wanted)
            add_word(&scope, word);
    }
    return scope.data;
}

const char *scope_minus(struct arena *arena, const char *a, const char *b)
{
    return select_words(arena, a, b, false);
}

const char *scope_and(struct arena *arena, const char *a, const char *b)
{
    return select_words(arena, a, b, true);
}

bool scope_within(struct arena *arena, const char *part, const char *whole)
{
    return text_empty(scope_minus(arena, part, whole));
}
