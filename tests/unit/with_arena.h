/* with_arena.h: for programs whose tests want an arena and nothing else: TEST(name) in the list, and each
 * gets a fresh one. */
#ifndef DOORWARD_TESTS_WITH_ARENA_H
#define DOORWARD_TESTS_WITH_ARENA_H

#include "unit.h"

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_make(64 << 20);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)

#endif
