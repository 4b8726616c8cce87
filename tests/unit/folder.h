/* folder.h: a folder that a test fills with files and that goes with it. */
#ifndef DOORWARD_TESTS_FOLDER_H
#define DOORWARD_TESTS_FOLDER_H

#include "unit.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

/* Its path, in the arena. */
static inline const char *folder_make(struct arena *arena)
{
    const char *base = getenv("TMPDIR");
    char *path = arena_printf(arena, "%s/doorward-unit-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(path));
    return path;
}

/* Writes a file, and the folders in its name ("services/x/login.mustache"). */
static inline void folder_write(struct arena *arena, const char *folder, const char *name, const char *text)
{
    char *path = arena_printf(arena, "%s/%s", folder, name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        mkdir(path, 0700);
    }
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline int folder_remove_entry(const char *path, const struct stat *state, int kind, struct FTW *walk)
{
    (void)state;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void folder_remove(const char *folder)
{
    nftw(folder, folder_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
