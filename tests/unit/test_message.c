/* test_message.c: a mail as bytes: what comes from outside stays inside its header or part. */
#include "core/encode.h"
#include "core/text.h"
#include "net/message.h"
#include "with_arena.h"

static const struct message usual = {
    .from = "accounts@example.org",
    .from_name = "Example",
    .to = "ada@example.org",
    .subject = "Your link",
    .text = "Hello\n",
    .html = "<p>Hello</p>\n",
    .language = "en",
    .kind = "magic_link",
    .id = "0123abcd",
    .id_host = "id.example.org",
    .now = 1700000000,
};

static const char *composed(const struct message *message)
{
    struct strbuf out = strbuf_start(arena);
    const char *error;
    return message_compose(arena, message, &out, &error) ? out.data : NULL;
}

static void assert_holds(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("no \"%s\" in:\n%s", part, text ? text : "(nothing)");
}

static void message__has_all_headers_and_both_parts(void **state)
{
    (void)state;
    const char *text = composed(&usual);
    assert_true(text_starts(text, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
    assert_holds(text, "\r\nFrom: \"Example\"\r\n <accounts@example.org>\r\n");
    assert_holds(text, "\r\nTo: <ada@example.org>\r\n");
    assert_holds(text, "\r\nSubject: Your link\r\n");
    assert_holds(text, "\r\nMessage-ID: <0123abcd@id.example.org>\r\n");
    assert_holds(text, "\r\nAuto-Submitted: auto-generated\r\n");
    assert_holds(text, "\r\nX-Doorward-Mail: magic_link\r\n");
    assert_holds(text, "\r\nContent-Language: en\r\n");
    assert_holds(text, "Content-Type: text/plain; charset=utf-8\r\n");
    assert_holds(text, "Content-Type: text/html; charset=utf-8\r\n");
    assert_true(strstr(text, "text/plain") < strstr(text, "text/html"));
    assert_true(text_ends(text, "\r\n--=_0123abcd--\r\n"));
}

/* abuse 71, T-64: header injection. */
static void message__control_characters_in_a_header_are_refused(void **state)
{
    static const char *const injections[] = { "a\r\nBcc: x@example.org", "a\nBcc: x@example.org", "a\rb",
                                              "a\tb", "a\x7f" };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(injections); i++) {
        struct message subject = usual, name = usual, to = usual, from = usual, kind = usual;
        subject.subject = name.from_name = kind.kind = injections[i];
        to.to = from.from = arena_printf(arena, "ada@example.org%s", injections[i] + 1);
        assert_null(composed(&subject));
        assert_null(composed(&name));
        assert_null(composed(&to));
        assert_null(composed(&from));
        assert_null(composed(&kind));
    }
}

static void message__an_address_is_one_address(void **state)
{
    static const char *const good[] = { "a@b",
                                        "ada.b+c@example.org",
                                        "j\xc3\xb6rg@xn--bcher-kva.example",
                                        "-f@example.org",
                                        "o'hara@example.org",
                                        "a@127.0.0.1" };
    static const char *const bad[] = {
        "",      "a",       "@b",          "a@",     "a,b@c",       "a b@c",   "<a@b>", "a>@b",
        "a@b>",  "a@b,c@d", "\"a\"@b",     "a..b@c", ".a@b",        "a.@b",    "a@.b",  "a@-b",
        "a@b c", "a@b@c",   "a@b\xc3\xb6", "a(x)@b", "a@[1.2.3.4]", "a\xff@b", "a:b@c", "a;b@c"
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(message_address_is_plain(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (message_address_is_plain(bad[i]))
            fail_msg("%s is taken", bad[i]);
    char *local = arena_alloc(arena, 70);
    memset(local, 'a', 64);
    assert_true(message_address_is_plain(arena_printf(arena, "%s@b", local)));
    local[64] = 'a';
    assert_false(message_address_is_plain(arena_printf(arena, "%s@b", local)));
}

/* RFC 2047 §2: 75 bytes a word, 76 a line, whole characters. */
static void message__a_long_or_foreign_subject_is_encoded_words(void **state)
{
    struct message message = usual;
    struct strbuf subject = strbuf_start(arena), decoded = strbuf_start(arena);
    (void)state;
    for (int i = 0; i < 60; i++)
        strbuf_add_text(&subject, i % 2 ? "\xc3\xa4" : "\xf0\x9f\x94\x91");
    message.subject = subject.data;
    const char *text = composed(&message), *at = strstr(text, "Subject: ");
    const char *end = strstr(at, "\r\nMessage-ID");
    for (const char *line = at; line < end; line = strstr(line, "\r\n") + 2)
        assert_true(strcspn(line, "\r") <= 76);
    for (at = strstr(at, "=?UTF-8?B?"); at && at < end; at = strstr(at, "=?UTF-8?B?")) {
        struct bytes word;
        at += strlen("=?UTF-8?B?");
        assert_true(base64_decode(arena, at, strcspn(at, "?"), &word));
        assert_true(text_is_utf8((const char *)word.data, word.length));
        strbuf_add(&decoded, word.data, word.length);
    }
    assert_string_equal(subject.data, decoded.data);
}

static void message__what_looks_like_an_encoded_word_is_encoded(void **state)
{
    struct message message = usual;
    (void)state;
    message.subject = "=?UTF-8?B?QQ==?=";
    message.from_name = "A \"B\" <c@d>";
    const char *text = composed(&message);
    assert_null(strstr(text, "Subject: =?UTF-8?B?QQ==?=\r\n"));
    assert_null(strstr(text, "<c@d>"));
    message.from_name = "";
    assert_holds(composed(&message), "\r\nFrom: <accounts@example.org>\r\n");
}

/* What a reader's program makes of quoted-printable (RFC 2045 §6.7). */
static const char *decode_part(const char *text, const char *type)
{
    struct strbuf out = strbuf_start(arena);
    const char *at = strstr(strstr(text, type), "\r\n\r\n") + 4, *end = strstr(at, "\r\n--=_");
    while (at < end) {
        char byte;
        if (at[0] == '=' && at[1] == '\r') {
            at += 3;
        } else if (at[0] == '=') {
            assert_true(hex_decode(arena_strndup(arena, at + 1, 2), (unsigned char *)&byte, 1));
            strbuf_add_char(&out, byte);
            at += 3;
        } else {
            strbuf_add_char(&out, *at++);
        }
    }
    return out.data;
}

/* A link of 700 bytes comes out whole (abuse 71). */
static void message__long_lines_are_folded_and_come_out_whole(void **state)
{
    struct message message = usual;
    struct strbuf link = strbuf_start(arena);
    (void)state;
    strbuf_add_text(&link, "https://id.example.org/reset-password?token=");
    for (int i = 0; i < 700; i++)
        strbuf_add_char(&link, "abc=_-.3"[i % 8]);
    message.text = arena_printf(arena, "Gr\xc3\xbcner \n%s\n.\n.dots\nFrom here\n\n", link.data);
    const char *text = composed(&message);
    for (const char *line = text; *line; line = strstr(line, "\r\n") + 2) {
        assert_true(strcspn(line, "\r\n") <= 76);
        assert_true(line[0] != '.' && !text_starts(line, "From h"));
    }
    assert_string_equal(
        arena_printf(arena, "Gr\xc3\xbcner \r\n%s\r\n.\r\n.dots\r\nFrom here\r\n\r\n", link.data),
        decode_part(text, "text/plain"));
}

static void message__a_text_can_neither_end_its_part_nor_a_line(void **state)
{
    struct message message = usual;
    (void)state;
    message.text = "x\r\n--=_0123abcd--\r\n\rBcc: y\n\n\n--=_0123abcd\nContent-Type: text/html\n";
    const char *text = composed(&message);
    size_t boundaries = 0;
    for (const char *at = text; (at = strstr(at, "--=_0123abcd")); at++)
        boundaries++;
    assert_int_equal(3, boundaries);
    for (const char *at = text; *at; at++)
        assert_true((*at != '\r' || at[1] == '\n') && (*at != '\n' || at[-1] == '\r'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(message__has_all_headers_and_both_parts),
        TEST(message__control_characters_in_a_header_are_refused),
        TEST(message__an_address_is_one_address),
        TEST(message__a_long_or_foreign_subject_is_encoded_words),
        TEST(message__what_looks_like_an_encoded_word_is_encoded),
        TEST(message__long_lines_are_folded_and_come_out_whole),
        TEST(message__a_text_can_neither_end_its_part_nor_a_line),
    };
    return UNIT_RUN(tests);
}
