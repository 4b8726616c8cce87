/* What a process and the egress process say to each other, and what none of them believes. */
#include "with_arena.h"

#include "net/frame.h"

static const char *const headers[] = { "Accept: application/json", "Authorization: Bearer x", NULL };

static const struct ask full_ask = {
    .newer_than_ms = 5,
    .until_ms = 1234567890123,
    .request = { .url = "https://a.example/token",
                 .headers = headers,
                 .content_type = "application/x-www-form-urlencoded",
                 .method = "DELETE",
                 .body = { (const unsigned char *)"a=\0b", 4 },
                 .answer_limit = FRAME_BODY_MAX,
                 .connect_limit_ms = 3000,
                 .limit_ms = 8000 },
};

static const struct reply full_reply = {
    .result = HTTP_FAILED,
    .answer = { .status = 503,
                .body = { (const unsigned char *)"\0\1", 2 },
                .headers = "a: b\r\n",
                .error = "no" },
    .fetched_ms = 77,
};

static struct bytes behind_head(struct bytes frame)
{
    return (struct bytes) { frame.data + FRAME_HEAD, frame.length - FRAME_HEAD };
}

static void frame__an_ask_comes_as_it_went(void **state)
{
    struct bytes frame = frame_of_ask(arena, &full_ask);
    struct ask ask;
    (void)state;
    assert_int_equal(frame_length(frame.data, FRAME_ASK_MAX), frame.length - FRAME_HEAD);
    assert_true(frame_read_ask(arena, behind_head(frame), &ask));
    assert_false(ask.is_document);
    assert_int_equal(ask.newer_than_ms, 5);
    assert_int_equal(ask.until_ms, 1234567890123);
    assert_string_equal(ask.request.url, full_ask.request.url);
    assert_string_equal(ask.request.headers[0], headers[0]);
    assert_string_equal(ask.request.headers[1], headers[1]);
    assert_null(ask.request.headers[2]);
    assert_string_equal(ask.request.content_type, full_ask.request.content_type);
    assert_string_equal(ask.request.method, "DELETE");
    assert_int_equal(ask.request.body.length, 4);
    assert_memory_equal(ask.request.body.data, "a=\0b", 4);
    assert_int_equal(ask.request.answer_limit, FRAME_BODY_MAX);
    assert_int_equal(ask.request.connect_limit_ms, 3000);
    assert_int_equal(ask.request.limit_ms, 8000);
}

static void frame__what_is_not_given_stays_away(void **state)
{
    const struct ask plain = { .is_document = true, .request = { .url = "https://a.example/" } };
    struct ask ask;
    (void)state;
    assert_true(frame_read_ask(arena, behind_head(frame_of_ask(arena, &plain)), &ask));
    assert_true(ask.is_document);
    assert_null(ask.request.content_type);
    assert_null(ask.request.method);
    assert_null(ask.request.headers[0]);
    assert_int_equal(ask.request.body.length, 0);
}

static void frame__a_reply_comes_as_it_went(void **state)
{
    struct bytes frame = frame_of_reply(arena, &full_reply);
    struct reply reply;
    (void)state;
    assert_true(frame_read_reply(behind_head(frame), &reply));
    assert_int_equal(reply.result, HTTP_FAILED);
    assert_int_equal(reply.answer.status, 503);
    assert_int_equal(reply.fetched_ms, 77);
    assert_int_equal(reply.answer.body.length, 2);
    assert_string_equal(reply.answer.headers, "a: b\r\n");
    assert_string_equal(reply.answer.error, "no");
}

static void frame__a_length_beyond_the_limit_is_none(void **state)
{
    const unsigned char zero[FRAME_HEAD] = { 0 }, huge[FRAME_HEAD] = { 255, 255, 255, 255 };
    (void)state;
    assert_int_equal(frame_length(zero, FRAME_ASK_MAX), 0);
    assert_int_equal(frame_length(huge, FRAME_ASK_MAX), 0);
}

/* A copy of its own, so that a sanitizer sees a byte read too far. */
static bool reads(const unsigned char *data, size_t length, bool as_ask)
{
    unsigned char *copy = malloc(length ? length : 1);
    struct ask ask;
    struct reply reply;
    if (length)
        memcpy(copy, data, length);
    const struct bytes frame = { copy, length };
    bool good = as_ask ? frame_read_ask(arena, frame, &ask) : frame_read_reply(frame, &reply);
    free(copy);
    return good;
}

static void each_cut_is_refused(struct bytes frame, bool as_ask)
{
    struct bytes inner = behind_head(frame);
    unsigned char *longer = arena_alloc(arena, inner.length + 1);
    for (size_t length = 0; length < inner.length; length++)
        if (reads(inner.data, length, as_ask))
            fail_msg("%zu of %zu bytes are taken", length, inner.length);
    memcpy(longer, inner.data, inner.length);
    assert_true(reads(longer, inner.length, as_ask));
    assert_false(reads(longer, inner.length + 1, as_ask));
}

static void frame__too_short_and_too_long_are_refused(void **state)
{
    (void)state;
    each_cut_is_refused(frame_of_ask(arena, &full_ask), true);
    each_cut_is_refused(frame_of_reply(arena, &full_reply), false);
}

/* Each number of it in turn: a count or a length that is a lie. */
static void frame__a_number_that_lies_reads_nothing_beyond_the_end(void **state)
{
    static const int64_t lies[] = { -1, INT64_MIN, INT64_MAX, 1 << 20, (int64_t)1 << 32, 33 };
    struct bytes inner = behind_head(frame_of_ask(arena, &full_ask));
    unsigned char *bent = arena_alloc(arena, inner.length);
    (void)state;
    for (size_t at = 0; at + sizeof(int64_t) <= inner.length; at++)
        for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
            memcpy(bent, inner.data, inner.length);
            memcpy(bent + at, &lies[i], sizeof(lies[i]));
            (void)reads(bent, inner.length, true);
            (void)reads(bent, inner.length, false);
        }
}

static void frame__a_string_holds_no_nul(void **state)
{
    struct bytes inner = behind_head(frame_of_ask(arena, &full_ask));
    unsigned char *bent = arena_alloc(arena, inner.length);
    (void)state;
    memcpy(bent, inner.data, inner.length);
    unsigned char *url = memmem(bent, inner.length, "https://a.example/", 18);
    assert_non_null(url);
    url[10] = '\0';
    assert_false(reads(bent, inner.length, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frame__an_ask_comes_as_it_went),
        TEST(frame__what_is_not_given_stays_away),
        TEST(frame__a_reply_comes_as_it_went),
        TEST(frame__a_length_beyond_the_limit_is_none),
        TEST(frame__too_short_and_too_long_are_refused),
        TEST(frame__a_number_that_lies_reads_nothing_beyond_the_end),
        TEST(frame__a_string_holds_no_nul),
    };
    return UNIT_RUN(tests);
}
