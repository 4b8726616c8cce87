/* The one source of randomness: shapes of what it makes, and what happens when it fails. */
#include "unit.h"

#include "core/clock.h"
#include "core/encode.h"
#include "crypto/random.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool generator_fails;
int __real_RAND_bytes(unsigned char *data, int length);
int __wrap_RAND_bytes(unsigned char *data, int length);

int __wrap_RAND_bytes(unsigned char *data, int length)
{
    return generator_fails ? 0 : __real_RAND_bytes(data, length);
}

static void random__uuids_bear_version_and_variant(void **state)
{
    (void)state;
    unsigned char id[16];
    for (int i = 0; i < 200; i++) {
        random_uuid(id);
        assert_int_equal(id[6] >> 4, 4);
        assert_int_equal(id[8] >> 6, 2);
        random_uuid_timed(1000 + i, id);
        assert_int_equal(id[6] >> 4, 7);
        assert_int_equal(id[8] >> 6, 2);
    }
}

/* The example of RFC 9562 appendix A.6: 2022-02-22 19:22:22 UTC begins with 017f22e2-79b0-7. */
static void random__timed_uuids_begin_with_the_time_rfc9562(void **state)
{
    (void)state;
    static const unsigned char start[] = { 0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0 };
    unsigned char id[16], later[16];
    random_uuid_timed(1645557742000, id);
    assert_memory_equal(id, start, sizeof(start));
    random_uuid_timed(1645557742001, later);
    assert_true(memcmp(id, later, 16) < 0);
}

/* Two requests, one behind the other, may begin within one millisecond; history tells them in their order. */
static void random__timed_uuids_of_one_millisecond_are_in_order(void **state)
{
    (void)state;
    const struct timespec moment = { .tv_nsec = 20 * 1000 };
    for (int i = 0; i < 20;) {
        unsigned char id[16], later[16];
        int64_t now_ms = clock_now_ms();
        random_uuid_timed(now_ms, id);
        nanosleep(&moment, NULL);
        random_uuid_timed(now_ms, later);
        if (clock_now_ms() - now_ms > 15)
            continue; /* a busy machine */
        assert_true(memcmp(id, later, 16) < 0);
        i++;
    }
}

static void random__text_is_base64url_of_that_many_bytes(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    struct bytes bytes;
    for (size_t length = 0; length < 70; length++) {
        const char *text = random_text(arena, length);
        assert_true(base64url_decode(arena, text, strlen(text), &bytes));
        assert_int_equal(bytes.length, length);
    }
    assert_string_not_equal(random_text(arena, 32), random_text(arena, 32));
    arena_destroy(arena);
}

static void random__forked_processes_differ(void **state)
{
    (void)state;
    unsigned char mine[32], theirs[32];
    int ends[2];
    random_bytes(mine, sizeof(mine));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        random_bytes(mine, sizeof(mine));
        _exit(write(ends[1], mine, sizeof(mine)) == sizeof(mine) ? 0 : 1);
    }
    assert_int_equal(read(ends[0], theirs, sizeof(theirs)), sizeof(theirs));
    random_bytes(mine, sizeof(mine));
    assert_memory_not_equal(mine, theirs, sizeof(mine));
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
}

static void random__a_failing_generator_aborts_T117(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        unsigned char id[16];
        setrlimit(RLIMIT_CORE, &(struct rlimit) { 0, 0 });
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        generator_fails = true;
        random_uuid(id);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random__uuids_bear_version_and_variant),
        cmocka_unit_test(random__timed_uuids_begin_with_the_time_rfc9562),
        cmocka_unit_test(random__timed_uuids_of_one_millisecond_are_in_order),
        cmocka_unit_test(random__text_is_base64url_of_that_many_bytes),
        cmocka_unit_test(random__forked_processes_differ),
        cmocka_unit_test(random__a_failing_generator_aborts_T117),
    };
    return UNIT_RUN(tests);
}
