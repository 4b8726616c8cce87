/* test_form.c: forms are taken strictly or not at all. */
#include "http/form.h"

#include "core/strbuf.h"

#include "with_arena.h"

#include <time.h>

static bool parse(const char *text, struct form *form_out)
{
    return form_parse(arena, text, strlen(text), form_out);
}

static void form__decodes_names_and_values(void **state)
{
    (void)state;
    struct form form;

    assert_true(parse("a=1&b+c=d%20e&%C3%A9=%E2%82%AC&&x&y==", &form));
    assert_int_equal(form.count, 5);
    assert_string_equal(form_value(&form, "a"), "1");
    assert_string_equal(form_value(&form, "b c"), "d e");
    assert_string_equal(form_value(&form, "\xc3\xa9"), "\xe2\x82\xac");
    assert_null(form_value(&form, "x"));
    assert_int_equal(form_times(&form, "x"), 1);
    assert_string_equal(form_value(&form, "y"), "=");
    assert_null(form_value(&form, "z"));
}

static void form__empty_text_is_an_empty_form(void **state)
{
    (void)state;
    struct form form;

    assert_true(parse("", &form));
    assert_int_equal(form.count, 0);
    assert_true(form_parse(arena, NULL, 0, &form));
}

/* abuse 1, 2, 5 */
static void form__bad_escapes_nul_and_bad_utf8_refuse_the_whole_form(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "a=%",         "a=%z",   "a=%zz",          "a=%u0041",    "%=1",         "a=1&b=%4",       "a=%00",
        "a=admin%00x", "%00=1",  "a=%c0%80",       "a=%e0%80%80", "a=%ed%a0%80", "a=%f4%90%80%80", "a=%ff",
        "a=%c3",       "a=\xff", "a=\xed\xa0\x80",
    };
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
        struct form form;
        if (parse(hostile[i], &form))
            fail_msg("accepted %s", hostile[i]);
        assert_int_equal(form.count, 0);
    }
    struct form form;
    assert_false(form_parse(arena, "a=\0b", 4, &form));
}

/* abuse 3: a caller can see that a field came twice */
static void form__repeated_fields_are_counted(void **state)
{
    (void)state;
    struct form form;

    assert_true(parse("a=1&a=1&%61=2&A=3", &form));
    assert_int_equal(form_times(&form, "a"), 3);
    assert_int_equal(form_times(&form, "A"), 1);
}

/* abuse 7 */
static void form__ten_thousand_fields_are_refused_in_bounded_time(void **state)
{
    (void)state;
    struct strbuf text = strbuf_start(arena);
    struct form form;

    for (int i = 0; i < FORM_MAX_FIELDS; i++)
        strbuf_add_format(&text, "%sa%d=1", i ? "&" : "", i);
    assert_true(parse(text.data, &form));
    strbuf_add_text(&text, "&b=1");
    assert_false(parse(text.data, &form));
    for (int i = 0; i < 10000; i++)
        strbuf_add_format(&text, "&a%d=1", i);
    clock_t start = clock(); /* of this process: others may have the processors meanwhile */
    assert_false(parse(text.data, &form));
    assert_true(clock() - start < CLOCKS_PER_SEC / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(form__decodes_names_and_values),
        TEST(form__empty_text_is_an_empty_form),
        TEST(form__bad_escapes_nul_and_bad_utf8_refuse_the_whole_form),
        TEST(form__repeated_fields_are_counted),
        TEST(form__ten_thousand_fields_are_refused_in_bounded_time),
    };
    return UNIT_RUN(tests);
}
