/* test_arena.c: memory with a lifetime: zeroed, bounded, released in order; and strbuf on top of it. */
#include "core/strbuf.h"
#include "core/text.h"
#include "unit.h"

#include <fcntl.h>
#include <stdalign.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define IS_POISONED(address) __asan_address_is_poisoned(address)
#else
#define IS_POISONED(address) ((void)(address), true)
#endif

/* Whether the function ends its process by abort(), as bug() does. */
static bool aborts(void (*function)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        function();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void arena__hands_out_zeroed_and_aligned_memory_also_after_a_reset(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1024 * 1024);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 200; size++) {
            unsigned char *data = arena_alloc(arena, size);
            assert_int_equal((uintptr_t)data % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(data[i], 0);
            memset(data, 0xa5, size);
        }
        arena_reset(arena);
    }
    arena_destroy(arena);
}

static void arena__gives_large_pieces_whole_and_small_ones_after_them(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1024 * 1024);
    unsigned char *large = arena_alloc(arena, 300 * 1024);
    memset(large, 1, 300 * 1024);
    unsigned char *small = arena_alloc(arena, 10);
    memset(small, 2, 10);
    assert_int_equal(large[300 * 1024 - 1], 1);
    assert_true(arena_used(arena) >= 300 * 1024 + 10);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    arena_destroy(arena);
}

static void arena__poisons_what_is_behind_a_piece_and_what_was_reset(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1024 * 1024);
    char *text = arena_alloc(arena, 5);
    assert_true(IS_POISONED(text + 5));
    arena_reset(arena);
    assert_true(IS_POISONED(text));
    arena_destroy(arena);
}

static char order[8];

static void note(void *object)
{
    order[strlen(order)] = *(const char *)object;
}

static void arena__releases_what_was_deferred_last_first_and_once(void **state)
{
    (void)state;
    static char names[] = "abc";
    struct arena *arena = arena_make(1024 * 1024);
    for (size_t i = 0; i < 3; i++)
        arena_defer(arena, note, &names[i]);
    arena_reset(arena);
    assert_string_equal(order, "cba");
    arena_destroy(arena);
    assert_string_equal(order, "cba");
}

static void go_past_the_limit(void)
{
    struct arena *arena = arena_make(100 * 1024);
    for (int i = 0; i < 200; i++)
        arena_alloc(arena, 1024);
}

static void overflow_the_product(void)
{
    arena_array(arena_make(1024), SIZE_MAX / 2, 3);
}

static void ask_for_everything(void)
{
    arena_alloc(arena_make(1024), SIZE_MAX);
}

static void arena__ends_the_process_at_its_limit(void **state)
{
    (void)state;
    assert_true(aborts(go_past_the_limit));
    assert_true(aborts(overflow_the_product));
    assert_true(aborts(ask_for_everything));
}

static void arena__copies_with_a_nul_behind(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1024 * 1024);
    struct bytes copy = arena_copy(arena, "a\0b", 3);
    assert_int_equal(copy.length, 3);
    assert_memory_equal(copy.data, "a\0b", 4);
    assert_int_equal(arena_copy(arena, NULL, 0).length, 0);
    assert_null(arena_strdup(arena, NULL));
    assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(arena, "%s-%d", "x", 7), "x-7");
    arena_destroy(arena);
    arena_destroy(NULL);
}

static void strbuf__grows_and_stays_a_string(void **state)
{
    (void)state;
    struct arena *arena = arena_make(16 * 1024 * 1024);
    struct strbuf buffer = strbuf_start(arena);
    assert_string_equal(buffer.data, "");
    for (size_t i = 0; i < 100000; i++) {
        strbuf_add_char(&buffer, (char)('a' + i % 26));
        assert_int_equal(buffer.data[buffer.length], '\0');
    }
    assert_int_equal(buffer.length, 100000);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(buffer.data[i], 'a' + i % 26);
    arena_destroy(arena);
}

static void strbuf__formats_across_its_capacity(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1024 * 1024);
    for (size_t length = 250; length < 262; length++) {
        struct strbuf buffer = strbuf_start(arena);
        for (size_t i = 0; i < length; i++)
            strbuf_add_char(&buffer, 'x');
        strbuf_add_format(&buffer, "[%d]", 12345);
        assert_int_equal(buffer.length, length + 7);
        assert_string_equal(buffer.data + length, "[12345]");
    }
    arena_destroy(arena);
}

static void cut_too_far(void)
{
    struct strbuf buffer = strbuf_start(arena_make(1024));
    strbuf_cut(&buffer, 1);
}

static void strbuf__is_cut_only_to_what_it_holds(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1024 * 1024);
    struct strbuf buffer = strbuf_start(arena);
    strbuf_add_text(&buffer, "abcdef");
    strbuf_add(&buffer, "", 0);
    strbuf_cut(&buffer, 2);
    assert_string_equal(buffer.data, "ab");
    assert_true(aborts(cut_too_far));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena__hands_out_zeroed_and_aligned_memory_also_after_a_reset),
        cmocka_unit_test(arena__gives_large_pieces_whole_and_small_ones_after_them),
        cmocka_unit_test(arena__poisons_what_is_behind_a_piece_and_what_was_reset),
        cmocka_unit_test(arena__releases_what_was_deferred_last_first_and_once),
        cmocka_unit_test(arena__ends_the_process_at_its_limit),
        cmocka_unit_test(arena__copies_with_a_nul_behind),
        cmocka_unit_test(strbuf__grows_and_stays_a_string),
        cmocka_unit_test(strbuf__formats_across_its_capacity),
        cmocka_unit_test(strbuf__is_cut_only_to_what_it_holds),
    };
    return UNIT_RUN(tests);
}
