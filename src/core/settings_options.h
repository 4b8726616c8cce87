/*
 * settings_options.h: the option table, as the files settings*.c share it: settings.c reads a file by
 * it, settings_show.c writes values and the manual.
 */
#ifndef DOORWARD_CORE_SETTINGS_OPTIONS_H
#define DOORWARD_CORE_SETTINGS_OPTIONS_H

#include "core/settings.h"

enum option_kind {
    KIND_TEXT,
    KIND_PATH,
    KIND_SECRET,
    KIND_INTEGER,
    KIND_OCTAL,
    KIND_SIZE,
    KIND_DURATION,
    KIND_BOOLEAN,
    KIND_CHOICE,
    KIND_ISSUER,
    KIND_BASE_URL, /* as the issuer, https alone, or empty */
    KIND_ORIGINS,
    KIND_ADDRESSES,
    KIND_MAIL,
    KIND_HOSTS
};

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;
    const char *fallback;     /* the default, as it would be written; "$name/" is a directory of the build */
    int64_t minimum, maximum; /* of a number; of a text, minimum 1 says that it can't be empty */
    const char *choices;      /* space separated */
    const char *help;         /* one sentence or two, for `config show` and the manual */
};

struct option_list {
    const struct option *options;
    size_t count;
};

extern const struct option_list settings_main_list, settings_pool_list;

/* The options of settings.h, at most. */
enum { SETTINGS_MAX_OPTIONS = 96 };

/* A number as it would be written in the file, in the largest unit that fits. */
const char *settings_print_number(struct arena *arena, enum option_kind kind, int64_t value);

/* A default with the directories of this build put in. */
const char *settings_expand(struct arena *arena, const char *fallback);

/* What an empty socket of the pool stands for. */
const char *settings_default_socket(struct arena *arena, const struct settings *settings, const char *pool);

#endif
