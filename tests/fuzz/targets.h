/*
 * targets.h: one target per parser of untrusted input. The same functions are run by libFuzzer
 * (fuzzer.c, through tests/fuzz/run) and over the seeds in tests/fuzz/corpus by every test run
 * (tests/unit/test_corpus.c). A target that sees a promise of a header broken calls bug().
 */
#ifndef DOORWARD_TESTS_FUZZ_TARGETS_H
#define DOORWARD_TESTS_FUZZ_TARGETS_H

#include "core/arena.h"

struct fuzz_target {
    const char *name; /* of its folder in tests/fuzz/corpus too */
    void (*run)(struct arena *arena, const char *data, size_t length);
};

/* The last has no name. */
extern const struct fuzz_target fuzz_targets[];

/* Once, before anything else: what parsers log of bad input is not shown. */
void fuzz_start(void);

/* Runs one input in an arena of its own; longer ones than 64 KiB are passed over. */
void fuzz_run(const struct fuzz_target *target, const void *data, size_t length);

#endif
