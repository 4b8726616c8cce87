/* test_text.c: numbers, words and UTF-8 read strictly, and the encodings. */
#include "core/encode.h"
#include "core/text.h"
#include "with_arena.h"

static void text__compares_bytes_and_null(void **state)
{
    (void)state;
    assert_true(text_equal("a", "a"));
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal("a", NULL));
    assert_false(text_equal("a", "A"));
    assert_true(text_equal_ascii_case("aB-", "Ab-"));
    assert_false(text_equal_ascii_case("ab", "abc"));
    assert_false(text_equal_ascii_case("\xc3\xa4", "\xc3\x84"));
    assert_false(text_equal_ascii_case("@", "`"));
    assert_true(text_starts("abc", "ab"));
    assert_false(text_starts("a", "ab"));
    assert_true(text_ends("abc", "bc"));
    assert_false(text_ends("c", "bc"));
    assert_true(text_empty(NULL) && text_empty("") && !text_empty(" "));
}

static void text__reads_a_number_only_when_all_of_it_is_one(void **state)
{
    static const char *const bad[] = { "",
                                       "-",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "1.0",
                                       "0x1",
                                       "1e3",
                                       "--1",
                                       "12a",
                                       "１",
                                       "9223372036854775808",
                                       "-9223372036854775809" };
    int64_t value;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(text_to_int(bad[i], INT64_MIN, INT64_MAX, &value));
    assert_false(text_to_int(NULL, 0, 1, &value));
    assert_true(text_to_int("-9223372036854775808", INT64_MIN, INT64_MAX, &value) && value == INT64_MIN);
    assert_true(text_to_int("9223372036854775807", INT64_MIN, INT64_MAX, &value) && value == INT64_MAX);
    assert_true(text_to_int("5", 5, 5, &value) && value == 5);
    assert_false(text_to_int("4", 5, 5, &value));
    assert_false(text_to_int("6", 5, 5, &value));
}

static void text__reads_durations_and_sizes_with_one_unit(void **state)
{
    static const char *const bad[] = { "",
                                       "s",
                                       "1w",
                                       "1 s",
                                       "-1s",
                                       "1ss",
                                       "1.5h",
                                       "1h30m",
                                       "9223372036854775807d",
                                       "99999999999999999999999999s" };
    int64_t value;
    (void)state;
    assert_true(text_to_duration("90", &value) && value == 90);
    assert_true(text_to_duration("30s", &value) && value == 30);
    assert_true(text_to_duration("10m", &value) && value == 600);
    assert_true(text_to_duration("1h", &value) && value == 3600);
    assert_true(text_to_duration("30d", &value) && value == 2592000);
    assert_true(text_to_size("64k", &value) && value == 65536);
    assert_true(text_to_size("2m", &value) && value == 2097152);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(text_to_duration(bad[i], &value));
        assert_false(text_to_size(bad[i], &value));
    }
    assert_false(text_to_duration("1k", &value));
    assert_false(text_to_size("1d", &value));
}

static void text__finds_whole_words_of_a_list_only(void **state)
{
    const char *cursor = "  a  bc d ", *word;
    size_t length, count = 0;
    (void)state;
    while (text_next_word(&cursor, ' ', &word, &length))
        count += length;
    assert_int_equal(count, 4);
    assert_true(text_has_word("openid profile", ' ', "profile"));
    assert_false(text_has_word("openid profile", ' ', "pro"));
    assert_false(text_has_word("openid profile", ' ', "openid profile"));
    assert_false(text_has_word("openid profile", ' ', ""));
    assert_false(text_has_word("", ' ', ""));
    assert_false(text_has_word(NULL, ' ', "a"));
}

static void text__trims_and_lowers_ascii_only(void **state)
{
    (void)state;
    assert_string_equal(text_trim(arena, " \t a b\r\n"), "a b");
    assert_string_equal(text_trim(arena, "   "), "");
    assert_string_equal(text_trim(arena, "\xc2\xa0x"), "\xc2\xa0x");
    assert_string_equal(text_lower(arena, "AbZ\xc3\x84"), "abz\xc3\x84");
}

static void text__refuses_every_ill_formed_utf8(void **state)
{
    static const char *const good[] = { "",
                                        "abc",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf" };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xc2",
        "\xc2\x7f",
        "\xc2\xc0",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xe2\x82",
        "\xe2\x82\x28",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf0\x9f\x98",
        "\xf0\x9f\x98\x28",
        "\xfe",
        "\xff",
        "a\xe9z",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
    assert_false(text_is_utf8("a\0b", 3));
}

static void text__takes_visible_ascii_only_as_printable(void **state)
{
    (void)state;
    assert_true(text_is_printable(" ~aZ"));
    assert_false(text_is_printable("\t"));
    assert_false(text_is_printable("\x7f"));
    assert_false(text_is_printable("\xc3\xa4"));
}

static void text__measures_how_far_two_names_are_apart(void **state)
{
    (void)state;
    assert_int_equal(text_distance("issuer", "issuer"), 0);
    assert_int_equal(text_distance("isuer", "issuer"), 1);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    char *length = arena_alloc(arena, 200);
    memset(length, 'a', 199);
    assert_int_equal(text_distance(length, "a"), 63);
}

/* --- encodings --- */

static void encode__base64url_is_that_of_rfc_4648_without_padding(void **state)
{
    static const struct {
        const char *plain, *url, *padded;
    } cases[] = { { "", "", "" },
                  { "f", "Zg", "Zg==" },
                  { "fo", "Zm8", "Zm8=" },
                  { "foo", "Zm9v", "Zm9v" },
                  { "foob", "Zm9vYg", "Zm9vYg==" },
                  { "\xfb\xff\xfe", "-__-", "+//+" } };
    struct bytes bytes;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t length = strlen(cases[i].plain);
        assert_string_equal(base64url_encode(arena, cases[i].plain, length), cases[i].url);
        assert_string_equal(base64_encode(arena, cases[i].plain, length), cases[i].padded);
        assert_true(base64url_decode(arena, cases[i].url, strlen(cases[i].url), &bytes));
        assert_int_equal(bytes.length, length);
        assert_memory_equal(bytes.data, cases[i].plain, length + 1);
        assert_true(base64_decode(arena, cases[i].padded, strlen(cases[i].padded), &bytes));
        assert_int_equal(bytes.length, length);
    }
}

static void encode__decoders_take_one_spelling_only(void **state)
{
    static const char *const bad_url[] = { "Z",    "Zg==", "Zh",   "Zm9", "Zm8=",
                                           "+__-", "/w",   "Zg\n", "Z g", "\xc3\xa4" };
    static const char *const bad_plain[] = { "Zg",       "Zh==",     "Zg=",  "=",     "====", "Z===",
                                             "Zm9v====", "Zg==Zg==", "-__-", "Zg=\n", "ab=c" };
    struct bytes bytes;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_url); i++)
        assert_false(base64url_decode(arena, bad_url[i], strlen(bad_url[i]), &bytes));
    for (size_t i = 0; i < ARRAY_SIZE(bad_plain); i++)
        assert_false(base64_decode(arena, bad_plain[i], strlen(bad_plain[i]), &bytes));
    assert_false(base64url_decode(arena, "Z\0AA", 4, &bytes));
}

static void encode__every_byte_comes_back(void **state)
{
    unsigned char all[256], back[256];
    struct bytes bytes;
    (void)state;
    for (size_t i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    const char *text = base64url_encode(arena, all, sizeof(all));
    assert_true(base64url_decode(arena, text, strlen(text), &bytes));
    assert_memory_equal(bytes.data, all, sizeof(all));
    assert_true(hex_decode(hex_encode(arena, all, sizeof(all)), back, sizeof(back)));
    assert_memory_equal(back, all, sizeof(all));
}

static void encode__hex_and_uuid_have_one_length(void **state)
{
    unsigned char id[16], two[2];
    (void)state;
    assert_true(hex_decode("0aFf", two, 2) && two[0] == 0x0a && two[1] == 0xff);
    assert_false(hex_decode("0aFf0", two, 2));
    assert_false(hex_decode("0aF", two, 2));
    assert_false(hex_decode("0aFg", two, 2));
    const char *text = "01234567-89ab-cdef-0123-456789abcdef";
    assert_true(uuid_decode(text, id));
    assert_string_equal(uuid_encode(arena, id), text);
    assert_false(uuid_decode("01234567-89AB-cdef-0123-456789abcdef", id));
    assert_false(uuid_decode("0123456789ab-cdef-0123-456789abcdef", id));
    assert_false(uuid_decode("01234567-89ab-cdef-0123-456789abcde", id));
    assert_false(uuid_decode("{1234567-89ab-cdef-0123-456789abcde}", id));
    assert_false(uuid_decode("", id));
}

static void encode__percent_keeps_unreserved_characters_only(void **state)
{
    char *text;
    (void)state;
    assert_string_equal(percent_encode(arena, "aZ9-._~ &=+%/\xc3\xa4"), "aZ9-._~%20%26%3D%2B%25%2F%C3%A4");
    assert_true(percent_decode(arena, "a+b%2Bc%c3%a4", 13, true, &text));
    assert_string_equal(text, "a b+c\xc3\xa4");
    assert_true(percent_decode(arena, "a+b", 3, false, &text));
    assert_string_equal(text, "a+b");
}

static void encode__percent_decoding_refuses_nul_and_ill_formed_text(void **state)
{
    static const char *const bad[] = { "%",   "%4",  "a%4",    "%zz",       "%4g",
                                       "%00", "%ff", "%c0%af", "%ed%a0%80", "%u0041" };
    char *text;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(percent_decode(arena, bad[i], strlen(bad[i]), true, &text));
    assert_false(percent_decode(arena, "a\0b", 3, true, &text));
    assert_false(percent_decode(arena, "%41", 2, true, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text__compares_bytes_and_null),
        TEST(text__reads_a_number_only_when_all_of_it_is_one),
        TEST(text__reads_durations_and_sizes_with_one_unit),
        TEST(text__finds_whole_words_of_a_list_only),
        TEST(text__trims_and_lowers_ascii_only),
        TEST(text__refuses_every_ill_formed_utf8),
        TEST(text__takes_visible_ascii_only_as_printable),
        TEST(text__measures_how_far_two_names_are_apart),
        TEST(encode__base64url_is_that_of_rfc_4648_without_padding),
        TEST(encode__decoders_take_one_spelling_only),
        TEST(encode__every_byte_comes_back),
        TEST(encode__hex_and_uuid_have_one_length),
        TEST(encode__percent_keeps_unreserved_characters_only),
        TEST(encode__percent_decoding_refuses_nul_and_ill_formed_text),
    };
    return UNIT_RUN(tests);
}
