/*
 * template_file.h: one file of a template folder, as a process keeps it: what it looked like when it
 * was last read, and its last good version. Used by templates.c, which owns the chains.
 */
#ifndef DOORWARD_PAGES_TEMPLATE_FILE_H
#define DOORWARD_PAGES_TEMPLATE_FILE_H

#include "core/mustache.h"

#include <sys/stat.h>

struct template_file {
    struct template_file *next;
    char *path;
    bool looked;
    int64_t looked_ms; /* when it was last looked at */
    struct stat seen;  /* as it was then; all zero when there was none */
    unsigned version;  /* raised whenever it has changed */
    bool is_directory;
    bool usable;         /* there is a good version: the members below */
    struct arena *arena; /* holds it */
    struct bytes text;
    const char *hash;                /* of text: 16 hex digits */
    const struct mustache *template; /* of NAME.mustache */
    const struct json *json;         /* of NAME.json: an object */
};

/* A file that nobody has looked at yet. */
struct template_file *template_file_make(const char *path);
void template_file_free_chain(struct template_file *file);

/* Looks at the file when that was a second ago, and reads it when it has changed. A version that can't
 * be used is told to the log once and leaves the last good one in place; a file that is gone has none. */
void template_file_refresh(struct template_file *file, int64_t now_ms);

/* What is wrong with a file: the line (0: none) and the reason. */
struct template_fault {
    size_t line;
    const char *message;
};

/* Reads and compiles file->path into file->arena, filling text, hash, template and json. NULL, or what
 * is wrong. */
const struct template_fault *template_file_load(struct template_file *file);

#endif
