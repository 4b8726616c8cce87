/*
 * resealing.h: behind a new key in the key file: what older keys sealed is sealed anew under it, and who
 * takes an older key out is told what still needs it.
 *
 * Nothing is sealed anew before all machines that were heard of within a day have the newest key: what a
 * machine can't open is lost to it. And only by a machine whose newest key is the one that became so last;
 * another one, whose file is behind, leaves alone what it finds.
 */
#ifndef DOORWARD_DOMAIN_RESEALING_H
#define DOORWARD_DOMAIN_RESEALING_H

#include "domain/context.h"
#include "store/sealed_columns.h"

/* Tells the database which keys this machine has: at the start, and about once an hour. */
enum store_result resealing_note_keys(struct context *context) MUST_CHECK;

/* A pass over all columns, in portions; begins with .more alone. */
struct resealing {
    bool more; /* there may be more to do */
    enum sealed_column column;
    unsigned char behind[64]; /* the row that was looked at last */
    size_t behind_length;
    int64_t count; /* out: of this portion */
};

/* Looks at limit values. One that has been changed meanwhile is left, and one that doesn't open, since its
 * key may come back. */
enum store_result resealing_run(struct context *context, int64_t limit,
                                struct resealing *resealing) MUST_CHECK;

/* --- what still needs which key --- */

enum file_key_state {
    FILE_KEY_NEWEST,
    FILE_KEY_NEEDED, /* values are sealed under it */
    FILE_KEY_UNTIL,  /* only what was given out under it needs it: until .until */
    FILE_KEY_UNUSED, /* no machine has had it as its newest yet */
    FILE_KEY_FREE,   /* may be taken out of the file */
    FILE_KEY_MISSING /* it isn't in the file, and values can't be opened without it */
};

struct file_key {
    const char *name;
    enum file_key_state state;
    int64_t values[SEALED_COLUMNS]; /* sealed under it */
    int64_t lasting, passing;       /* of these: that are sealed anew, and that go by themselves */
    int64_t until;                  /* refresh tokens that were signed with it end; 0: there are none */
    int64_t machines;               /* that have it */
    bool was_newest;                /* of any machine */
};

struct file_keys {
    struct file_key *keys; /* those of the file in its order, then what else is met */
    size_t count;
    int64_t machines; /* heard of within a day */
    bool is_behind;   /* another machine has a newer one than this file */
};

/* Reads all of the tables: for the command line. */
enum outcome resealing_status(struct context *context, struct file_keys *keys_out);

#endif
