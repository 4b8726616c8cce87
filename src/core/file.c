/* file.c: see file.h. */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool read_all(int file, unsigned char *buffer, size_t size, size_t *length_out)
{
    for (*length_out = 0; *length_out < size;) {
        ssize_t got = read(file, buffer + *length_out, size - *length_out);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
        *length_out += got > 0 ? (size_t)got : 0;
    }
    return true;
}

bool file_read(const char *path, void *buffer, size_t size, size_t *length_out)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return false;
    bool fine = read_all(file, buffer, size, length_out);
    int error = errno;
    close(file);
    errno = error;
    return fine;
}
