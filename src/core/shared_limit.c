/*
 * shared_limit.c: the rate limits of shared.h: a small table in which a key has one of a few places; new
 * keys push out those whose counts matter least.
 */
#include "core/shared_layout.h"

enum { LIMIT_PROBES = 8 };

enum { COUNT_BITS = 20, COUNT_MAX = (1 << COUNT_BITS) - 1, WINDOW_MASK = 0xffff };

struct counts {
    uint64_t window;
    int64_t before, current;
};

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
