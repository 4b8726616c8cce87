/* The memory of documents: for how long, which ones, and how much of it. The time is the test's. */
#include "unit.h"

#include "net/documents.h"

static struct arena *arena;
static struct documents *documents;

enum { NOW = 1000 * 1000 * 1000 };

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(64 << 20);
    documents = documents_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    documents_free(documents);
    arena_destroy(arena);
    return 0;
}

static enum http_result keep(const char *url, int64_t now_ms, enum http_result result, int status,
                             const char *headers, struct bytes body)
{
    const struct http_answer answer = { status, body, headers, result == HTTP_ANSWERED ? "" : "unreachable" };
    struct document document;
    return documents_keep(documents, arena, url, now_ms, result, &answer, &document);
}

static void keep_good(const char *url, int64_t now_ms, const char *headers, const char *body)
{
    assert_int_equal(keep(url, now_ms, HTTP_ANSWERED, 200, headers,
                          (struct bytes) { (const unsigned char *)body, strlen(body) }),
                     HTTP_ANSWERED);
}

/* The document, its error, or NULL when it has to be fetched. */
static const char *find(const char *url, int64_t newer_than_ms, int64_t now_ms)
{
    enum http_result result;
    struct document document;
    if (!documents_find(documents, arena, url, newer_than_ms, now_ms, &result, &document))
        return NULL;
    assert_int_equal(result == HTTP_ANSWERED, document.error[0] == '\0');
    return result == HTTP_ANSWERED ? (const char *)document.body.data : document.error;
}

static void lasts(const char *headers, int64_t lifetime_ms)
{
    keep_good("https://a.example/", NOW, headers, "text");
    assert_string_equal(find("https://a.example/", 0, NOW + lifetime_ms - 1), "text");
    assert_null(find("https://a.example/", 0, NOW + lifetime_ms));
}

static void documents__it_lasts_as_long_as_it_says_within_bounds(void **state)
{
    (void)state;
    lasts("HTTP/1.1 200 OK\r\nCache-Control: public, Max-Age=3600\r\n\r\n", 3600 * 1000);
    lasts("Cache-Control: max-age=1\r\n", DOCUMENT_LEAST_MS);
    lasts("Cache-Control: no-store\r\n", DOCUMENT_LEAST_MS);
    lasts("Cache-Control: max-age=999999999\r\n", DOCUMENT_MOST_MS);
    lasts("Cache-Control: max-age=99999999999999999999\r\n", DOCUMENT_DEFAULT_MS);
    lasts("Cache-Control: max-age=-5\r\n", DOCUMENT_DEFAULT_MS);
    lasts("HTTP/1.1 200 OK\r\n\r\n", DOCUMENT_DEFAULT_MS);
}

static void documents__only_the_same_url_is_the_same(void **state)
{
    (void)state;
    keep_good("https://a.example/", NOW, "", "a");
    assert_null(find("https://a.example/?", 0, NOW));
    assert_null(find("https://A.example/", 0, NOW));
}

static void documents__a_newer_one_is_fetched_but_not_without_end(void **state)
{
    const char *url = "https://a.example/keys";
    (void)state;
    keep_good(url, NOW, "Cache-Control: max-age=86400", "old");
    /* T-56: whoever shows unknown keys all the time makes us fetch once in ten seconds */
    assert_string_equal(find(url, NOW - 1, NOW + 5), "old");
    assert_null(find(url, NOW, NOW + 5));
    keep_good(url, NOW + 5, "", "new");
    assert_string_equal(find(url, NOW, NOW + 5), "new");
    assert_string_equal(find(url, NOW + 5, NOW + 5 + DOCUMENT_YOUNG_MS - 1), "new");
    assert_null(find(url, NOW + 5, NOW + 5 + DOCUMENT_YOUNG_MS));
}

static void documents__a_failure_is_believed_for_some_seconds(void **state)
{
    const char *url = "https://a.example/";
    (void)state;
    assert_int_equal(keep(url, NOW, HTTP_FAILED, 0, "", (struct bytes) { NULL, 0 }), HTTP_FAILED);
    assert_string_equal(find(url, 0, NOW + DOCUMENT_FAILURE_MS - 1), "unreachable");
    assert_null(find(url, 0, NOW + DOCUMENT_FAILURE_MS));
    assert_int_equal(keep(url, NOW, HTTP_ANSWERED, 404, "", (struct bytes) { NULL, 0 }), HTTP_FAILED);
    assert_string_equal(find(url, 0, NOW), "the answer was 404");
    assert_int_equal(keep(url, NOW, HTTP_REFUSED, 0, "", (struct bytes) { NULL, 0 }), HTTP_REFUSED);
    keep_good(url, NOW, "", "good");
    assert_string_equal(find(url, 0, NOW), "good");
}

static void documents__a_failed_look_for_a_newer_one_takes_nothing_away(void **state)
{
    const char *url = "https://a.example/";
    int64_t later = NOW + DOCUMENT_YOUNG_MS;
    (void)state;
    keep_good(url, NOW, "", "good");
    keep(url, later, HTTP_FAILED, 0, "", (struct bytes) { NULL, 0 });
    assert_string_equal(find(url, 0, later), "good");
    assert_string_equal(find(url, NOW, later), "unreachable");
    assert_null(find(url, NOW, later + DOCUMENT_FAILURE_MS));
}

static void documents__a_clock_that_was_set_back_makes_all_old(void **state)
{
    (void)state;
    keep_good("https://a.example/", NOW, "", "a");
    assert_null(find("https://a.example/", 0, NOW - 1));
}

static const char *numbered(int number)
{
    return arena_printf(arena, "https://%d.example/", number);
}

static void documents__T56_their_number_is_bounded_and_the_longest_unused_goes(void **state)
{
    (void)state;
    for (int i = 0; i < DOCUMENTS_MAX; i++)
        keep_good(numbered(i), NOW, "", "text");
    assert_non_null(find(numbered(0), 0, NOW));
    keep_good("https://one.more.example/", NOW, "", "text");
    assert_non_null(find(numbered(0), 0, NOW));
    assert_null(find(numbered(1), 0, NOW));
    assert_non_null(find("https://one.more.example/", 0, NOW));
}

static void documents__T56_their_bytes_are_bounded(void **state)
{
    const struct bytes large = { arena_alloc(arena, DOCUMENT_BYTES), DOCUMENT_BYTES };
    int fitting = DOCUMENTS_MAX_BYTES / DOCUMENT_BYTES;
    int64_t found = 0;
    (void)state;
    for (int i = 0; i < 2 * fitting; i++) {
        keep(numbered(i), NOW, HTTP_ANSWERED, 200, "", large);
        keep(numbered(i), NOW, HTTP_ANSWERED, 200, "", large); /* in its own place */
    }
    for (int i = 0; i < 2 * fitting; i++)
        found += find(numbered(i), 0, NOW) != NULL;
    assert_int_equal(found, fitting);
    assert_non_null(find(numbered(2 * fitting - 1), 0, NOW));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(documents__it_lasts_as_long_as_it_says_within_bounds),
        TEST(documents__only_the_same_url_is_the_same),
        TEST(documents__a_newer_one_is_fetched_but_not_without_end),
        TEST(documents__a_failure_is_believed_for_some_seconds),
        TEST(documents__a_failed_look_for_a_newer_one_takes_nothing_away),
        TEST(documents__a_clock_that_was_set_back_makes_all_old),
        TEST(documents__T56_their_number_is_bounded_and_the_longest_unused_goes),
        TEST(documents__T56_their_bytes_are_bounded),
    };
    return UNIT_RUN(tests);
}
