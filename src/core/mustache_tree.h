/* mustache_tree.h: a compiled template, as mustache.c makes it and mustache_render.c reads it. */
#ifndef DOORWARD_CORE_MUSTACHE_TREE_H
#define DOORWARD_CORE_MUSTACHE_TREE_H

#include "core/mustache.h"

enum node_kind {
    NODE_TEXT,
    NODE_LINE, /* what follows begins a line of the template */
    NODE_VARIABLE,
    NODE_RAW,
    NODE_SECTION,
    NODE_INVERTED,
    NODE_PARTIAL,
    NODE_PARENT,
    NODE_BLOCK
};

struct node {
    struct node *next, *children;
    enum node_kind kind;
    size_t line;
    const char *name;
    const char *const *parts; /* of a dotted name, NULL at the end; none for "." */
    struct bytes text;
    const char *indent; /* NULL unless the node begins its line */
    bool own_lines;     /* its content begins on a line of its own */
};

struct mustache {
    const struct node *nodes;
};

#endif
