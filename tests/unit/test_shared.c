/* test_shared.c: the page area under several processes: nothing is lost, and a killed one holds nothing. */
#include "core/shared.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct shared *shared;

static int set_up(void **state)
{
    (void)state;
    shared = shared_map(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shared_unmap(shared);
    return 0;
}

enum { PROCESSES = 4, NOW_MS = 1000 * 900 * 1000 + 123 };

/* Runs the function in several processes at once; the sum of their exit statuses. */
static int in_parallel(int (*function)(int number))
{
    pid_t children[PROCESSES];
    int sum = 0, status;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            _exit(function(i));
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    return sum;
}

static bool take(uint64_t key, int64_t now_ms, int64_t limit, int amount, struct limit_state *state)
{
    return shared_limit_take(shared, key, now_ms, 900, limit, amount, state);
}

/* --- limits of callers --- */

static void spread__what_is_not_let_through_does_not_count(void **state)
{
    struct limit_state told;
    uint64_t key = shared_limit_key("tokens", "client 1");
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(shared_limit_take_spread(shared, key, NOW_MS, 900, 3, &told));
    for (int i = 0; i < 100; i++)
        assert_false(shared_limit_take_spread(shared, key, NOW_MS, 900, 3, &told));
    assert_int_equal(told.used, 4);
    assert_true(shared_limit_take_spread(shared, key, NOW_MS + told.retry_after_s * 1000, 900, 3, &told));
}

static void spread__adds_what_other_machines_told(void **state)
{
    struct limit_state told;
    struct limit_count counts[8];
    struct shared *other = shared_map(NULL);
    uint64_t key = shared_limit_key("tokens", "client 2");
    int64_t now_s = NOW_MS / 1000;
    size_t place = 0;
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(shared_limit_take_spread(other, key, NOW_MS, 900, 10, &told));
    (void)shared_limit_take(other, key + 1, NOW_MS, 900, 10, 1, &told); /* not to be told */
    assert_int_equal(shared_limit_changes(other, now_s, &place, counts, 8), 1);
    assert_int_equal(counts[0].count, 4);
    assert_int_equal(counts[0].window_start, now_s - now_s % 900);
    shared_limit_published(other, counts, 1);
    assert_int_equal(shared_limit_changes(other, now_s, &place, counts + 1, 7), 0);
    shared_limit_others(shared, &counts[0], now_s);
    shared_limit_others(shared, &counts[0], now_s);
    assert_true(shared_limit_take_spread(shared, key, NOW_MS, 900, 10, &told));
    assert_int_equal(told.used, 5);
    /* in the next window they weigh as the window before does */
    assert_true(shared_limit_take_spread(shared, key, NOW_MS + 900 * 1000, 900, 10, &told));
    assert_in_range(told.used, 2, 6);
    shared_unmap(other);
}

/* --- usage --- */

static int use_often(int number)
{
    unsigned char service[16] = { 7 };
    for (int i = 0; i < 1000; i++)
        shared_usage_add(shared, service, USAGE_TOKENS, 7200 + number);
    return 0;
}

static void usage__is_counted_once_by_every_process_and_forgotten_when_stored(void **state)
{
    struct usage_count counts[4];
    (void)state;
    (void)in_parallel(use_often);
    assert_int_equal(shared_usage_changes(shared, counts, 4), 1);
    assert_int_equal(counts[0].count, 1000 * PROCESSES);
    assert_int_equal(counts[0].hour, 7200);
    assert_int_equal(counts[0].service_id[0], 7);
    shared_usage_forget(shared, 7200 + 86400);
    assert_int_equal(shared_usage_changes(shared, counts, 4), 1); /* not stored yet */
    shared_usage_stored(shared, counts, 1);
    assert_int_equal(shared_usage_changes(shared, counts, 4), 0);
    shared_usage_forget(shared, 7200 + 86400);
    (void)use_often(0);
    assert_int_equal(shared_usage_changes(shared, counts, 4), 1);
    assert_int_equal(counts[0].count, 1000);
}

static void usage__is_bounded(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned char service[16] = { (unsigned char)i, (unsigned char)(i >> 8) };
        shared_usage_add(shared, service, USAGE_TOKENS, 7200);
    }
    assert_true(shared_usage_lost(shared) > 0 && shared_usage_lost(shared) < 20000);
}

/* --- limits --- */

static void limit__lets_so_many_through_and_then_tells_when_to_come_back(void **state)
{
    struct limit_state told;
    uint64_t key = shared_limit_key("address", "192.0.2.1");
    (void)state;
    for (int i = 1; i <= 5; i++) {
        assert_true(take(key, NOW_MS, 5, 1, &told));
        assert_int_equal(told.used, i);
        assert_int_equal(told.limit, 5);
        assert_int_equal(told.retry_after_s, 0);
    }
    assert_false(take(key, NOW_MS, 5, 1, &told));
    assert_true(told.retry_after_s > 0 && told.retry_after_s <= 2 * 900);
    assert_true(told.reset_s > 0 && told.reset_s <= 2 * 900);
    assert_true(take(shared_limit_key("address", "192.0.2.2"), NOW_MS, 5, 1, &told));
    assert_true(take(shared_limit_key("account", "192.0.2.1"), NOW_MS, 5, 1, &told));
}

static void limit__is_open_again_when_it_said_it_would_be(void **state)
{
    (void)state;
    for (int used = 5; used < 30; used += 3) {
        for (int64_t start = 0; start < 900; start += 97) {
            struct limit_state told;
            uint64_t key = (uint64_t)(1000 + used * 1000 + start);
            int64_t now_ms = NOW_MS + start * 1000;
            for (int i = 0; i < used; i++)
                take(key, now_ms, 5, 1, &told);
            assert_false(take(key, now_ms, 5, 0, &told));
            int64_t wait_ms = told.retry_after_s * 1000;
            assert_true(take(key, now_ms + wait_ms, 5, 0, &told));
            if (wait_ms > 2000)
                assert_false(take(key, now_ms + wait_ms - 2000, 5, 0, &told));
        }
    }
}

static void limit__slides_over_the_edge_of_its_windows(void **state)
{
    struct limit_state told;
    uint64_t key = shared_limit_key("a", "b");
    int64_t edge = (int64_t)1000 * 900 * 1000;
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_true(take(key, edge - 1, 5, 1, &told));
    assert_false(take(key, edge, 5, 0, &told));
    assert_false(take(key, edge + 100 * 1000, 5, 0, &told));
    assert_true(take(key, edge + 200 * 1000, 5, 0, &told));
    assert_int_equal(told.used, 4);
    assert_true(take(key, edge + 900 * 1000, 5, 0, &told));
    assert_int_equal(told.used, 0);
}

static void limit__a_look_counts_nothing(void **state)
{
    struct limit_state told;
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_true(take(7, NOW_MS, 2, 0, &told));
    assert_int_equal(told.used, 0);
    assert_int_equal(told.reset_s, 0);
    take(7, NOW_MS, 2, 1, &told);
    assert_true(take(7, NOW_MS, 2, 0, &told));
    take(7, NOW_MS, 2, 1, &told);
    assert_false(take(7, NOW_MS, 2, 0, &told));
}

static void limit__a_clock_read_earlier_still_counts(void **state)
{
    struct limit_state told;
    int64_t edge = (int64_t)1000 * 900 * 1000;
    (void)state;
    for (int i = 0; i < 3; i++)
        take(9, edge + 5, 3, 1, &told);
    assert_false(take(9, edge - 5, 3, 1, &told));
    assert_false(take(9, edge + 5, 3, 1, &told));
}

static void limit__is_forgotten_when_cleared(void **state)
{
    struct limit_state told;
    (void)state;
    for (int i = 0; i < 10; i++)
        take(11, NOW_MS, 3, 1, &told);
    shared_limit_clear(shared, 11);
    assert_true(take(11, NOW_MS, 3, 1, &told));
    assert_int_equal(told.used, 1);
    shared_limit_clear(shared, 999);
}

static void limit__keeps_the_guessed_account_while_many_keys_pass_through(void **state)
{
    struct limit_state told;
    uint64_t victim = shared_limit_key("account", "a@example.org");
    (void)state;
    for (int i = 0; i < 9; i++)
        take(victim, NOW_MS, 10, 1, &told);
    for (uint64_t i = 0; i < 200000; i++)
        take(0x9e3779b97f4a7c15u * (i + 1), NOW_MS + 1000, 10, 1, &told);
    take(victim, NOW_MS + 2000, 10, 0, &told);
    assert_int_equal(told.used, 9);
}

static int count_a_thousand(int number)
{
    struct limit_state told;
    (void)number;
    for (int i = 0; i < 1000; i++)
        take(42, NOW_MS, 1000000, 1, &told);
    return 0;
}

static void limit__loses_no_count_between_processes(void **state)
{
    struct limit_state told;
    (void)state;
    in_parallel(count_a_thousand);
    take(42, NOW_MS, 1000000, 0, &told);
    assert_int_equal(told.used, PROCESSES * 1000);
}

static int guess_fifty_times(int number)
{
    struct limit_state told;
    int through = 0;
    (void)number;
    for (int i = 0; i < 50; i++)
        through += take(43, NOW_MS, 10, 1, &told);
    return through;
}

static void limit__parallel_guesses_never_outrun_it(void **state)
{
    (void)state;
    assert_int_equal(in_parallel(guess_fifty_times), 10);
}

/* --- versions --- */

static void version__moves_with_every_change_once_seen_or_not(void **state)
{
    (void)state;
    uint64_t first = shared_version(shared, VERSION_DIRECTORY);
    shared_version_raise(shared, VERSION_DIRECTORY, 10);
    uint64_t second = shared_version(shared, VERSION_DIRECTORY);
    assert_true(second >= 10 && second != first);
    shared_version_raise(shared, VERSION_DIRECTORY, 10);
    shared_version_raise(shared, VERSION_DIRECTORY, 9);
    assert_int_equal(shared_version(shared, VERSION_DIRECTORY), second);
    shared_version_raise(shared, VERSION_DIRECTORY, 0);
    assert_true(shared_version(shared, VERSION_DIRECTORY) > second);
    assert_int_equal(shared_version(shared, VERSION_KEYS), 0);
}

/* Somebody read the stored number between our commit and our telling of it. */
static void version__a_change_from_elsewhere_shows_after_one_that_was_seen_early(void **state)
{
    (void)state;
    shared_version_raise(shared, VERSION_KEYS, 11);
    shared_version_raise(shared, VERSION_KEYS, 0);
    uint64_t before = shared_version(shared, VERSION_KEYS);
    shared_version_raise(shared, VERSION_KEYS, 12);
    assert_true(shared_version(shared, VERSION_KEYS) != before);
}

static int raise_a_hundred_times(int number)
{
    (void)number;
    for (int i = 0; i < 100; i++)
        shared_version_raise(shared, VERSION_KEYS, 0);
    return 0;
}

static void version__loses_no_change_between_processes(void **state)
{
    (void)state;
    in_parallel(raise_a_hundred_times);
    assert_int_equal(shared_version(shared, VERSION_KEYS), PROCESSES * 100);
}

static int due_once(int number)
{
    int due = 0;
    (void)number;
    for (int i = 0; i < 1000; i++)
        due += shared_version_check_due(shared, 5000 + i, 1000);
    return due;
}

static void version__one_caller_per_period_is_told_to_look(void **state)
{
    (void)state;
    assert_true(shared_version_check_due(shared, 3000, 1000));
    assert_false(shared_version_check_due(shared, 3999, 1000));
    assert_int_equal(in_parallel(due_once), 1);
    assert_true(shared_version_check_due(shared, 10, 1000));
}

/* --- the gate --- */

static int hold_and_die(int number)
{
    (void)number;
    return shared_gate_enter(shared, 2);
}

static void gate__gives_the_places_of_the_dead_to_the_living(void **state)
{
    (void)state;
    assert_true(in_parallel(hold_and_die) >= 1);
    assert_true(shared_gate_enter(shared, 1));
    shared_gate_leave(shared);
}

static void gate__is_full_while_its_holders_live(void **state)
{
    int ready[2];
    char byte;
    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        bool entered = shared_gate_enter(shared, 1);
        if (write(ready[1], entered ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_false(shared_gate_enter(shared, 1));
    assert_true(shared_gate_enter(shared, 2));
    shared_gate_leave(shared);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(shared_gate_enter(shared, 1));
    shared_gate_leave(shared);
    close(ready[0]);
    close(ready[1]);
}

/* --- slots and the JWKS --- */

static void slot__is_the_same_for_all_processes(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        shared_slot(shared, SHARED_SLOTS - 1)->requests = 77;
        _exit(0);
    }
    waitpid(child, NULL, 0);
    assert_int_equal(shared_slot(shared, SHARED_SLOTS - 1)->requests, 77);
}

static void jwks__is_absent_until_stored_and_then_whole(void **state)
{
    char buffer[64];
    (void)state;
    assert_int_equal(shared_jwks_load(shared, buffer, sizeof(buffer)), 0);
    shared_jwks_store(shared, "{\"keys\":[]}", 11);
    assert_int_equal(shared_jwks_load(shared, buffer, sizeof(buffer)), 11);
    assert_memory_equal(buffer, "{\"keys\":[]}", 11);
    assert_int_equal(shared_jwks_load(shared, buffer, 10), 0);
    shared_jwks_store(shared, "{}", 2);
    assert_int_equal(shared_jwks_load(shared, buffer, sizeof(buffer)), 2);
}

static char large[PROCESSES][32 * 1024];

static int store_many(int number)
{
    for (int i = 0; i < 200; i++)
        shared_jwks_store(shared, large[number], sizeof(large[number]) - (size_t)number);
    return 0;
}

/* Half of the processes write, the others read; a reader counts each answer that is a mixture. */
static int store_or_load(int number)
{
    static char buffer[32 * 1024];
    int mixtures = 0;
    if (number % 2)
        return store_many(number);
    for (int i = 0; i < 300; i++) {
        size_t length = shared_jwks_load(shared, buffer, sizeof(buffer));
        for (size_t j = 1; j < length; j++)
            mixtures += buffer[j] != buffer[0];
    }
    return mixtures > 100 ? 100 : mixtures;
}

static void jwks__is_never_a_mixture_of_two_writers(void **state)
{
    (void)state;
    for (int i = 0; i < PROCESSES; i++)
        memset(large[i], 'a' + i, sizeof(large[i]));
    assert_int_equal(in_parallel(store_or_load), 0);
}

/* --- the file --- */

static void file__is_shared_by_path_and_closed_to_others(void **state)
{
    char folder[] = "/tmp/test_shared.XXXXXX", path[64];
    struct stat status;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/shared", folder);
    mode_t mask = umask(0);
    struct shared *one = shared_map(path), *two = shared_map(path);
    umask(mask);
    shared_version_raise(one, VERSION_KEYS, 5);
    assert_int_equal(shared_version(two, VERSION_KEYS), 5);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    shared_unmap(one);
    shared_unmap(two);
    struct shared *again = shared_map(path);
    assert_int_equal(shared_version(again, VERSION_KEYS), 5);
    shared_unmap(again);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void file__a_jwks_with_a_changed_byte_is_none(void **state)
{
    char folder[] = "/tmp/test_shared.XXXXXX", path[64], buffer[64];
    static char content[2 * 1024 * 1024];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/shared", folder);
    struct shared *one = shared_map(path);
    shared_jwks_store(one, "{\"keys\":[]}", 11);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    size_t length = fread(content, 1, sizeof(content), file);
    const char *found = memmem(content, length, "{\"keys\":[]}", 11);
    assert_non_null(found);
    assert_int_equal(fseek(file, found - content, SEEK_SET), 0);
    assert_int_equal(fputc('[', file), '[');
    fclose(file);
    assert_int_equal(shared_jwks_load(one, buffer, sizeof(buffer)), 0);
    shared_unmap(one);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void file__of_another_layout_is_replaced(void **state)
{
    char folder[] = "/tmp/test_shared.XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/shared", folder);
    for (int size = 0; size < 3000000; size += 1000003) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(ftruncate(fileno(file), size), 0);
        fclose(file);
        struct shared *one = shared_map(path);
        shared_version_raise(one, VERSION_KEYS, 0);
        assert_int_equal(shared_version(one, VERSION_KEYS), 1);
        shared_unmap(one);
    }
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static const char *common_path;

static int map_and_raise(int number)
{
    (void)number;
    struct shared *one = shared_map(common_path);
    shared_version_raise(one, VERSION_KEYS, 0);
    return 0;
}

static void file__made_by_several_at_once_is_one(void **state)
{
    char folder[] = "/tmp/test_shared.XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/shared", folder);
    common_path = path;
    for (int round = 0; round < 20; round++) {
        in_parallel(map_and_raise);
        struct shared *one = shared_map(path);
        assert_int_equal(shared_version(one, VERSION_KEYS), PROCESSES);
        shared_unmap(one);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(spread__what_is_not_let_through_does_not_count),
        TEST(spread__adds_what_other_machines_told),
        TEST(usage__is_counted_once_by_every_process_and_forgotten_when_stored),
        TEST(usage__is_bounded),
        TEST(limit__lets_so_many_through_and_then_tells_when_to_come_back),
        TEST(limit__is_open_again_when_it_said_it_would_be),
        TEST(limit__slides_over_the_edge_of_its_windows),
        TEST(limit__a_look_counts_nothing),
        TEST(limit__a_clock_read_earlier_still_counts),
        TEST(limit__is_forgotten_when_cleared),
        TEST(limit__keeps_the_guessed_account_while_many_keys_pass_through),
        TEST(limit__loses_no_count_between_processes),
        TEST(limit__parallel_guesses_never_outrun_it),
        TEST(version__moves_with_every_change_once_seen_or_not),
        TEST(version__a_change_from_elsewhere_shows_after_one_that_was_seen_early),
        TEST(version__loses_no_change_between_processes),
        TEST(version__one_caller_per_period_is_told_to_look),
        TEST(gate__gives_the_places_of_the_dead_to_the_living),
        TEST(gate__is_full_while_its_holders_live),
        TEST(slot__is_the_same_for_all_processes),
        TEST(jwks__is_absent_until_stored_and_then_whole),
        TEST(jwks__is_never_a_mixture_of_two_writers),
        TEST(file__is_shared_by_path_and_closed_to_others),
        TEST(file__a_jwks_with_a_changed_byte_is_none),
        TEST(file__of_another_layout_is_replaced),
        TEST(file__made_by_several_at_once_is_one),
    };
    return UNIT_RUN(tests);
}
