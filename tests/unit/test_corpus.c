/* Runs every parser of untrusted input over its seeds in tests/fuzz/corpus, and over cuts of them. */
#include "unit.h"

#include "../fuzz/targets.h"

#include <dirent.h>

enum { MAX_SEED = 64 * 1024 };

/* The seed whole, each beginning of it, and it with each byte changed in turn; long ones in larger steps. */
static void run_seed(const struct fuzz_target *target, unsigned char *data, size_t length)
{
    size_t step = 1 + length / 200;
    fuzz_run(target, data, length);
    for (size_t cut = 0; cut < length; cut += step)
        fuzz_run(target, data, cut);
    for (size_t at = 0; at < length; at += step) {
        unsigned char byte = data[at];
        data[at] = (unsigned char)(byte ^ (1u << (at % 8)));
        fuzz_run(target, data, length);
        data[at] = byte;
    }
}

static size_t run_folder(const struct fuzz_target *target)
{
    static unsigned char data[MAX_SEED];
    char path[4096];
    size_t count = 0;
    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", SOURCE_DIRECTORY, target->name);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s/%s", SOURCE_DIRECTORY, target->name,
                 entry->d_name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        run_seed(target, data, fread(data, 1, sizeof(data), file));
        fclose(file);
        count++;
    }
    closedir(folder);
    return count;
}

static void corpus__every_target_keeps_its_promises(void **state)
{
    (void)state;
    for (const struct fuzz_target *target = fuzz_targets; target->name; target++) {
        size_t count = run_folder(target);
        print_message("# %s: %zu seeds\n", target->name, count);
        assert_true(count > 0);
    }
}

static void corpus__every_target_takes_nothing_at_all_T117(void **state)
{
    (void)state;
    for (const struct fuzz_target *target = fuzz_targets; target->name; target++)
        fuzz_run(target, "", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus__every_target_takes_nothing_at_all_T117),
        cmocka_unit_test(corpus__every_target_keeps_its_promises),
    };
    fuzz_start();
    return UNIT_RUN(tests);
}
