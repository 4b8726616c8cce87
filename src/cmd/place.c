/* place.c: see place.h. */
#include "cmd/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *pid_path(struct arena *arena, const char *directory)
{
    return arena_printf(arena, "%s/pid", directory);
}

bool place_make(struct arena *arena, const char *directory, const char **error_out)
{
    /* the web server must get at the sockets in it, whatever the umask */
    if (mkdir(directory, 0755) == 0 && chmod(directory, 0755) == 0)
        return true;
    if (errno == EEXIST)
        return true;
    *error_out = arena_printf(arena, "run_directory %s can't be made: %s", directory, strerror(errno));
    return false;
}

static const char *holder(struct arena *arena, const char *directory)
{
    char text[32] = "";
    FILE *file = fopen(pid_path(arena, directory), "re");

    if (file) {
        if (!fgets(text, sizeof text, file))
            text[0] = '\0';
        fclose(file);
    }
    text[strspn(text, "0123456789")] = '\0';
    return text[0] ? arena_printf(arena, " (pid %s)", text) : "";
}

int place_lock(struct arena *arena, const char *directory, const char **error_out)
{
    const char *path = arena_printf(arena, "%s/lock", directory);
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

    if (descriptor < 0) {
        *error_out = arena_printf(arena, "lock file %s: %s", path, strerror(errno));
        return -1;
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        *error_out =
            arena_printf(arena, "another doorward%s is running in %s", holder(arena, directory), directory);
        close(descriptor);
        return -1;
    }
    return descriptor;
}

bool place_write_pid(struct arena *arena, const char *directory, const char **error_out)
{
    const char *path = pid_path(arena, directory);
    const char *fresh = arena_printf(arena, "%s.new", path);
    FILE *file = fopen(fresh, "we");
    bool written = file && fprintf(file, "%ld\n", (long)getpid()) > 0 && fchmod(fileno(file), 0644) == 0;

    if (file)
        written = fclose(file) == 0 && written;
    if (written && rename(fresh, path) == 0)
        return true;
    *error_out = arena_printf(arena, "pid file %s: %s", path, strerror(errno));
    return false;
}

void place_remove_pid(struct arena *arena, const char *directory)
{
    unlink(pid_path(arena, directory));
}
