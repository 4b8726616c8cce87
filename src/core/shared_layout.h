/*
 * shared_layout.h: the page area as the files shared*.c see it: one struct of atomics in a mapped file.
 * Nothing in it is a lock: a counter is changed by compare-and-swap, a larger value is written where nobody
 * reads yet and then published, so a process that is killed at any instruction leaves nothing held.
 */
#ifndef DOORWARD_CORE_SHARED_LAYOUT_H
#define DOORWARD_CORE_SHARED_LAYOUT_H

#include "core/shared.h"

#include <stdatomic.h>

enum {
    LAYOUT = 3, /* raise it with every change of the structs here or in shared.h */
    LIMIT_ENTRIES = 16384,
    GATE_PLACES = 256,
    USAGE_ENTRIES = 4096,
    JWKS_COPIES = 4,
    JWKS_MAX = 32 * 1024
};

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

#endif
