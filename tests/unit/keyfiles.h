/* keyfiles.h: key files for unit tests, written to a private place and removed again. */
#ifndef DOORWARD_TESTS_KEYFILES_H
#define DOORWARD_TESTS_KEYFILES_H

#include "crypto/keyfile.h"

#include <sys/stat.h>
#include <unistd.h>

#define KEY_LINE_OLD "old AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
#define KEY_LINE_NEW "new ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n"

/* Loads a key file of that text and mode; the file is gone when it returns. */
static inline struct keyfile *keyfile_written(const char *text, mode_t mode, const char **error_out)
{
    char path[] = "/tmp/doorward-keyfile-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
    struct keyfile *keyfile = keyfile_load(path, error_out);
    unlink(path);
    return keyfile;
}

/* The same with mode 0600, which must work. */
static inline struct keyfile *keyfile_with(const char *text)
{
    const char *error = NULL;
    struct keyfile *keyfile = keyfile_written(text, 0600, &error);
    if (!keyfile)
        fail_msg("%s", error);
    return keyfile;
}

#endif
