/* test_log.c: one line an event, whatever is logged. */
#include "core/log.h"
#include "unit.h"

#include <unistd.h>

static char path[64];

/* What the log file holds. */
static const char *read_log(void)
{
    static char text[64 * 1024];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = '\0';
    return text;
}

static int set_up(void **state)
{
    char target[80];
    (void)state;
    snprintf(path, sizeof(path), "/tmp/test_log.%d", (int)getpid());
    snprintf(target, sizeof(target), "file:%s", path);
    return log_open(target, "info") ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    log_request(NULL);
    log_open("stderr", "info");
    return unlink(path);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void log__a_value_never_forges_a_line(void **state)
{
    (void)state;
    log_info("user=%s", "a\nb\rc\x1b[31m\x7f\xc2\x9b"
                        "x\xc3\xa4");
    assert_non_null(strstr(read_log(), "user=a?b?c?[31m???x\xc3\xa4\n"));
    assert_int_equal(count_lines(read_log()), 1);
}

static void log__every_line_carries_the_request_in_hand(void **state)
{
    (void)state;
    log_request("r-1");
    log_warn("one");
    log_request(NULL);
    log_error("two");
    assert_non_null(strstr(read_log(), "one request=r-1\n"));
    assert_non_null(strstr(read_log(), "two\n"));
}

static void log__leaves_out_what_is_less_important_than_its_level(void **state)
{
    (void)state;
    log_debug("quiet");
    log_info("loud");
    assert_null(strstr(read_log(), "quiet"));
    assert_int_equal(count_lines(read_log()), 1);
}

static void log__a_long_message_stays_one_line(void **state)
{
    static char message[10000];
    (void)state;
    memset(message, 'x', sizeof(message) - 1);
    log_info("%s", message);
    log_info("next");
    assert_int_equal(count_lines(read_log()), 2);
    assert_non_null(strstr(read_log(), "next\n"));
}

static void log__refuses_targets_and_levels_that_it_does_not_know(void **state)
{
    (void)state;
    assert_false(log_open("file:/nonexistent/folder/log", "info"));
    assert_false(log_open("somewhere", "info"));
    assert_false(log_open("stderr", "loud"));
    log_info("still there");
    assert_non_null(strstr(read_log(), "still there"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(log__a_value_never_forges_a_line),
        TEST(log__every_line_carries_the_request_in_hand),
        TEST(log__leaves_out_what_is_less_important_than_its_level),
        TEST(log__a_long_message_stays_one_line),
        TEST(log__refuses_targets_and_levels_that_it_does_not_know),
    };
    return UNIT_RUN(tests);
}
