/* mustache_render.c: a compiled template and a model become text. See mustache.h and, for the white space,
 * mustache.c. */
#include "core/mustache_tree.h"

#include "core/text.h"

/* The values that names are looked up in, the innermost first. */
struct values {
    const struct json *value;
    const struct values *outer;
};

/* The parents whose blocks replace those of what is being rendered, the innermost first. */
struct overrides {
    const struct node *parent;
    const struct overrides *outer;
};

struct renderer {
    mustache_partial_fn partial;
    void *context;
    struct strbuf *out;
    struct strbuf indent;
    bool plain;       /* text, not HTML: nothing is escaped */
    bool line_begins; /* indent from due_from to due_to goes in front of what comes next */
    size_t due_from, due_to;
    size_t depth;
    const char *error;
};

static bool render(struct renderer *renderer, const struct node *node, const struct values *values,
                   const struct overrides *overrides);

static void write_due_indent(struct renderer *renderer)
{
    if (renderer->line_begins)
        strbuf_add(renderer->out, renderer->indent.data + renderer->due_from,
                   renderer->due_to - renderer->due_from);
    renderer->line_begins = false;
}

static void write_text(struct renderer *renderer, struct bytes text)
{
    const char *at = (const char *)text.data, *end = at + text.length;
    write_due_indent(renderer);
    while (renderer->indent.length && at < end) {
        const char *line_break = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = line_break ? line_break + 1 : end;
        strbuf_add(renderer->out, at, (size_t)(line_end - at));
        if (line_end < end)
            strbuf_add(renderer->out, renderer->indent.data, renderer->indent.length);
        at = line_end;
    }
    strbuf_add(renderer->out, at, (size_t)(end - at));
}

static void write_escaped(struct strbuf *out, const char *text)
{
    for (;;) {
        size_t plain = strcspn(text, "&<>\"'");
        strbuf_add(out, text, plain);
        text += plain;
        switch (*text++) {
        case '&':
            strbuf_add_text(out, "&amp;");
            break;
        case '<':
            strbuf_add_text(out, "&lt;");
            break;
        case '>':
            strbuf_add_text(out, "&gt;");
            break;
        case '"':
            strbuf_add_text(out, "&quot;");
            break;
        case '\'':
            strbuf_add_text(out, "&#39;");
            break;
        default:
            return;
        }
    }
}

/* The value of a name: its first part is looked for outwards, the rest strictly inside what was found. */
static const struct json *look_up(const struct node *node, const struct values *values)
{
    if (!node->parts)
        return values->value;
    while (values && !json_has_member(values->value, node->parts[0]))
        values = values->outer;
    const struct json *value = values ? values->value : NULL;
    for (size_t i = 0; node->parts[i] && value; i++)
        value = json_member(value, node->parts[i]);
    return value;
}

static void write_value(struct renderer *renderer, const struct node *node, const struct json *value)
{
    const char *text = json_text(value);
    enum json_kind kind = json_kind(value);
    write_due_indent(renderer);
    if (kind == JSON_BOOLEAN || kind == JSON_INTEGER || kind == JSON_DOUBLE)
        text = json_print(renderer->out->arena, value);
    if (!text)
        return;
    if (node->kind == NODE_RAW || renderer->plain)
        strbuf_add_text(renderer->out, text);
    else
        write_escaped(renderer->out, text);
}

static bool is_true(const struct json *value)
{
    int64_t integer;
    bool boolean;
    if (json_boolean(value, &boolean))
        return boolean;
    if (json_integer(value, &integer))
        return integer != 0;
    switch (json_kind(value)) {
    case JSON_NULL:
        return false;
    case JSON_TEXT:
        return *json_text(value);
    case JSON_ARRAY:
        return json_count(value) > 0;
    default:
        return true;
    }
}

static bool render_section(struct renderer *renderer, const struct node *node, const struct values *values,
                           const struct overrides *overrides)
{
    const struct json *value = look_up(node, values);
    if (!is_true(value))
        return true;
    size_t count = json_kind(value) == JSON_ARRAY ? json_count(value) : 1;
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_kind(value) == JSON_ARRAY ? json_item(value, i) : value;
        const struct values inner = { item, values };
        if (!render(renderer, node->children, &inner, overrides))
            return false;
    }
    return true;
}

/* Renders what stands in a node's place with the node's indentation, within the limit of depth. */
static bool render_indented(struct renderer *renderer, const struct node *place, const struct node *content,
                            const struct values *values, const struct overrides *overrides)
{
    size_t length = renderer->indent.length;
    if (renderer->depth == MUSTACHE_MAX_NESTING) {
        renderer->error = arena_printf(renderer->out->arena, "line %zu: '%s' calls itself without an end",
                                       place->line, place->name);
        return false;
    }
    if (place->indent) {
        strbuf_add_text(&renderer->indent, place->indent);
        if (!renderer->line_begins)
            renderer->due_from = length;
        renderer->due_to = renderer->indent.length;
        renderer->line_begins = true;
    }
    renderer->depth++;
    bool fine = render(renderer, content, values, overrides);
    renderer->depth--;
    if (place->indent && !place->own_lines)
        write_due_indent(renderer);
    if (renderer->due_to > length)
        renderer->due_to = length;
    if (renderer->due_from > length)
        renderer->due_from = length;
    strbuf_cut(&renderer->indent, length);
    return fine;
}

static bool render_partial(struct renderer *renderer, const struct node *node, const struct values *values,
                           const struct overrides *overrides)
{
    const struct mustache *found =
        renderer->partial ? renderer->partial(node->name, renderer->context) : NULL;
    return !found || render_indented(renderer, node, found->nodes, values, overrides);
}

static bool render_parent(struct renderer *renderer, const struct node *node, const struct values *values,
                          const struct overrides *overrides)
{
    const struct overrides inner = { node, overrides };
    return render_partial(renderer, node, values, &inner);
}

/* The block as the outermost parent that has one of its name replaces it, else itself. */
static const struct node *block_content(const struct node *node, const struct overrides *overrides)
{
    const struct node *content = node->children;
    for (; overrides; overrides = overrides->outer) {
        for (const struct node *child = overrides->parent->children; child; child = child->next) {
            if (child->kind == NODE_BLOCK && text_equal(child->name, node->name))
                content = child->children;
        }
    }
    return content;
}

static bool render_node(struct renderer *renderer, const struct node *node, const struct values *values,
                        const struct overrides *overrides)
{
    switch (node->kind) {
    case NODE_TEXT:
        write_text(renderer, node->text);
        return true;
    case NODE_LINE:
        renderer->line_begins = true;
        renderer->due_from = 0;
        renderer->due_to = renderer->indent.length;
        return true;
    case NODE_VARIABLE:
    case NODE_RAW:
        write_value(renderer, node, look_up(node, values));
        return true;
    case NODE_SECTION:
        return render_section(renderer, node, values, overrides);
    case NODE_INVERTED:
        return is_true(look_up(node, values)) || render(renderer, node->children, values, overrides);
    case NODE_PARTIAL:
        return render_partial(renderer, node, values, overrides);
    case NODE_PARENT:
        return render_parent(renderer, node, values, overrides);
    case NODE_BLOCK:
        return render_indented(renderer, node, block_content(node, overrides), values, overrides);
    }
    return true;
}

static bool render(struct renderer *renderer, const struct node *node, const struct values *values,
                   const struct overrides *overrides)
{
    for (; node; node = node->next) {
        if (!render_node(renderer, node, values, overrides))
            return false;
    }
    return true;
}

static bool render_whole(struct renderer *renderer, const struct mustache *template, const struct json *model,
                         const char **error_out)
{
    const struct values values = { model, NULL };
    size_t length = renderer->out->length;
    renderer->indent = strbuf_start(renderer->out->arena);
    bool fine = render(renderer, template->nodes, &values, NULL);
    if (!fine)
        strbuf_cut(renderer->out, length);
    *error_out = renderer->error;
    return fine;
}

bool mustache_render(const struct mustache *template, const struct json *model, mustache_partial_fn partial,
                     void *context, struct strbuf *out, const char **error_out)
{
    struct renderer renderer = { .partial = partial, .context = context, .out = out };
    return render_whole(&renderer, template, model, error_out);
}

bool mustache_render_plain(const struct mustache *template, const struct json *model,
                           mustache_partial_fn partial, void *context, struct strbuf *out,
                           const char **error_out)
{
    struct renderer renderer = { .partial = partial, .context = context, .out = out, .plain = true };
    return render_whole(&renderer, template, model, error_out);
}
