/* unit.h: what every unit program begins with: cmocka, and its output as TAP. */
#ifndef DOORWARD_TESTS_UNIT_H
#define DOORWARD_TESTS_UNIT_H

#include "core/arena.h"

#include <setjmp.h>
#include <cmocka.h>

/* Runs an array of tests; the value is what main() returns. */
#define UNIT_RUN(tests)                                                                                      \
    (cmocka_set_message_output(CM_OUTPUT_TAP), cmocka_run_group_tests((tests), NULL, NULL))

#endif
