/* shared_usage.c: the counts of use of shared.h, by service and hour, until the housekeeper has stored them.
 */
#include "core/shared_layout.h"

enum {
    USAGE_PROBES = 16,
    USAGE_KEEP_S = 2 * 3600 /* after its hour, longer than any request takes */
};

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
