/* fuzzer.c: the entry of libFuzzer; DOORWARD_FUZZ names the target. */
#include "targets.h"

#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static const struct fuzz_target *chosen(void)
{
    fuzz_start();
    const char *name = getenv("DOORWARD_FUZZ");
    for (const struct fuzz_target *target = fuzz_targets; name && target->name; target++) {
        if (text_equal(target->name, name))
            return target;
    }
    fatal("DOORWARD_FUZZ must name a target of tests/fuzz/targets.c");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static const struct fuzz_target *target;
    if (!target)
        target = chosen();
    fuzz_run(target, data, length);
    return 0;
}
