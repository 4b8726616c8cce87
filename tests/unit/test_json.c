/* test_json.c: what json-c lets through and RFC 8259 doesn't; getters; trees; and the writer. */
#include "core/json_writer.h"
#include "core/text.h"
#include "with_arena.h"

static struct json *parse(const char *text)
{
    const char *error = NULL;
    struct json *value = json_parse(arena, text, strlen(text), &error);
    assert_true(value != NULL || error != NULL);
    return value;
}

static void expect_error(const char *text, const char *expected)
{
    const char *error = NULL;
    if (json_parse(arena, text, strlen(text), &error))
        fail_msg("%s was taken", text);
    if (!text_equal(error, expected))
        fail_msg("%s: %s, not %s", text, error, expected);
}

static void json__refuses_what_json_c_lets_through(void **state)
{
    static const char *const cases[][2] = {
        { "{\"a\":1,\"a\":2}", "a member name used twice" },
        { "{\"a\":1,\"\\u0061\":2}", "a member name used twice" },
        { "[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]", "a member name used twice" },
        { "{\"a\\u0000b\":1}", "NUL in a string" },
        { "[\"a\\u0000b\"]", "NUL in a string" },
        { "[NaN]", "bad number" },
        { "[Infinity]", "bad number" },
        { "[-Infinity]", "bad number" },
        { "[\"a\nb\"]", "control character in a string" },
        { "[\"a\x01\"]", "control character in a string" },
        { "{} x", "text behind the value" },
        { "{}{}", "text behind the value" },
        { "[1,]", "bad number" },
        { "{\"a\":1,}", "string expected" },
        { "[1 /* c */]", "',' or a closing bracket expected" },
        { "// c\n1", "bad number" },
        { "['x']", "bad number" },
        { "{a:1}", "string expected" },
        { "[TRUE]", "bad number" },
        { "[tru]", "unknown word" },
        { "[01]", "bad number" },
        { "[-01]", "bad number" },
        { "[1.]", "bad number" },
        { "[.5]", "bad number" },
        { "[+1]", "bad number" },
        { "[1e]", "bad number" },
        { "[-]", "bad number" },
        { "[0x10]", "',' or a closing bracket expected" },
        { "[18446744073709551616]", "integer out of range" },
        { "[9223372036854775808]", "integer out of range" },
        { "[-9223372036854775809]", "integer out of range" },
        { "[0.00000000000000000000000000000000000000001]", "number too long" },
        { "[\"\\ud800\"]", "lone surrogate" },
        { "[\"\\udc00\"]", "lone surrogate" },
        { "[\"\\ud800\\u0041\"]", "lone surrogate" },
        { "[\"\\ud800x\"]", "lone surrogate" },
        { "[\"\\x41\"]", "bad escape" },
        { "[\"\\u12g4\"]", "bad escape" },
        { "[\"\\u12", "short escape" },
        { "[\"abc", "string without an end" },
        { "[\"abc\\", "bad escape" },
        { "", "value expected" },
        { "  ", "value expected" },
        { "[", "value expected" },
        { "{\"a\"", "':' expected" },
        { "{\"a\" 1}", "':' expected" },
        { "[1", "',' or a closing bracket expected" },
        { "[\xc0\xaf]", "not UTF-8" },
        { "[\"\xc0\xaf\"]", "not UTF-8" },
        { "[\"\xed\xa0\x80\"]", "not UTF-8" },
        { "\xef\xbb\xbf{}", "bad number" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect_error(cases[i][0], cases[i][1]);
    const char *error;
    assert_null(json_parse(arena, "[1]\0", 4, &error));
}

static const char *nested(size_t depth)
{
    char *text = arena_alloc(arena, 2 * depth + 1);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return text;
}

static void json__refuses_nesting_beyond_its_limit(void **state)
{
    (void)state;
    assert_non_null(parse(nested(JSON_MAX_DEPTH)));
    expect_error(nested(JSON_MAX_DEPTH + 1), "nested too deep");
    expect_error(nested(100000), "nested too deep");
}

static void json__reads_a_bare_value_to_its_last_byte(void **state)
{
    int64_t integer;
    (void)state;
    assert_true(json_integer(parse("12"), &integer) && integer == 12);
    assert_string_equal(json_text(parse("\"x\"")), "x");
    assert_int_equal(json_kind(parse(" true ")), JSON_BOOLEAN);
}

static void json__takes_colons_quotes_and_pairs_in_strings_for_what_they_are(void **state)
{
    struct json *value = parse("{\"a:\\\"b\":\"c:d\",\"e\\\\\":\"\\ud83d\\ude00\\u00e4\"}");
    (void)state;
    assert_int_equal(json_count(value), 2);
    assert_string_equal(json_member_text(value, "a:\"b"), "c:d");
    assert_string_equal(json_member_text(value, "e\\"), "\xf0\x9f\x98\x80\xc3\xa4");
}

/* RFC 7519 §2. */
static void json__seconds_may_have_a_fraction_and_must_be_a_number_that_is_a_time(void **state)
{
    static const char *const times[] = { "1700000000", "1700000000.0", "1700000000.999", "1.7e9" };
    static const char *const none[] = { "1e16", "-1e300", "1e308", "\"1700000000\"", "true", "[1]", "{}" };
    int64_t seconds;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(times); i++)
        assert_true(json_seconds(parse(times[i]), &seconds) && seconds == 1700000000);
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        assert_false(json_seconds(parse(none[i]), &seconds));
    assert_false(json_seconds(NULL, &seconds));
}

static void json__getters_never_convert(void **state)
{
    struct json *value =
        parse("{\"text\":\"12abc\",\"one\":1,\"real\":1.0,\"big\":1E2,\"yes\":true,\"no\":null,"
              "\"min\":-9223372036854775808}");
    int64_t integer;
    bool boolean;
    (void)state;
    assert_false(json_integer(json_member(value, "text"), &integer));
    assert_false(json_integer(json_member(value, "real"), &integer));
    assert_false(json_integer(json_member(value, "big"), &integer));
    assert_false(json_integer(json_member(value, "yes"), &integer));
    assert_false(json_integer(json_member(value, "none"), &integer));
    assert_true(json_integer(json_member(value, "min"), &integer) && integer == INT64_MIN);
    assert_false(json_boolean(json_member(value, "one"), &boolean));
    assert_true(json_boolean(json_member(value, "yes"), &boolean) && boolean);
    assert_null(json_member_text(value, "one"));
    assert_null(json_member(value, "no"));
    assert_true(json_has_member(value, "no"));
    assert_false(json_has_member(value, "none"));
    assert_null(json_member(json_member(value, "text"), "a"));
    assert_null(json_member(NULL, "a"));
    assert_null(json_item(value, 0));
    assert_int_equal(json_kind(NULL), JSON_NULL);
    assert_int_equal(json_count(NULL), 0);
    assert_null(json_item(parse("[1]"), 1));
}

static void json__prints_numbers_as_they_were_written(void **state)
{
    (void)state;
    assert_string_equal(json_print(arena, parse("{\"a\":[1.0,1E2,-0.5,null],\"b\":\"</x>\\u0001\"}")),
                        "{\"a\":[1.0,1E2,-0.5,null],\"b\":\"</x>\\u0001\"}");
}

static void note_name(const char *name, struct json *member, void *context)
{
    strbuf_add_format(context, "%s=%s ", name, json_print(arena, member));
}

static void json__builds_trees_in_order(void **state)
{
    (void)state;
    struct json *object = json_new_object(arena), *array = json_new_array(arena);
    json_put_text(object, "b", "x");
    json_put_integer(object, "a", INT64_MAX);
    json_put_boolean(object, "c", false);
    json_put_text(object, "d", NULL);
    json_append_text(array, "1");
    json_append(array, json_new_object(arena));
    json_put(object, "e", array);
    json_put(object, "f", json_member(parse("{\"x\":[7]}"), "x"));
    json_put_text(object, "b", "y");
    struct strbuf out = strbuf_start(arena);
    json_each(object, note_name, &out);
    assert_string_equal(out.data, "b=\"y\" a=9223372036854775807 c=false d=null e=[\"1\",{}] f=[7] ");
}

/* --- the writer --- */

static void json_writer__writes_times_as_iso_8601(void **state)
{
    (void)state;
    struct json_writer writer = json_writer_start(arena);
    json_open_array(&writer, NULL);
    json_write_time(&writer, NULL, 0);
    json_write_time(&writer, NULL, 1795327257);
    json_close_array(&writer);
    assert_string_equal(writer.text.data, "[\"1970-01-01T00:00:00Z\",\"2026-11-22T06:00:57Z\"]");
}

static void json_writer__writes_what_the_parser_reads_back(void **state)
{
    (void)state;
    struct json_writer writer = json_writer_start(arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "quo\"te", "a\"b\\c/\n\x01\x1f</x>\xc3\xa4");
    json_write_text(&writer, "absent", NULL);
    json_write_integer(&writer, "n", INT64_MIN);
    json_write_boolean(&writer, "t", true);
    json_write_null(&writer, "z");
    json_open_array(&writer, "list");
    json_open_object(&writer, NULL);
    json_close_object(&writer);
    json_write_text(&writer, NULL, "");
    json_close_array(&writer);
    json_write_words(&writer, "words", " a  b\"c ", ' ');
    json_write_words(&writer, "none", NULL, ' ');
    json_write_value(&writer, "value", parse("[1.50]"));
    json_close_object(&writer);
    assert_string_equal(
        writer.text.data,
        "{\"quo\\\"te\":\"a\\\"b\\\\c/\\u000a\\u0001\\u001f</x>\xc3\xa4\",\"n\":-9223372036854775808,"
        "\"t\":true,\"z\":null,\"list\":[{},\"\"],\"words\":[\"a\",\"b\\\"c\"],\"none\":[],"
        "\"value\":[1.50]}");
    assert_string_equal(json_member_text(parse(writer.text.data), "quo\"te"),
                        "a\"b\\c/\n\x01\x1f</x>\xc3\xa4");
}

/* Every cut of a document and every byte exchanged: taken or refused with a reason, never worse. */
static void json__survives_mutilated_documents(void **state)
{
    static const char whole[] = "{\"a\":[1,-2.5e3,true,null,\"x\\u00e4\\ud83d\\ude00\"],\"b\":{\"c\":{}}}";
    static const char replacements[] = "{}[]\":,\\u0\xff\n e";
    (void)state;
    for (size_t length = 0; length < sizeof(whole) - 1; length++) {
        for (size_t i = 0; i < sizeof(replacements) - 1; i++) {
            struct arena *small = arena_make(64 * 1024);
            const char *error = NULL;
            char *text = arena_strndup(small, whole, sizeof(whole) - 1);
            text[length] = replacements[i];
            struct json *value = json_parse(small, text, sizeof(whole) - 1, &error);
            assert_true(value || error);
            value = json_parse(small, whole, length, &error);
            assert_true(!value && error);
            arena_destroy(small);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(json__refuses_what_json_c_lets_through),
        TEST(json__refuses_nesting_beyond_its_limit),
        TEST(json__reads_a_bare_value_to_its_last_byte),
        TEST(json__takes_colons_quotes_and_pairs_in_strings_for_what_they_are),
        TEST(json__seconds_may_have_a_fraction_and_must_be_a_number_that_is_a_time),
        TEST(json__getters_never_convert),
        TEST(json__prints_numbers_as_they_were_written),
        TEST(json__builds_trees_in_order),
        TEST(json_writer__writes_times_as_iso_8601),
        TEST(json_writer__writes_what_the_parser_reads_back),
        TEST(json__survives_mutilated_documents),
    };
    return UNIT_RUN(tests);
}
