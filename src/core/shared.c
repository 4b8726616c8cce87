/*
 * shared.c: see shared.h, and shared_layout.h for what the area holds. Here: mapping it, versions, the gate,
 * the scoreboard, the mails' number and the JWKS.
 */
#include "core/shared_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t magic = 0x64770000c0de0000u + LAYOUT;

/* --- mapping --- */

static void initialise(struct shared *shared)
{
    if (getentropy(&shared->seed, sizeof(shared->seed)) != 0 ||
        getentropy(shared->id, sizeof(shared->id)) != 0)
        fatal("no random bytes: %s", strerror(errno));
    shared->magic = magic;
}

static struct shared *map(int descriptor, int flags)
{
    void *area = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, flags, descriptor, 0);
    return area == MAP_FAILED ? NULL : area;
}

static bool has_layout(int descriptor)
{
    struct stat status;
    uint64_t found;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_size == (off_t)sizeof(struct shared) &&
           pread(descriptor, &found, sizeof(found), 0) == (ssize_t)sizeof(found) && found == magic;
}

/*
 * Makes a complete file beside path and gives it that name: at once, so that nobody maps half of one.
 * Unless it replaces another layout, a file that somebody else made in the meantime stays.
 */
static void make_file(const char *path, bool replace)
{
    char made[4096];
    int length = snprintf(made, sizeof(made), "%s.%d", path, (int)getpid());
    if (length < 0 || length >= (int)sizeof(made))
        fatal("%s: the path is too long", path);
    unlink(made);
    int descriptor = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (descriptor < 0)
        fatal("can't make %s: %s", made, strerror(errno));
    struct shared *area = NULL;
    if (fchmod(descriptor, 0660) == 0 && ftruncate(descriptor, sizeof(struct shared)) == 0)
        area = map(descriptor, MAP_SHARED);
    if (!area)
        fatal("can't map %s: %s", made, strerror(errno));
    initialise(area);
    shared_unmap(area);
    close(descriptor);
    int failed = replace ? rename(made, path) : link(made, path);
    if (failed && errno != EEXIST)
        fatal("can't make %s: %s", path, strerror(errno));
    unlink(made);
}

/* The area when the file is there in our layout; else the file has been made and it's NULL. */
static struct shared *try_map(const char *path)
{
    int descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0 && errno != ENOENT)
        fatal("can't open %s: %s", path, strerror(errno));
    bool there = descriptor >= 0, fits = there && has_layout(descriptor);
    struct shared *area = fits ? map(descriptor, MAP_SHARED) : NULL;
    if (fits && !area)
        fatal("can't map %s: %s", path, strerror(errno));
    if (there)
        close(descriptor);
    if (!fits)
        make_file(path, there);
    return area;
}

struct shared *shared_map(const char *path)
{
    enum { TRIES = 5 };
    if (!path) {
        struct shared *area = map(-1, MAP_SHARED | MAP_ANONYMOUS);
        if (!area)
            fatal("can't map memory: %s", strerror(errno));
        initialise(area);
        return area;
    }
    for (int i = 0; i < TRIES; i++) {
        struct shared *area = try_map(path);
        if (area)
            return area;
    }
    fatal("%s keeps changing: is a program of another version running?", path);
}

void shared_unmap(struct shared *shared)
{
    if (shared)
        munmap(shared, sizeof(*shared));
}

const unsigned char *shared_id(const struct shared *shared)
{
    return shared->id;
}

/* --- versions --- */

uint64_t shared_version(const struct shared *shared, enum shared_version which)
{
    return atomic_load(&shared->versions[which].number);
}

/*
 * What the database showed is kept apart from the number that caches compare: were they one, a local
 * change counted just after somebody had read it back would hide the next change from elsewhere.
 */
void shared_version_raise(struct shared *shared, enum shared_version which, uint64_t stored)
{
    struct version *version = &shared->versions[which];
    uint64_t seen = atomic_load(&version->stored);
    while (stored > seen && !atomic_compare_exchange_weak(&version->stored, &seen, stored))
        continue;
    if (stored && stored <= seen)
        return;
    uint64_t number = atomic_load(&version->number), next;
    do {
        next = number + 1 > stored ? number + 1 : stored;
    } while (!atomic_compare_exchange_weak(&version->number, &number, next));
}

bool shared_version_check_due(struct shared *shared, int64_t mono_ms, int64_t period_ms)
{
    int64_t last = atomic_load(&shared->versions_checked_ms);
    /* A time ahead of ours was written before the machine was last started. */
    if (last && last <= mono_ms && mono_ms - last < period_ms)
        return false;
    return atomic_compare_exchange_strong(&shared->versions_checked_ms, &last, mono_ms);
}

/* --- the gate --- */

/* A place is free when nobody has it, when its holder is dead, or when it was left to us by a process
 * that had our pid before. */
static bool place_is_free(int32_t holder, int32_t self)
{
    return !holder || holder == self || (kill(holder, 0) != 0 && errno == ESRCH);
}

bool shared_gate_enter(struct shared *shared, int64_t limit)
{
    int32_t self = (int32_t)getpid();
    for (int64_t i = 0; i < limit && i < GATE_PLACES; i++) {
        int32_t holder = atomic_load(&shared->gate[i]);
        if (place_is_free(holder, self) && atomic_compare_exchange_strong(&shared->gate[i], &holder, self))
            return true;
    }
    return false;
}

void shared_gate_leave(struct shared *shared)
{
    int32_t self = (int32_t)getpid();
    for (size_t i = 0; i < GATE_PLACES; i++) {
        int32_t holder = self;
        if (atomic_compare_exchange_strong(&shared->gate[i], &holder, 0))
            return;
    }
}

/* --- the scoreboard --- */

struct slot *shared_slot(struct shared *shared, size_t index)
{
    if (index >= SHARED_SLOTS)
        bug("shared: no slot %zu", index);
    return &shared->slots[index];
}

/* --- mails --- */

void shared_mail_raise(struct shared *shared)
{
    atomic_fetch_add(&shared->mails, 1);
}

uint64_t shared_mail_number(const struct shared *shared)
{
    return atomic_load(&shared->mails);
}

/* --- the JWKS --- */

static uint64_t checksum(const char *data, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u ^ length;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)data[i]) * 0x100000001b3u;
    return hash;
}

/* Each writer fills a copy of its own and then publishes it, unless a later one was faster. */
void shared_jwks_store(struct shared *shared, const char *json, size_t length)
{
    if (length > JWKS_MAX)
        bug("shared: a JWKS of %zu bytes", length);
    uint64_t claim = atomic_fetch_add(&shared->jwks_claimed, 1) + 1;
    struct jwks_copy *copy = &shared->jwks[claim % JWKS_COPIES];
    memcpy(copy->json, json, length);
    atomic_store(&copy->length, length);
    atomic_store(&copy->checksum, checksum(json, length));
    uint64_t published = atomic_load(&shared->jwks_published);
    while (published < claim && !atomic_compare_exchange_weak(&shared->jwks_published, &published, claim))
        continue;
}

/* The checksum tells when a writer went over the copy while it was being read. */
size_t shared_jwks_load(const struct shared *shared, char *buffer, size_t size)
{
    enum { TRIES = 8 };
    for (int i = 0; i < TRIES; i++) {
        uint64_t published = atomic_load(&shared->jwks_published);
        const struct jwks_copy *copy = &shared->jwks[published % JWKS_COPIES];
        uint64_t length = atomic_load(&copy->length), expected = atomic_load(&copy->checksum);
        if (!published || length > size || length > JWKS_MAX)
            return 0;
        memcpy(buffer, copy->json, length);
        if (checksum(buffer, length) == expected)
            return length;
    }
    return 0;
}
