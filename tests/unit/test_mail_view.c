/* test_mail_view.c: every mail in every language, what comes from people in them, and what goes out when
 * templates are broken. */
#include "folder.h"

#include "core/encode.h"
#include "core/text.h"
#include "domain/login/challenge.h"
#include "pages/contract.h"
#include "pages/mail_view.h"
#include "pages/preview.h"

#define SERVICE "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

struct fixture {
    struct arena *arena;
    const char *own;
    struct settings settings;
    struct context context;
};

static int set_up(void **state)
{
    const char *source = getenv("srcdir");
    struct arena *arena = arena_make(32 << 20);
    struct fixture *fixture = arena_alloc(arena, sizeof *fixture);
    fixture->arena = arena;
    fixture->own = folder_make(arena);
    fixture->settings.issuer = "https://sso.example.org/auth";
    fixture->settings.template_directory = fixture->own;
    fixture->settings.default_template_directory =
        arena_printf(arena, "%s/templates", source == NULL ? "." : source);
    fixture->context = (struct context) { .arena = arena, .settings = &fixture->settings, .now_ms = 1000000 };
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    folder_remove(fixture->own);
    arena_destroy(fixture->arena);
    return 0;
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
}

static struct json *variables(struct fixture *fixture, const char *text)
{
    const char *error;
    struct json *parsed = json_parse(fixture->arena, text, strlen(text), &error);
    assert_non_null(parsed);
    return parsed;
}

static struct mail_shown shown(struct fixture *fixture, const char *template, const char *json)
{
    struct mail_wanted wanted = { template, NULL, "en", variables(fixture, json) };
    struct mail_shown shown;
    mail_view_render(&fixture->context, &wanted, &shown);
    return shown;
}

/* --- the shipped ones --- */

struct walk {
    struct fixture *fixture;
    const char *mail, *language;
    size_t states;
};

static const char *preview_of(struct arena *arena, const struct walk *walk, const char *state, bool text)
{
    struct preview preview = { .page = walk->mail, .state = state, .language = walk->language, .text = text };
    const char *error;
    const char *rendered = preview_render(arena, &walk->fixture->settings, &preview, &error);
    if (rendered == NULL)
        fail_msg("%s in state %s: %s", walk->mail, state, error);
    return rendered;
}

static void check_state(const char *state, struct json *sample, void *context)
{
    static const char *const said[] = { "link", "pin", "new_email" };
    struct walk *walk = context;
    struct arena *arena = arena_make(16 << 20); /* of each state alone: there are many */
    const char *html = preview_of(arena, walk, state, false), *text = preview_of(arena, walk, state, true);
    assert_holds(html, arena_printf(arena, "<html lang=\"%s\" dir=\"ltr\">", walk->language));
    for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
        const char *value = json_member_text(json_member(sample, "mail"), said[i]);
        if (value != NULL) {
            assert_holds(html, value);
            assert_holds(text, value);
        }
    }
    assert_lacks(html, "mail_");
    assert_lacks(text, "mail_");
    assert_lacks(html, "{");
    assert_lacks(text, "{");
    assert_lacks(text, "&");
    assert_lacks(text, "\n\n\n\n");
    arena_destroy(arena);
    walk->states++;
}

static void mails__each_renders_in_each_state_and_language(void **state)
{
    static const char *const languages[] = { "en", "de" };
    struct fixture *fixture = *state;
    const char *error;
    const struct json *samples = preview_samples(fixture->arena, &fixture->settings, &error);
    for (size_t i = 0; contract_mails[i] != NULL; i++) {
        for (size_t l = 0; l < ARRAY_SIZE(languages); l++) {
            struct walk walk = { fixture, contract_mails[i], languages[l], 0 };
            json_each(json_member(samples, contract_mails[i]), check_state, &walk);
            assert_true(walk.states > 0);
        }
    }
}

/* pages.md: no tracking. Nothing is loaded from anywhere, and all links lead to the issuer. */
static void mails__load_nothing_and_lead_nowhere_else(void **state)
{
    struct fixture *fixture = *state;
    const char *html = shown(fixture, "magic_link",
                             "{\"link\": \"https://sso.example.org/auth/x?token=1\", \"pin\": \"123456\","
                             " \"minutes\": 15, \"time\": 0}")
                           .html;
    assert_lacks(html, "<img");
    assert_lacks(html, "<link");
    assert_lacks(html, "<script");
    assert_lacks(html, "url(");
    for (const char *at = html; (at = strstr(at, "http")) != NULL; at++)
        assert_true(text_starts(at, "https://sso.example.org/auth/"));
}

/* Who asked for it stands there in the reader's language, as on the page of sessions. */
static void mails__name_the_browser_in_the_readers_language(void **state)
{
    static const struct {
        const char *language, *variables, *words;
    } cases[] = {
        { "en", "{\"browser\": \"Firefox\", \"system\": \"Windows\"}", "Firefox on Windows" },
        { "de", "{\"browser\": \"Firefox\", \"system\": \"Windows\"}", "Firefox unter Windows" },
        { "de", "{\"browser\": \"Firefox\"}", "Firefox" },
        { "de", "{\"system\": \"Windows\"}", "Windows" },
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct mail_wanted wanted = { "password_changed", NULL, cases[i].language,
                                      variables(fixture, cases[i].variables) };
        struct mail_shown mail;
        mail_view_render(&fixture->context, &wanted, &mail);
        assert_holds(mail.html, arena_printf(fixture->arena, ">%s<", cases[i].words));
        assert_holds(mail.text, arena_printf(fixture->arena, " %s\n", cases[i].words));
    }
}

/* A preview shows what people will read. */
static void mails__samples_last_as_long_as_their_links(void **state)
{
    struct fixture *fixture = *state;
    const char *error;
    const struct json *samples = preview_samples(fixture->arena, &fixture->settings, &error);
    for (int kind = 0; kind < CHALLENGE_KINDS; kind++) {
        if (kind == CHALLENGE_CONNECTION)
            continue; /* waits without a mail */
        const char *mail = arena_printf(fixture->arena, "mail_%s", challenge_kind_name(kind));
        const struct json *sample = json_member(json_member(json_member(samples, mail), "default"), "mail");
        static const struct {
            const char *name;
            int64_t seconds;
        } units[] = { { "minutes", 60 }, { "hours", 3600 }, { "days", 86400 } };
        int64_t lasts_s =
            kind == CHALLENGE_MAGIC_LINK ? challenge_pin_lasts_s(kind) : challenge_lasts_s(kind);
        bool found = false;
        for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
            int64_t told = 0, unit = units[i].seconds;
            if (!json_integer(json_member(sample, units[i].name), &told))
                continue;
            assert_int_equal(told, (lasts_s + unit - 1) / unit);
            found = true;
        }
        if (!found)
            fail_msg("the sample of %s doesn't say how long it lasts", mail);
    }
}

/* --- what comes from people --- */

/* T-64: hostile names are inert in all mails. */
static void mails__hostile_values_are_text_T64(void **state)
{
    static const char hostile[] =
        "{\"name\": \"<script>alert(1)</script>\", \"email\": \"a\\\"'>@example.org\","
        " \"new_email\": \"<img src=x>\\u202e\\r\\nBcc: y@example.org\", \"address\": \"<b>1.2.3.4\","
        " \"browser\": \"<b>Firefox\\n\", \"system\": \"<b>W\\u202e\", \"link\": "
        "\"https://sso.example.org/\\\"onclick=x\", \"pin\": "
        "\"<1>\","
        " \"minutes\": 1, \"hours\": 1, \"time\": 0}";
    struct fixture *fixture = *state;
    for (size_t i = 0; contract_mails[i] != NULL; i++) {
        struct mail_shown mail = shown(fixture, contract_mails[i] + strlen("mail_"), hostile);
        assert_lacks(mail.html, "<script");
        assert_lacks(mail.html, "<img");
        assert_lacks(mail.html, "<b>");
        assert_lacks(mail.html, "\"onclick");
        assert_lacks(mail.html, "\u202e");
        assert_lacks(mail.text, "\u202e");
        assert_lacks(mail.text, "\r");
        assert_lacks(mail.text, "\nBcc");
        assert_null(strpbrk(mail.subject, "\r\n"));
    }
}

/* Whoever registers somebody else's address must not have us deliver a message of theirs. */
static void mails__names_that_look_like_links_are_left_out(void **state)
{
    static const char *const bait[] = { "Win at https://evil.example", "evil.example", "www.evil.example now",
                                        "mail me@evil.example",        "a/b",          "\xe2\x80\xae\nx:y" };
    static const char *const names[] = { "Ada Lovelace", "J. R. R. Tolkien", "Jos\xc3\xa9 O'Neill",
                                         "St. John Jr." };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_SIZE(bait); i++) {
        struct json *model = json_new_object(fixture->arena);
        json_put_text(model, "name", bait[i]);
        assert_lacks(shown(fixture, "test", json_print(fixture->arena, model)).text, "Hello");
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct json *model = json_new_object(fixture->arena);
        json_put_text(model, "name", names[i]);
        assert_holds(shown(fixture, "test", json_print(fixture->arena, model)).text,
                     arena_printf(fixture->arena, "Hello %s,\n", names[i]));
    }
}

static void mails__a_value_is_never_a_template(void **state)
{
    struct fixture *fixture = *state;
    struct mail_shown mail =
        shown(fixture, "test", "{\"name\": \"{{email}} {email} {host}\", \"email\": \"a@b\"}");
    assert_holds(mail.text, "Hello {{email}} {email} {host},");
}

/* --- branding --- */

static void mails__carry_the_brand(void **state)
{
    struct fixture *fixture = *state;
    folder_write(fixture->arena, fixture->own, "text/en.json", "{\"site_name\": \"Acme & Sons\"}");
    folder_write(fixture->arena, fixture->own, "brand.css",
                 ":root { --brand: #123456; --on-brand: #fed; }\n"
                 "@media (prefers-color-scheme: dark) { :root { --brand: #ffffff; } }\n");
    folder_write(fixture->arena, fixture->own, "logo.png", "png");
    struct mail_shown mail =
        shown(fixture, "reset_password", "{\"link\": \"https://sso.example.org/auth/x\", \"minutes\": 60}");
    assert_string_equal(mail.sender, "Acme & Sons");
    assert_string_equal(mail.subject, "Set a new password for Acme & Sons");
    assert_holds(mail.html, "background:#123456;color:#ffeedd");
    assert_holds(mail.html, "alt=\"Acme &amp; Sons\"");
    assert_holds(mail.html, "<img src=\"https://sso.example.org/auth/assets/");
    assert_holds(mail.text, "\nAcme & Sons\n");
}

static void mails__of_a_service_have_its_brand(void **state)
{
    struct fixture *fixture = *state;
    struct mail_wanted wanted = { "test", SERVICE, "de", variables(fixture, "{}") };
    struct mail_shown mail;
    folder_write(fixture->arena, fixture->own, "services/" SERVICE "/text/de.json",
                 "{\"site_name\": \"Laden\"}");
    mail_view_render(&fixture->context, &wanted, &mail);
    assert_string_equal(mail.sender, "Laden");
    assert_string_equal(mail.language, "de");
    assert_string_equal(shown(fixture, "test", "{}").sender, "sso.example.org");
}

/* --- broken templates --- */

static void mails__go_out_without_any_template(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.default_template_directory = fixture->settings.template_directory = "/nonexistent";
    struct mail_shown mail =
        shown(fixture, "magic_link",
              "{\"link\": \"https://sso.example.org/auth/x?a=1&token=\\\"2\", \"pin\": \"123456\"}");
    assert_holds(mail.text, "\nhttps://sso.example.org/auth/x?a=1&token=\"2\n");
    assert_holds(mail.html, "<a href=\"https://sso.example.org/auth/x?a=1&amp;token=&quot;2\">");
    assert_holds(mail.html, "<p>123456</p>");
    assert_string_equal(mail.language, "en");
}

static void mails__fall_back_to_the_shipped_templates(void **state)
{
    struct fixture *fixture = *state;
    folder_write(fixture->arena, fixture->own, "mail_layout_text.mustache", "{{>mail_layout_text}}");
    struct mail_shown mail = shown(fixture, "pin", "{\"pin\": \"123456\", \"minutes\": 5}");
    assert_holds(mail.text, "\n    123456\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mails__each_renders_in_each_state_and_language),
        TEST(mails__load_nothing_and_lead_nowhere_else),
        TEST(mails__name_the_browser_in_the_readers_language),
        TEST(mails__samples_last_as_long_as_their_links),
        TEST(mails__hostile_values_are_text_T64),
        TEST(mails__names_that_look_like_links_are_left_out),
        TEST(mails__a_value_is_never_a_template),
        TEST(mails__carry_the_brand),
        TEST(mails__of_a_service_have_its_brand),
        TEST(mails__go_out_without_any_template),
        TEST(mails__fall_back_to_the_shipped_templates),
    };
    return UNIT_RUN(tests);
}
