/* script.c: see script.h. */
#include "store/script.h"

#include "core/strbuf.h"
#include "core/text.h"

#include <ctype.h>

/* Length of the comment that starts at text, 0 for none. "--" needs white space behind it. */
static size_t comment_length(const char *text)
{
    if (text[0] == '#' || (text[0] == '-' && text[1] == '-' && isspace((unsigned char)text[2])))
        return strcspn(text, "\n");
    if (text[0] == '/' && text[1] == '*' && text[2] != '!') {
        const char *end = strstr(text + 2, "*/");
        return end ? (size_t)(end + 2 - text) : strlen(text);
    }
    return 0;
}

/* Length of the quoted run that starts at text, with its quotes; 0 when none starts there. */
static size_t quoted_length(const char *text)
{
    char quote = text[0];
    if (quote != '\'' && quote != '"' && quote != '`')
        return 0;
    size_t length = 1;
    while (text[length] && text[length] != quote)
        length += text[length] == '\\' && text[length + 1] && quote != '`' ? 2 : 1;
    return text[length] ? length + 1 : length;
}

const char *script_next(struct arena *arena, const char **cursor)
{
    struct strbuf statement = strbuf_start(arena);
    const char *text = *cursor;
    while (*text) {
        size_t skipped = comment_length(text);
        size_t quoted = quoted_length(text);
        if (skipped) {
            text += skipped;
        } else if (quoted) {
            strbuf_add(&statement, text, quoted);
            text += quoted;
        } else if (*text == ';') {
            text++;
            if (*text_trim(arena, statement.data))
                break;
            strbuf_cut(&statement, 0);
        } else {
            strbuf_add_char(&statement, *text++);
        }
    }
    *cursor = text;
    const char *trimmed = text_trim(arena, statement.data);
    return *trimmed ? trimmed : NULL;
}

/* The words that stand right before a table's name, by the statement's first word. */
static const struct {
    const char *verb, *before;
} table_places[] = {
    { "CREATE", "TABLE" }, { "ALTER", "TABLE" }, { "DROP", "TABLE" },    { "CREATE", "ON" },
    { "DROP", "ON" },      { "INSERT", "INTO" }, { "UPDATE", "UPDATE" }, { "DELETE", "FROM" },
};

/* The next word of a statement (letters, digits, '_', '`' left out), in the arena; NULL at the end. */
static const char *next_name(struct arena *arena, const char **cursor)
{
    const char *text = *cursor;
    while (*text && !isalnum((unsigned char)*text) && *text != '_')
        text++;
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    *cursor = text + length;
    return length ? arena_strndup(arena, text, length) : NULL;
}

/* "TABLE IF NOT EXISTS name": the words between. */
static bool is_filler(const char *word)
{
    static const char *const fillers[] = { "IF", "NOT", "EXISTS", "IGNORE", "LOW_PRIORITY" };
    for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
        if (text_equal_ascii_case(word, fillers[i]))
            return true;
    return false;
}

static const char *name_after(struct arena *arena, const char *statement, const char *before)
{
    const char *cursor = statement;
    const char *word;
    while ((word = next_name(arena, &cursor)) && !text_equal_ascii_case(word, before))
        ;
    while (word && (word = next_name(arena, &cursor)) && is_filler(word))
        ;
    return word;
}

const char *script_table(struct arena *arena, const char *statement)
{
    const char *cursor = statement;
    const char *verb = next_name(arena, &cursor);
    for (size_t i = 0; verb && i < ARRAY_SIZE(table_places); i++) {
        if (!text_equal_ascii_case(verb, table_places[i].verb))
            continue;
        const char *name = name_after(arena, statement, table_places[i].before);
        if (name)
            return name;
    }
    return NULL;
}
