/*
 * mustache.c: a template becomes a tree of nodes. See mustache.h; mustache_render.c makes text of it.
 *
 * White space is the hard part. A tag that stands alone on its line takes the line with it. The white
 * space before a partial, parent or block that begins its line becomes the node's indentation, which
 * all lines of what is put there get; the content of a block is stored without its own indentation.
 * So a node says where a line begins (NODE_LINE, or a line break inside a text), and the renderer puts
 * the indentation in front of the first thing that follows.
 */
#include "core/mustache_tree.h"

#include "core/text.h"

struct delimiter {
    const char *text;
    size_t length;
};

/* A run of source that is removed from the front of lines: the indentation of the block around. */
struct strip {
    const char *start;
    size_t length;
};

/* An open section, parent or block; frames[0] is the template itself. */
struct frame {
    struct node *node;
    struct node **tail; /* where the next child goes */
    struct strip strip; /* what to go back to when it closes */
    bool begins_line;
};

struct compiler {
    struct arena *arena;
    const char *text, *end, *at;
    struct delimiter open, close;
    struct frame frames[MUSTACHE_MAX_NESTING + 1];
    size_t depth;
    struct strip strip;
    struct node *text_node;  /* the text that is being gathered, NULL for none */
    struct strbuf gathered;  /* its bytes */
    const char *clear_until; /* only white space and opening parents or blocks up to here on its line */
    const char *quiet_line;  /* start of a line whose place is told by the node around it */
    const char *counted;     /* up to where line breaks have been counted */
    size_t line;             /* the line of counted */
    struct mustache_error *error_out;
};

/* One tag, as it stands in the source. */
struct tag {
    const char *start, *after; /* from the opening delimiter to behind the closing one */
    const char *line_start;    /* where the white space before it begins, when nothing else precedes it */
    const char *line_end;      /* behind the line break, when only white space follows; else NULL */
    char kind;                 /* '#', '^', '/', '>', '<', '$', '!', '=', '&', '{', or 'v' */
    const char *name;
    size_t line;
};

static bool compile_fail(struct compiler *compiler, size_t line, const char *format, ...) PRINTF_LIKE(3, 4);
static bool compile_fail(struct compiler *compiler, size_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    compiler->error_out->line = line;
    compiler->error_out->message = arena_vprintf(compiler->arena, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

static bool is_space(char character)
{
    return is_blank(character) || character == '\r' || character == '\n';
}

static bool at_line_start(const struct compiler *compiler, const char *at)
{
    return at == compiler->text || at[-1] == '\n';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static size_t line_of(struct compiler *compiler, const char *at)
{
    for (; compiler->counted < at; compiler->counted++)
        compiler->line += *compiler->counted == '\n';
    return compiler->line;
}

/* --- adding nodes --- */

static void end_text(struct compiler *compiler)
{
    struct node *node = compiler->text_node;
    if (!node)
        return;
    node->text = arena_copy(compiler->arena, compiler->gathered.data, compiler->gathered.length);
    strbuf_cut(&compiler->gathered, 0);
    compiler->text_node = NULL;
}

static struct node *add_node(struct compiler *compiler, enum node_kind kind)
{
    struct node *node = arena_alloc(compiler->arena, sizeof(*node));
    struct frame *frame = &compiler->frames[compiler->depth];
    end_text(compiler);
    node->kind = kind;
    *frame->tail = node;
    frame->tail = &node->next;
    return node;
}

/* Marks that a line begins at at, unless what is around the line tells that already. */
static void add_line(struct compiler *compiler, const char *at)
{
    if (at_line_start(compiler, at) && at != compiler->quiet_line)
        add_node(compiler, NODE_LINE);
}

/* The part of the white space at start that the block around doesn't take away. */
static const char *behind_strip(const struct compiler *compiler, const char *start, const char *end)
{
    const struct strip *strip = &compiler->strip;
    size_t i = 0;
    while (i < strip->length && start + i < end && start[i] == strip->start[i])
        i++;
    return start + i;
}

/* Source text, line by line; consecutive lines share a node. */
static void add_text(struct compiler *compiler, const char *from, const char *to)
{
    while (from < to) {
        const char *line_break = memchr(from, '\n', (size_t)(to - from));
        const char *end = line_break ? line_break + 1 : to;
        if (!compiler->text_node) {
            add_line(compiler, from);
            compiler->text_node = add_node(compiler, NODE_TEXT);
        }
        if (at_line_start(compiler, from))
            from = behind_strip(compiler, from, end);
        strbuf_add(&compiler->gathered, from, (size_t)(end - from));
        from = end;
    }
}

static const char *indent_of(const struct compiler *compiler, const struct tag *tag)
{
    const char *start = behind_strip(compiler, tag->line_start, tag->start);
    return arena_strndup(compiler->arena, start, (size_t)(tag->start - start));
}

/* --- names --- */

static const char *const *split_name(struct arena *arena, const char *name)
{
    size_t count = 1, length;
    const char *word;
    for (const char *at = name; *at; at++)
        count += *at == '.';
    const char **parts = arena_array(arena, count + 1, sizeof(*parts));
    for (size_t i = 0; text_next_word(&name, '.', &word, &length); i++)
        parts[i] = arena_strndup(arena, word, length);
    return parts;
}

static bool check_name(struct compiler *compiler, const struct tag *tag)
{
    const char *name = tag->name;
    if (!*name)
        return compile_fail(compiler, tag->line, "a tag without a name");
    if (*name == '*')
        return compile_fail(compiler, tag->line, "'%s': dynamic names aren't supported", name);
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at <= ' ' || strchr("{}<>\"'", *at))
            return compile_fail(compiler, tag->line, "'%s' is no name", name);
    }
    bool path = strchr("><$", tag->kind) != NULL;
    if (path || text_equal(name, "."))
        return true;
    if (*name == '.' || text_ends(name, ".") || strstr(name, ".."))
        return compile_fail(compiler, tag->line, "'%s' has an empty part", name);
    return true;
}

/* --- reading a tag --- */

static const char *find(const char *from, const char *end, const char *what, size_t length)
{
    return memmem(from, (size_t)(end - from), what, length);
}

/* The white space before and the line break behind, if nothing else is on the line. */
static void look_around(const struct compiler *compiler, struct tag *tag)
{
    const char *before = tag->start, *after = skip_blanks(tag->after, compiler->end);
    while (before > compiler->text && is_blank(before[-1]))
        before--;
    if (at_line_start(compiler, before) || before == compiler->clear_until)
        tag->line_start = before;
    if (after < compiler->end && *after == '\r')
        after++;
    if (after == compiler->end)
        tag->line_end = after;
    else if (*after == '\n')
        tag->line_end = after + 1;
}

/* Reads the tag at the opening delimiter start. */
static bool read_tag(struct compiler *compiler, const char *start, struct tag *tag)
{
    const char *inside = start + compiler->open.length, *end = compiler->end;
    *tag = (struct tag) { .start = start, .kind = 'v', .line = line_of(compiler, start) };
    inside += inside < end && is_space(*inside) ? strspn(inside, " \t\r\n") : 0;
    if (inside < end && strchr("#^/><$!=&{", *inside))
        tag->kind = *inside++;
    const char *mark = tag->kind == '{' ? "}" : tag->kind == '=' ? "=" : "";
    const char *closing = arena_printf(compiler->arena, "%s%s", mark, compiler->close.text);
    const char *close = find(inside, end, closing, strlen(closing));
    if (!close)
        return compile_fail(compiler, tag->line, "a tag without an end: %s expected", closing);
    tag->after = close + strlen(closing);
    tag->name = text_trim(compiler->arena, arena_strndup(compiler->arena, inside, (size_t)(close - inside)));
    look_around(compiler, tag);
    return strchr("!=", tag->kind) || check_name(compiler, tag);
}

/* --- what each kind of tag does --- */

/* Text up to the tag; the tag's whole line goes when it stands alone on it. */
static void take_standing(struct compiler *compiler, const struct tag *tag)
{
    bool alone = tag->line_start && tag->line_end && at_line_start(compiler, tag->line_start);
    add_text(compiler, compiler->at, alone ? tag->line_start : tag->start);
    compiler->at = alone ? tag->line_end : tag->after;
}

/* Text up to a tag that stays in its line. */
static void take_inline(struct compiler *compiler, const struct tag *tag)
{
    add_text(compiler, compiler->at, tag->start);
    add_line(compiler, tag->start);
    compiler->at = tag->after;
}

static struct node *add_named(struct compiler *compiler, const struct tag *tag, enum node_kind kind)
{
    struct node *node = add_node(compiler, kind);
    node->line = tag->line;
    node->name = tag->name;
    node->parts = text_equal(tag->name, ".") ? NULL : split_name(compiler->arena, tag->name);
    return node;
}

static bool push_frame(struct compiler *compiler, const struct tag *tag, struct node *node)
{
    if (compiler->depth == MUSTACHE_MAX_NESTING)
        return compile_fail(compiler, tag->line, "'%s' is nested too deep", tag->name);
    end_text(compiler);
    compiler->frames[++compiler->depth] =
        (struct frame) { node, &node->children, compiler->strip, tag->line_start != NULL };
    return true;
}

static bool take_variable(struct compiler *compiler, const struct tag *tag)
{
    take_inline(compiler, tag);
    add_named(compiler, tag, tag->kind == 'v' ? NODE_VARIABLE : NODE_RAW);
    return true;
}

static bool take_comment(struct compiler *compiler, const struct tag *tag)
{
    take_standing(compiler, tag);
    return true;
}

static bool take_section(struct compiler *compiler, const struct tag *tag)
{
    bool alone = tag->line_start && tag->line_end && at_line_start(compiler, tag->line_start);
    if (alone)
        take_standing(compiler, tag);
    else
        take_inline(compiler, tag);
    return push_frame(compiler, tag,
                      add_named(compiler, tag, tag->kind == '#' ? NODE_SECTION : NODE_INVERTED));
}

static bool take_partial(struct compiler *compiler, const struct tag *tag)
{
    bool alone = tag->line_start && tag->line_end && at_line_start(compiler, tag->line_start);
    if (!alone) {
        take_inline(compiler, tag);
        add_named(compiler, tag, NODE_PARTIAL);
        return true;
    }
    take_standing(compiler, tag);
    add_line(compiler, tag->line_start);
    struct node *node = add_named(compiler, tag, NODE_PARTIAL);
    node->indent = indent_of(compiler, tag);
    node->own_lines = true;
    return true;
}

/* Text up to a parent or block; one that begins its line takes the white space as its indentation. */
static struct node *begin_container(struct compiler *compiler, const struct tag *tag, enum node_kind kind)
{
    bool begins = tag->line_start != NULL;
    add_text(compiler, compiler->at, begins ? tag->line_start : tag->start);
    add_line(compiler, begins ? tag->line_start : tag->start);
    compiler->at = tag->after;
    struct node *node = add_named(compiler, tag, kind);
    node->indent = begins ? indent_of(compiler, tag) : NULL;
    if (begins)
        compiler->clear_until = tag->after;
    return node;
}

static bool take_parent(struct compiler *compiler, const struct tag *tag)
{
    struct node *node = begin_container(compiler, tag, NODE_PARENT);
    return push_frame(compiler, tag, node);
}

/* Whether the block's content, which begins at at, is over before it has a line. */
static bool is_closed_at(const struct compiler *compiler, const char *at)
{
    const char *end = compiler->end;
    return (size_t)(end - at) > compiler->open.length &&
           memcmp(at, compiler->open.text, compiler->open.length) == 0 && at[compiler->open.length] == '/';
}

/*
 * The content of a block that is alone on its line begins on the next, and the indentation of that
 * line is the content's own: it is taken from all its lines and given to whatever stands in its place.
 */
static bool take_block(struct compiler *compiler, const struct tag *tag)
{
    struct node *node = begin_container(compiler, tag, NODE_BLOCK);
    if (!push_frame(compiler, tag, node))
        return false;
    struct strip strip = compiler->strip;
    if (tag->line_start && at_line_start(compiler, tag->line_start))
        strip = (struct strip) { tag->line_start, (size_t)(tag->start - tag->line_start) };
    if (tag->line_start && tag->line_end && tag->line_end < compiler->end) {
        const char *first = tag->line_end, *word = skip_blanks(first, compiler->end);
        compiler->at = compiler->quiet_line = first;
        node->own_lines = true;
        if (!is_closed_at(compiler, word)) {
            const char *inner = behind_strip(compiler, first, word);
            node->indent = arena_strndup(compiler->arena, inner, (size_t)(word - inner));
            strip = (struct strip) { first, (size_t)(word - first) };
        }
    }
    compiler->strip = strip;
    return true;
}

/* The end of a parent that began its line: the rest of the line goes with it. */
static void close_parent(struct compiler *compiler, const struct tag *tag, const struct frame *frame)
{
    frame->node->own_lines = frame->begins_line && tag->line_end;
    compiler->at = frame->node->own_lines ? tag->line_end : tag->after;
}

/* The end of a block: white space before it goes when it is first on its line, the line when it's alone. */
static void close_block(struct compiler *compiler, const struct tag *tag)
{
    bool first = tag->line_start && at_line_start(compiler, tag->line_start);
    add_text(compiler, compiler->at, first ? tag->line_start : tag->start);
    compiler->at = first && tag->line_end ? tag->line_end : tag->after;
}

static bool take_close(struct compiler *compiler, const struct tag *tag)
{
    struct frame *frame = &compiler->frames[compiler->depth];
    if (!compiler->depth)
        return compile_fail(compiler, tag->line, "'%s' is closed but was not opened", tag->name);
    if (!text_equal(frame->node->name, tag->name))
        return compile_fail(compiler, tag->line, "'%s' is closed where '%s' of line %zu is open", tag->name,
                            frame->node->name, frame->node->line);
    if (frame->node->kind == NODE_PARENT)
        close_parent(compiler, tag, frame);
    else if (frame->node->kind == NODE_BLOCK)
        close_block(compiler, tag);
    else
        take_standing(compiler, tag);
    end_text(compiler);
    compiler->depth--;
    compiler->strip = frame->strip;
    if (compiler->at == tag->after)
        add_line(compiler, tag->start);
    return true;
}

/* "=<% %>=" */
static bool take_delimiters(struct compiler *compiler, const struct tag *tag)
{
    const char *cursor = tag->name, *word;
    struct delimiter found[2];
    size_t count = 0, length;
    while (text_next_word(&cursor, ' ', &word, &length)) {
        const char *copy = arena_strndup(compiler->arena, word, length);
        if (count == 2 || strpbrk(copy, "=\t\r\n"))
            count = 3;
        else
            found[count++] = (struct delimiter) { copy, length };
        if (count > 2)
            break;
    }
    if (count != 2)
        return compile_fail(compiler, tag->line, "delimiters '%s': expected two words", tag->name);
    take_standing(compiler, tag);
    compiler->open = found[0];
    compiler->close = found[1];
    return true;
}

static bool take_tag(struct compiler *compiler, const struct tag *tag)
{
    switch (tag->kind) {
    case '!':
        return take_comment(compiler, tag);
    case '=':
        return take_delimiters(compiler, tag);
    case '#':
    case '^':
        return take_section(compiler, tag);
    case '/':
        return take_close(compiler, tag);
    case '>':
        return take_partial(compiler, tag);
    case '<':
        return take_parent(compiler, tag);
    case '$':
        return take_block(compiler, tag);
    default:
        return take_variable(compiler, tag);
    }
}

static bool compile(struct compiler *compiler)
{
    const char *start;
    struct tag tag;
    while ((start = find(compiler->at, compiler->end, compiler->open.text, compiler->open.length))) {
        if (!read_tag(compiler, start, &tag) || !take_tag(compiler, &tag))
            return false;
    }
    const struct node *open = compiler->frames[compiler->depth].node;
    if (compiler->depth)
        return compile_fail(compiler, open->line, "'%s' is never closed", open->name);
    add_text(compiler, compiler->at, compiler->end);
    end_text(compiler);
    return true;
}

struct mustache *mustache_compile(struct arena *arena, const char *text, size_t length,
                                  struct mustache_error *error_out)
{
    struct mustache *template = arena_alloc(arena, sizeof(*template));
    struct node *nodes = NULL;
    struct compiler compiler = {
        .arena = arena,
        .text = arena_strndup(arena, text, length),
        .open = { "{{", 2 },
        .close = { "}}", 2 },
        .gathered = strbuf_start(arena),
        .line = 1,
        .error_out = error_out,
    };
    compiler.at = compiler.counted = compiler.quiet_line = compiler.text;
    compiler.end = compiler.text + length;
    compiler.frames[0].tail = &nodes;
    *error_out = (struct mustache_error) { 0, NULL };
    if (!text_is_utf8(text, length)) {
        *error_out = (struct mustache_error) { 1, "not UTF-8, or a NUL in it" };
        return NULL;
    }
    if (!compile(&compiler))
        return NULL;
    template->nodes = nodes;
    return template;
}

/* ---------------------------------------------------------------- telling what is used */

static void each_use(const struct node *node, const struct mustache_use *section,
                     void (*each)(const struct mustache_use *use, void *context), void *context)
{
    static const enum mustache_kind kinds[] = {
        [NODE_VARIABLE] = MUSTACHE_VARIABLE, [NODE_RAW] = MUSTACHE_RAW,
        [NODE_SECTION] = MUSTACHE_SECTION,   [NODE_INVERTED] = MUSTACHE_INVERTED,
        [NODE_PARTIAL] = MUSTACHE_PARTIAL,   [NODE_PARENT] = MUSTACHE_PARENT,
        [NODE_BLOCK] = MUSTACHE_BLOCK,
    };
    for (; node; node = node->next) {
        if (node->kind == NODE_TEXT || node->kind == NODE_LINE)
            continue;
        struct mustache_use use = { kinds[node->kind], node->name, node->line, section };
        each(&use, context);
        each_use(node->children, node->kind == NODE_SECTION ? &use : section, each, context);
    }
}

void mustache_each_use(const struct mustache *template,
                       void (*each)(const struct mustache_use *use, void *context), void *context)
{
    each_use(template->nodes, NULL, each, context);
}
