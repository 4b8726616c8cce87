/*
 * shared.h: one page area shared by all processes of one machine, mapped by path from
 * run_directory/shared, so that master, workers, the single worker of shared hosting and the command
 * line see the same numbers. Holds version counters, rate-limit windows, the scoreboard and the
 * public JWKS. Nothing in it is secret, and losing it loses only counts.
 *
 * Every operation is a few atomic instructions; nothing locks, so a killed process can't leave it
 * locked.
 */
#ifndef DOORWARD_CORE_SHARED_H
#define DOORWARD_CORE_SHARED_H

#include "core/base.h"

struct shared;

/* Maps (and makes, with mode 0660) the file; path NULL maps private anonymous memory for tests and
 * tools. Fatal when it can't be mapped. A file of another layout version is replaced. */
struct shared *shared_map(const char *path);
void shared_unmap(struct shared *shared);

/* --- versions: what a worker caches is thrown away when its number has moved --- */
enum shared_version { VERSION_DIRECTORY, VERSION_KEYS, VERSION_COUNT };
uint64_t shared_version(const struct shared *shared, enum shared_version which);
/* Raises the number, to at least stored, when the database hasn't shown that before; 0 raises it in any
 * case (a local change). */
void shared_version_raise(struct shared *shared, enum shared_version which, uint64_t stored);
/* True for one caller per period: the one that should look at the stored versions now. */
bool shared_version_check_due(struct shared *shared, int64_t mono_ms, int64_t period_ms);

/* --- rate limits: a sliding window of counts per 64-bit key --- */
struct limit_state {
    int64_t used, limit;
    int64_t retry_after_s; /* 0 when the call is within the limit */
    int64_t reset_s;       /* seconds until the window has emptied */
};
/* Counts amount (0: only looks) for key, then says where it stands; counted before checked, so that
 * parallel guesses can't outrun the limit. True when within the limit; of a look, when one more would
 * be. The limit is at most a million. */
bool shared_limit_take(struct shared *shared, uint64_t key, int64_t now_ms, int64_t window_s, int64_t limit,
                       int amount, struct limit_state *state_out);
/* Forgets a key's count (a sign-in that succeeded). */
void shared_limit_clear(struct shared *shared, uint64_t key);
/* The same for a key that counts on all machines: what they told by shared_limit_others() is added. One that
 * isn't let through doesn't count. */
bool shared_limit_take_spread(struct shared *shared, uint64_t key, int64_t now_ms, int64_t window_s,
                              int64_t limit, struct limit_state *state_out);
/* FNV-1a over kind and text; kinds keep one text's counters apart. */
uint64_t shared_limit_key(const char *kind, const char *text);

/* How often such a key was counted: whether there is anything to tell. */
uint64_t shared_limit_spread_calls(const struct shared *shared);

/* What a machine counted for a key in a window; windows begin at multiples of their length since 1970. */
struct limit_count {
    uint64_t key;
    int64_t window_start, window_s, count;
    uint64_t state; /* of shared.c, for shared_limit_published() */
};
/* Counts that the other machines don't know yet, most at most (2 or more); *place is where the search begins
 * and where the next one should. */
size_t shared_limit_changes(struct shared *shared, int64_t now_s, size_t *place, struct limit_count *counts,
                            size_t most);
void shared_limit_published(struct shared *shared, const struct limit_count *counts, size_t count);
/* What all other machines together counted for a key in a window. */
void shared_limit_others(struct shared *shared, const struct limit_count *told, int64_t now_s);

/* --- usage: what services use, counted by the hour until the housekeeper stores it --- */
enum usage_kind { USAGE_TOKENS, USAGE_KINDS };
struct usage_count {
    unsigned char service_id[16];
    int64_t hour; /* when it began */
    enum usage_kind kind;
    int64_t count; /* of this page in this hour, in all: storing it twice changes nothing */
    size_t place;  /* of shared.c */
};
/* Sixteen random bytes that name this page: what was counted in another one has another name. */
const unsigned char *shared_id(const struct shared *shared);
void shared_usage_add(struct shared *shared, const unsigned char service_id[16], enum usage_kind kind,
                      int64_t now_s);
/* Counts that have grown since they were stored, most at most. */
size_t shared_usage_changes(struct shared *shared, struct usage_count *counts, size_t most);
void shared_usage_stored(struct shared *shared, const struct usage_count *counts, size_t count);
/* Makes room: forgets stored counts of hours that are long over. */
void shared_usage_forget(struct shared *shared, int64_t now_s);
/* How much couldn't be counted for lack of room. */
uint64_t shared_usage_lost(const struct shared *shared);

/* --- a counting gate: at most limit holders at once on this machine (password hashing) --- */
/* False when full. A holder that died is noticed by its pid and its place reused. */
bool shared_gate_enter(struct shared *shared, int64_t limit);
void shared_gate_leave(struct shared *shared);

/* --- scoreboard: one slot a worker --- */
enum { SHARED_SLOTS = 256 };
enum slot_state { SLOT_FREE, SLOT_STARTING, SLOT_IDLE, SLOT_BUSY, SLOT_LEAVING };
struct slot {
    int32_t pid;
    int32_t state; /* enum slot_state */
    int32_t pool;  /* index in settings */
    int32_t generation;
    int64_t busy_since_ms; /* clock_mono_ms() */
    int64_t requests;      /* served since its start */
    char request[40];      /* id of the request in hand */
};
struct slot *shared_slot(struct shared *shared, size_t index);

/* --- mails: a number that is raised with each mail that waits, which wakes the courier --- */
void shared_mail_raise(struct shared *shared);
uint64_t shared_mail_number(const struct shared *shared);

/* --- the public JWKS: so that a worker started while the database is away can still show it --- */
void shared_jwks_store(struct shared *shared, const char *json, size_t length);
/* Copies into buffer; the length, or 0 when none is stored or it is larger than size. */
size_t shared_jwks_load(const struct shared *shared, char *buffer, size_t size);

#endif
