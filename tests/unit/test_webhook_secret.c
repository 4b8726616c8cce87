/* What webhooks' messages are signed with. */
#include "unit.h"

#include "core/encode.h"
#include "domain/events/webhook_secret.h"
#include "keyfiles.h"

enum { DAY = 24 * 3600 };

static struct context context;
static struct keyfile *keyfile;
static struct webhook_row row;

static int set_up(void **state)
{
    (void)state;
    keyfile = keyfile_with(KEY_LINE_NEW KEY_LINE_OLD);
    context = (struct context) { .arena = arena_make(1 << 20), .keyfile = keyfile, .now = 1614265330 };
    row = (struct webhook_row) { .id = { 1, 2, 3 } };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(context.arena);
    keyfile_free(keyfile);
    return 0;
}

static size_t count(const char *text, char wanted)
{
    size_t found = 0;
    for (; *text; text++)
        found += *text == wanted;
    return found;
}

/* As when the text is sealed in this row. */
static void seal(const char *text)
{
    const char *bound =
        arena_printf(context.arena, "webhooks.secret_sealed:%s", hex_encode(context.arena, row.id, 16));
    row.sealed = keyfile_seal(keyfile, context.arena, bound,
                              (struct bytes) { (const unsigned char *)text, strlen(text) });
}

static const char *sign(void)
{
    return webhook_sign(&context, &row, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}");
}

static void webhook_sign__the_example_of_the_standard(void **state)
{
    (void)state;
    seal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert_string_equal(sign(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void webhook_sign__an_old_secret_signs_along_for_a_day(void **state)
{
    const char *first = webhook_secret_make(&context, &row), *only = sign();
    (void)state;
    assert_int_equal(count(only, ','), 1);
    const char *second = webhook_secret_rotate(&context, &row);
    assert_string_not_equal(first, second);
    const char *both = sign();
    assert_int_equal(count(both, ','), 2);
    assert_non_null(strstr(both, only));
    context.now += DAY - 1;
    assert_string_equal(sign(), both);
    context.now += 1;
    assert_int_equal(count(sign(), ','), 1);
    assert_null(strstr(sign(), only));
    assert_non_null(strstr(both, sign()));
}

static void webhook_secret__opens_in_its_own_row_only(void **state)
{
    (void)state;
    (void)webhook_secret_make(&context, &row);
    assert_true(row.sealed.length <= 300);
    (void)webhook_secret_rotate(&context, &row);
    assert_true(row.sealed.length <= 300);
    row.id[0] = 9;
    assert_null(sign());
    assert_null(webhook_secret_rotate(&context, &row));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(webhook_sign__the_example_of_the_standard),
        TEST(webhook_sign__an_old_secret_signs_along_for_a_day),
        TEST(webhook_secret__opens_in_its_own_row_only),
    };
    return UNIT_RUN(tests);
}
