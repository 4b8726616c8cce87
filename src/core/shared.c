/*
 * shared.c: see shared.h. The page area is one struct of atomics in a mapped file. Nothing in it is a
 * lock: a counter is changed by compare-and-swap, a larger value is written where nobody reads yet and
 * then published, so a process that is killed at any instruction leaves nothing held.
 */
#include "core/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LAYOUT = 3, /* raise it with every change of the structs below or in shared.h */
    LIMIT_ENTRIES = 16384,
    LIMIT_PROBES = 8,
    GATE_PLACES = 256,
    USAGE_ENTRIES = 4096,
    USAGE_PROBES = 16,
    USAGE_KEEP_S = 2 * 3600, /* after its hour, longer than any request takes */
    JWKS_COPIES = 4,
    JWKS_MAX = 32 * 1024
};

static const uint64_t magic = 0x64770000c0de0000u + LAYOUT;

/*
 * A counter of two fixed windows. state holds, from the top: the number of the current window (16
 * bits), a tag of the key (8), the count of the window before (20) and of the current one (20). The
 * tag makes counts of a key that had the entry before read as none.
 */
struct limit_entry {
    _Atomic uint64_t key; /* 0: never used */
    _Atomic uint64_t state;
    _Atomic uint64_t others;    /* what the other machines count for the key, packed alike */
    _Atomic uint64_t published; /* the state that the other machines know */
    _Atomic uint32_t used_s;    /* when it was last counted, seconds */
    _Atomic uint32_t window_s;
    _Atomic uint32_t spread; /* whether the other machines are told */
};

enum { COUNT_BITS = 20, COUNT_MAX = (1 << COUNT_BITS) - 1, WINDOW_MASK = 0xffff };

struct counts {
    uint64_t window;
    int64_t before, current;
};

/* What a service used in one hour. Whoever counts for a key writes the same id, hour and kind, so that it
 * doesn't matter who is first, or who is killed meanwhile. */
struct usage_entry {
    _Atomic uint64_t key; /* 0: free */
    _Atomic uint64_t service_id[2];
    _Atomic int64_t hour;
    _Atomic int32_t kind;
    _Atomic int64_t count, stored;
};

struct version {
    _Atomic uint64_t number; /* what caches compare */
    _Atomic uint64_t stored; /* the highest that the database has shown */
};

struct jwks_copy {
    _Atomic uint64_t checksum;
    _Atomic uint64_t length;
    char json[JWKS_MAX];
};

struct shared {
    uint64_t magic;
    uint64_t seed; /* so that nobody outside can choose which keys share an entry */
    unsigned char id[16];
    struct version versions[VERSION_COUNT];
    _Atomic int64_t versions_checked_ms;
    _Atomic uint64_t mails;
    _Atomic int32_t gate[GATE_PLACES]; /* pids of the holders, 0 for a free place */
    struct slot slots[SHARED_SLOTS];
    struct limit_entry limits[LIMIT_ENTRIES];
    _Atomic uint64_t spread_calls; /* counted under keys that other machines are told of */
    struct usage_entry usage[USAGE_ENTRIES];
    _Atomic uint64_t usage_lost;
    _Atomic uint64_t jwks_claimed;   /* by writers, one number each */
    _Atomic uint64_t jwks_published; /* the newest that is complete, 0 for none */
    struct jwks_copy jwks[JWKS_COPIES];
};

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

/* --- rate limits --- */

uint64_t shared_limit_key(const char *kind, const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    const char *const parts[] = { kind, text };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        for (const char *at = parts[i]; *at; at++)
            hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
        hash = (hash ^ 0) * 0x100000001b3u; /* the NUL keeps "ab" "c" and "a" "bc" apart */
    }
    return hash ? hash : 1;
}

/* splitmix64: spreads the key over the table. */
static size_t limit_start(const struct shared *shared, uint64_t key)
{
    uint64_t mixed = key ^ shared->seed;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return (size_t)((mixed ^ mixed >> 31) % LIMIT_ENTRIES);
}

static uint64_t limit_tag(uint64_t key)
{
    return key >> 56;
}

static uint64_t pack(const struct counts *counts, uint64_t key)
{
    return (counts->window & WINDOW_MASK) << 48 | limit_tag(key) << 40 |
           (uint64_t)counts->before << COUNT_BITS | (uint64_t)counts->current;
}

/* The counts of key as they stand in the given window. */
static struct counts unpack(uint64_t state, uint64_t key, uint64_t window)
{
    struct counts counts = { .window = window };
    uint64_t moved = (window - (state >> 48)) & WINDOW_MASK;
    if ((state >> 40 & 0xff) != limit_tag(key))
        return counts;
    if (moved == 0 || moved == WINDOW_MASK) { /* one behind: our clock was read before another's */
        counts.window = state >> 48;
        counts.before = (int64_t)(state >> COUNT_BITS & COUNT_MAX);
        counts.current = (int64_t)(state & COUNT_MAX);
    } else if (moved == 1) {
        counts.before = (int64_t)(state & COUNT_MAX);
    }
    return counts;
}

/* How much would be lost with the entry's counts: nothing when both of its windows are over. */
static uint64_t entry_worth(struct limit_entry *entry, uint32_t now_s)
{
    uint32_t age = now_s - atomic_load(&entry->used_s);
    if (age > 2 * atomic_load(&entry->window_s))
        return 0;
    uint64_t state = atomic_load(&entry->state), others = atomic_load(&entry->others);
    return (state & COUNT_MAX) + (state >> COUNT_BITS & COUNT_MAX) + (others & COUNT_MAX) +
           (others >> COUNT_BITS & COUNT_MAX);
}

static struct limit_entry *limit_find(struct shared *shared, uint64_t key)
{
    size_t start = limit_start(shared, key);
    for (size_t i = 0; i < LIMIT_PROBES; i++) {
        struct limit_entry *entry = &shared->limits[(start + i) % LIMIT_ENTRIES];
        if (atomic_load(&entry->key) == key)
            return entry;
    }
    return NULL;
}

/*
 * The entry to give to a new key: a free one, else the one whose counts matter least, the stalest of
 * those. So many new keys push each other out before they push out the account that is being guessed.
 */
static struct limit_entry *limit_victim(struct shared *shared, uint64_t key, uint32_t now_s)
{
    size_t start = limit_start(shared, key);
    struct limit_entry *victim = NULL;
    uint64_t least = 0;
    uint32_t oldest = 0;
    for (size_t i = 0; i < LIMIT_PROBES; i++) {
        struct limit_entry *entry = &shared->limits[(start + i) % LIMIT_ENTRIES];
        if (!atomic_load(&entry->key))
            return entry;
        uint64_t worth = entry_worth(entry, now_s);
        uint32_t age = now_s - atomic_load(&entry->used_s);
        if (!victim || worth < least || (worth == least && age > oldest)) {
            victim = entry;
            least = worth;
            oldest = age;
        }
    }
    return victim;
}

/* The key's entry, given to it when it had none. */
static struct limit_entry *limit_claim(struct shared *shared, uint64_t key, uint32_t now_s)
{
    for (;;) {
        struct limit_entry *entry = limit_find(shared, key);
        if (entry)
            return entry;
        entry = limit_victim(shared, key, now_s);
        uint64_t before = atomic_load(&entry->key);
        if (before == key)
            return entry;
        if (atomic_compare_exchange_strong(&entry->key, &before, key)) {
            atomic_store(&entry->state, 0);
            atomic_store(&entry->others, 0);
            atomic_store(&entry->published, 0);
            atomic_store(&entry->spread, 0);
            return entry;
        }
    }
}

/*
 * When one more would be within the limit, in milliseconds from now: the weight of the window before
 * shrinks steadily, and what is the current window is the one before once it is over.
 */
static int64_t room_after_ms(const struct counts *counts, int64_t elapsed_ms, int64_t window_ms,
                             int64_t limit)
{
    int64_t room = limit - 1 - counts->current;
    if (room >= 0 && counts->before > 0)
        return window_ms - room * window_ms / counts->before - elapsed_ms;
    int64_t next = window_ms;
    if (limit > 0 && counts->current > 0)
        next = window_ms - (limit - 1) * window_ms / counts->current;
    return window_ms - elapsed_ms + (next > 0 ? next : 0);
}

static void limit_tell(const struct counts *counts, int64_t elapsed_ms, int64_t window_ms, bool within,
                       struct limit_state *state)
{
    int64_t after = room_after_ms(counts, elapsed_ms, window_ms, state->limit);
    int64_t empty = 0;
    if (counts->current)
        empty = 2 * window_ms - elapsed_ms;
    else if (counts->before)
        empty = window_ms - elapsed_ms;
    state->retry_after_s = within ? 0 : (after + 999) / 1000;
    if (!within && state->retry_after_s < 1)
        state->retry_after_s = 1;
    state->reset_s = (empty + 999) / 1000;
}

/* Adds amount and gives the counts after it. Past the limit the count stands still, so that a stubborn
 * guesser doesn't lengthen the wait of the person who owns the account beyond two windows. */
static struct counts limit_add(struct limit_entry *entry, uint64_t key, uint64_t window, int64_t limit,
                               int amount)
{
    uint64_t state = atomic_load(&entry->state);
    struct counts counts;
    do {
        int64_t most = limit + amount < COUNT_MAX ? limit + amount : COUNT_MAX;
        counts = unpack(state, key, window);
        if (counts.current + amount <= most)
            counts.current += amount;
        else if (counts.current < most)
            counts.current = most;
    } while (!atomic_compare_exchange_weak(&entry->state, &state, pack(&counts, key)));
    return counts;
}

static void add_others(const struct limit_entry *entry, uint64_t key, struct counts *counts)
{
    struct counts others = unpack(atomic_load(&entry->others), key, counts->window);
    if (((others.window - counts->window) & WINDOW_MASK) == 0) {
        counts->current += others.current;
        counts->before += others.before;
    } else {
        counts->current += others.current + others.before; /* they are in the next window already */
    }
}

bool shared_limit_take(struct shared *shared, uint64_t key, int64_t now_ms, int64_t window_s, int64_t limit,
                       int amount, struct limit_state *state_out)
{
    int64_t window_ms = window_s * 1000, elapsed_ms = now_ms % window_ms;
    uint64_t window = (uint64_t)(now_ms / window_ms) & WINDOW_MASK;
    uint32_t now_s = (uint32_t)(now_ms / 1000);
    struct limit_entry *entry = amount ? limit_claim(shared, key, now_s) : limit_find(shared, key);
    struct counts counts = { .window = window };
    if (entry && amount) {
        atomic_store(&entry->used_s, now_s);
        atomic_store(&entry->window_s, (uint32_t)window_s);
        counts = limit_add(entry, key, window, limit, amount);
    } else if (entry) {
        counts = unpack(atomic_load(&entry->state), key, window);
    }
    if (entry)
        add_others(entry, key, &counts);
    if (counts.window != window)
        elapsed_ms = 0; /* already counted in the window that has just begun */
    /* Rounded up, so that nobody is let through before the time that is told as retry_after_s. */
    int64_t used = counts.current + (counts.before * (window_ms - elapsed_ms) + window_ms - 1) / window_ms;
    bool within = amount ? used <= limit : used < limit;
    *state_out = (struct limit_state) { .used = used, .limit = limit };
    limit_tell(&counts, elapsed_ms, window_ms, within, state_out);
    return within;
}

/* What was counted and then not let through doesn't count: so whoever keeps asking gets what is left to them.
 */
static void give_back(struct limit_entry *entry, uint64_t key, uint64_t window)
{
    uint64_t state = atomic_load(&entry->state);
    struct counts counts;
    do {
        counts = unpack(state, key, window);
        if (counts.current == 0)
            return;
        counts.current--;
    } while (!atomic_compare_exchange_weak(&entry->state, &state, pack(&counts, key)));
}

bool shared_limit_take_spread(struct shared *shared, uint64_t key, int64_t now_ms, int64_t window_s,
                              int64_t limit, struct limit_state *state_out)
{
    bool within = shared_limit_take(shared, key, now_ms, window_s, limit, 1, state_out);
    struct limit_entry *entry = limit_find(shared, key);
    if (entry && !within)
        give_back(entry, key, (uint64_t)(now_ms / 1000 / window_s) & WINDOW_MASK);
    if (entry)
        atomic_store(&entry->spread, 1);
    atomic_fetch_add(&shared->spread_calls, 1);
    return within;
}

uint64_t shared_limit_spread_calls(const struct shared *shared)
{
    return atomic_load(&shared->spread_calls);
}

/* The number of the window that a state is of, as all machines count them; false when it is long over. */
static bool window_of(uint64_t state, int64_t now_s, int64_t window_s, int64_t *window_out)
{
    uint64_t now = (uint64_t)(now_s / window_s), moved = (now - (state >> 48)) & WINDOW_MASK;
    *window_out = (int64_t)now + (moved == WINDOW_MASK ? 1 : -(int64_t)moved);
    return moved <= 1 || moved == WINDOW_MASK;
}

/* One row for the current window, and one for what the window before came to if that isn't known yet. */
static size_t tell_changes(struct limit_entry *entry, int64_t now_s, struct limit_count *counts)
{
    struct limit_count told = { .key = atomic_load(&entry->key), .window_s = atomic_load(&entry->window_s) };
    uint64_t published = atomic_load(&entry->published);
    int64_t window;
    size_t count = 0;
    told.state = atomic_load(&entry->state);
    if (told.state == published || !told.window_s || limit_tag(told.key) != (told.state >> 40 & 0xff) ||
        !window_of(told.state, now_s, told.window_s, &window))
        return 0;
    told.window_start = window * told.window_s;
    told.count = (int64_t)(told.state & COUNT_MAX);
    counts[count++] = told;
    if (published >> 48 != told.state >> 48 && (told.state >> COUNT_BITS & COUNT_MAX)) {
        told.window_start -= told.window_s;
        told.count = (int64_t)(told.state >> COUNT_BITS & COUNT_MAX);
        counts[count++] = told;
    }
    return count;
}

size_t shared_limit_changes(struct shared *shared, int64_t now_s, size_t *place, struct limit_count *counts,
                            size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < LIMIT_ENTRIES && count + 2 <= most; i++) {
        struct limit_entry *entry = &shared->limits[*place];
        *place = (*place + 1) % LIMIT_ENTRIES;
        if (atomic_load(&entry->spread))
            count += tell_changes(entry, now_s, counts + count);
    }
    return count;
}

void shared_limit_published(struct shared *shared, const struct limit_count *counts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct limit_entry *entry = limit_find(shared, counts[i].key);
        if (entry)
            atomic_store(&entry->published, counts[i].state);
    }
}

static void clamp(struct counts *counts)
{
    counts->before = counts->before < COUNT_MAX ? counts->before : COUNT_MAX;
    counts->current = counts->current < COUNT_MAX ? counts->current : COUNT_MAX;
}

void shared_limit_others(struct shared *shared, const struct limit_count *told, int64_t now_s)
{
    uint64_t now = (uint64_t)(now_s / told->window_s);
    uint64_t window = (uint64_t)(told->window_start / told->window_s);
    struct limit_entry *entry = limit_claim(shared, told->key, (uint32_t)now_s);
    uint64_t state = atomic_load(&entry->others);
    struct counts counts;
    if (!atomic_load(&entry->window_s) || !atomic_load(&entry->spread)) {
        atomic_store(&entry->window_s, (uint32_t)told->window_s);
        atomic_store(&entry->used_s, (uint32_t)now_s);
    }
    do {
        counts = unpack(state, told->key, now & WINDOW_MASK);
        counts.window = now & WINDOW_MASK;
        if (window == now)
            counts.current = told->count;
        else if (window + 1 == now)
            counts.before = told->count;
        clamp(&counts);
    } while (!atomic_compare_exchange_weak(&entry->others, &state, pack(&counts, told->key)));
}

void shared_limit_clear(struct shared *shared, uint64_t key)
{
    struct limit_entry *entry = limit_find(shared, key);
    if (entry)
        atomic_store(&entry->state, pack(&(struct counts) { 0 }, key));
}

/* --- usage --- */

const unsigned char *shared_id(const struct shared *shared)
{
    return shared->id;
}

static uint64_t usage_key(const uint64_t id[2], int64_t hour, enum usage_kind kind)
{
    const uint64_t parts[] = { id[0], id[1], (uint64_t)hour, (uint64_t)kind };
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        hash = (hash ^ parts[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash ? hash : 1;
}

/* The key's entry, or a free one that is its from now on; NULL when there is none. */
static struct usage_entry *usage_claim(struct shared *shared, uint64_t key)
{
    struct usage_entry *free = NULL;
    for (size_t i = 0; i < USAGE_PROBES; i++) {
        struct usage_entry *entry = &shared->usage[(key + i) % USAGE_ENTRIES];
        uint64_t there = atomic_load(&entry->key);
        if (there == key)
            return entry;
        if (!there && !free)
            free = entry;
    }
    uint64_t none = 0;
    if (free && !atomic_compare_exchange_strong(&free->key, &none, key) && none != key)
        return usage_claim(shared, key); /* somebody else was faster, and needs it for another key */
    return free;
}

void shared_usage_add(struct shared *shared, const unsigned char service_id[16], enum usage_kind kind,
                      int64_t now_s)
{
    uint64_t id[2];
    int64_t hour = now_s - now_s % 3600;
    memcpy(id, service_id, sizeof(id));
    struct usage_entry *entry = usage_claim(shared, usage_key(id, hour, kind));
    if (!entry) {
        atomic_fetch_add(&shared->usage_lost, 1);
        return;
    }
    atomic_store(&entry->service_id[0], id[0]);
    atomic_store(&entry->service_id[1], id[1]);
    atomic_store(&entry->hour, hour);
    atomic_store(&entry->kind, (int32_t)kind);
    atomic_fetch_add(&entry->count, 1);
}

size_t shared_usage_changes(struct shared *shared, struct usage_count *counts, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < USAGE_ENTRIES && count < most; i++) {
        struct usage_entry *entry = &shared->usage[i];
        struct usage_count told = { .place = i, .count = atomic_load(&entry->count) };
        if (!atomic_load(&entry->key) || told.count == atomic_load(&entry->stored))
            continue;
        uint64_t id[2] = { atomic_load(&entry->service_id[0]), atomic_load(&entry->service_id[1]) };
        memcpy(told.service_id, id, sizeof(id));
        told.hour = atomic_load(&entry->hour);
        told.kind = (enum usage_kind)atomic_load(&entry->kind);
        counts[count++] = told;
    }
    return count;
}

void shared_usage_stored(struct shared *shared, const struct usage_count *counts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        atomic_store(&shared->usage[counts[i].place].stored, counts[i].count);
}

void shared_usage_forget(struct shared *shared, int64_t now_s)
{
    for (size_t i = 0; i < USAGE_ENTRIES; i++) {
        struct usage_entry *entry = &shared->usage[i];
        int64_t count = atomic_load(&entry->count);
        if (!atomic_load(&entry->key) || count == 0 || count != atomic_load(&entry->stored) ||
            atomic_load(&entry->hour) + 3600 + USAGE_KEEP_S > now_s)
            continue;
        atomic_store(&entry->count, 0);
        atomic_store(&entry->stored, 0);
        atomic_store(&entry->key, 0);
    }
}

uint64_t shared_usage_lost(const struct shared *shared)
{
    return atomic_load(&shared->usage_lost);
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
