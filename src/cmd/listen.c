/* listen.c: see listen.h. */
#include "cmd/listen.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    /* a full backlog of a unix socket fails at once, it doesn't wait; the kernel caps it at somaxconn */
    BACKLOG = 1024,
    FIRST_INHERITED = 3
};

bool listen_is_listener(int descriptor)
{
    int listening = 0;
    socklen_t size = sizeof listening;

    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

static bool make_address(const char *path, struct sockaddr_un *address_out)
{
    *address_out = (struct sockaddr_un) { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address_out->sun_path)
        return false;
    memcpy(address_out->sun_path, path, strlen(path));
    return true;
}

/*
 * Whether the program that made the socket lives. The kernel notes who called listen(): when that was
 * a master who is dead, it's only workers of his that finish their requests before they follow.
 */
static bool is_alive(const char *path)
{
    struct ucred maker = { 0 };
    socklen_t size = sizeof maker;
    struct sockaddr_un address;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (descriptor < 0 || !make_address(path, &address))
        return false;
    bool alive = connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0 ||
                 (errno != ECONNREFUSED && errno != ENOENT);
    if (alive && getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &maker, &size) == 0 && maker.pid > 0)
        alive = kill(maker.pid, 0) == 0 || errno != ESRCH;
    close(descriptor);
    return alive;
}

/* What stands at the path may be replaced: nothing, or the socket of a program that is no more. */
static bool may_replace(struct arena *arena, const char *path, const char **error_out)
{
    struct stat status;

    if (lstat(path, &status) != 0) {
        if (errno == ENOENT)
            return true;
        *error_out = arena_printf(arena, "socket %s: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISSOCK(status.st_mode)) {
        *error_out = arena_printf(arena, "socket %s: something that is no socket is there", path);
        return false;
    }
    if (is_alive(path)) {
        *error_out = arena_printf(arena, "socket %s: another program listens there", path);
        return false;
    }
    return true;
}

static bool set_access(struct arena *arena, const char *path, const struct pool_settings *pool,
                       const char **error_out)
{
    const struct group *group = text_empty(pool->socket_group) ? NULL : getgrnam(pool->socket_group);

    if (!text_empty(pool->socket_group) && !group) {
        *error_out = arena_printf(arena, "pool %s: there is no group %s", pool->name, pool->socket_group);
        return false;
    }
    if ((group && chown(path, (uid_t)-1, group->gr_gid) != 0) ||
        chmod(path, (mode_t)pool->socket_mode) != 0) {
        *error_out = arena_printf(arena, "socket %s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

bool listen_set_access(struct arena *arena, const struct pool_settings *pool, const char **error_out)
{
    return set_access(arena, pool->socket, pool, error_out);
}

/* A socket at a path where nobody looks yet; closed to all until its access is set. */
static int bind_fresh(const char *path)
{
    struct sockaddr_un address;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    errno = ENAMETOOLONG;
    if (descriptor < 0 || !make_address(path, &address)) {
        if (descriptor >= 0)
            close(descriptor);
        return -1;
    }
    unlink(path);
    mode_t mask = umask(0777);
    bool bound = bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
                 listen(descriptor, BACKLOG) == 0;
    umask(mask);
    if (!bound) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

bool listen_bind(struct arena *arena, const struct pool_settings *pool, struct listener *listener_out,
                 const char **error_out)
{
    const char *fresh = arena_printf(arena, "%s.new", pool->socket);

    if (!may_replace(arena, pool->socket, error_out))
        return false;
    int descriptor = bind_fresh(fresh);
    if (descriptor < 0) {
        *error_out = arena_printf(arena, "socket %s: %s", pool->socket, strerror(errno));
        return false;
    }
    if (!set_access(arena, fresh, pool, error_out)) {
        unlink(fresh);
        close(descriptor);
        return false;
    }
    if (rename(fresh, pool->socket) != 0) {
        *error_out = arena_printf(arena, "socket %s: %s", pool->socket, strerror(errno));
        unlink(fresh);
        close(descriptor);
        return false;
    }
    listener_out->descriptor = descriptor;
    snprintf(listener_out->path, sizeof listener_out->path, "%s", pool->socket);
    return true;
}

void listen_close(struct listener *listener)
{
    unlink(listener->path);
    close(listener->descriptor);
    listener->descriptor = -1;
}

static void add_inherited(struct inherited *inherited, int descriptor, const char *name, size_t name_length)
{
    if (inherited->count == MAX_POOLS || !listen_is_listener(descriptor))
        return;
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    size_t length = name_length < sizeof inherited->names[0] ? name_length : sizeof inherited->names[0] - 1;
    memcpy(inherited->names[inherited->count], name, length);
    inherited->descriptors[inherited->count++] = descriptor;
}

void listen_take_inherited(struct inherited *inherited_out)
{
    const char *pid = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
    const char *names = getenv("LISTEN_FDNAMES");
    int64_t owner, count = 0;

    *inherited_out = (struct inherited) { 0 };
    bool ours = pid && text_to_int(pid, 1, INT32_MAX, &owner) && owner == getpid() && count_text &&
                text_to_int(count_text, 1, MAX_POOLS, &count);
    for (int64_t i = 0; ours && i < count; i++) {
        size_t length = names ? strcspn(names, ":") : 0;
        add_inherited(inherited_out, (int)(FIRST_INHERITED + i), names ? names : "", length);
        if (names)
            names += length + (names[length] == ':');
    }
    if (inherited_out->count == 0 && listen_is_listener(STDIN_FILENO))
        add_inherited(inherited_out, STDIN_FILENO, "", 0);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

static bool is_bound_to(int descriptor, const char *path)
{
    struct sockaddr_un address = { 0 };
    socklen_t size = sizeof address - 1;

    return getsockname(descriptor, (struct sockaddr *)&address, &size) == 0 &&
           address.sun_family == AF_UNIX && text_equal(address.sun_path, path);
}

int listen_find_inherited(const struct inherited *inherited, const struct pool_settings *pool, size_t index)
{
    for (size_t i = 0; i < inherited->count; i++)
        if (is_bound_to(inherited->descriptors[i], pool->socket) ||
            text_equal(inherited->names[i], pool->name))
            return inherited->descriptors[i];
    return index < inherited->count ? inherited->descriptors[index] : -1;
}
