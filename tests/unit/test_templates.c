/* test_templates.c: how the files of pages are found, kept, and survive their editors. */
#include "folder.h"

#include "pages/templates.h"

#define SERVICE "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

struct fixture {
    struct arena *arena;
    const char *defaults, *own;
    struct settings settings;
    struct templates *templates;
    int64_t now_ms;
};

static int set_up(void **state)
{
    struct arena *arena = arena_make(8 << 20);
    struct fixture *fixture = arena_alloc(arena, sizeof *fixture);
    fixture->arena = arena;
    fixture->defaults = folder_make(arena);
    fixture->own = folder_make(arena);
    fixture->settings.default_template_directory = fixture->defaults;
    fixture->settings.template_directory = fixture->own;
    fixture->templates = templates_make(&fixture->settings);
    fixture->now_ms = 1000000;
    templates_begin(fixture->templates, fixture->now_ms);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    templates_free(fixture->templates);
    folder_remove(fixture->defaults);
    folder_remove(fixture->own);
    arena_destroy(fixture->arena);
    return 0;
}

static void put(struct fixture *fixture, const char *folder, const char *name, const char *text)
{
    folder_write(fixture->arena, folder, name, text);
}

/* The next request, more than a second later: changes are seen. */
static void later(struct fixture *fixture)
{
    fixture->now_ms += 1500;
    templates_begin(fixture->templates, fixture->now_ms);
}

/* What page p renders to; NULL when it can't be. */
static const char *shown(struct fixture *fixture, const char *service)
{
    struct strbuf out = strbuf_start(fixture->arena);
    const char *error;
    bool rendered = templates_render(fixture->templates, service, "p", NULL, &out, &error);
    return rendered ? out.data : NULL;
}

static void templates__service_then_installation_then_default(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, fixture->defaults, "p.mustache", "default");
    assert_string_equal(shown(fixture, SERVICE), "default");
    put(fixture, fixture->own, "p.mustache", "own");
    later(fixture);
    assert_string_equal(shown(fixture, SERVICE), "own");
    put(fixture, fixture->own, "services/" SERVICE "/p.mustache", "service");
    later(fixture);
    assert_string_equal(shown(fixture, SERVICE), "service");
    assert_string_equal(shown(fixture, NULL), "own");
    assert_string_equal(shown(fixture, "../" SERVICE), "own");
}

static void templates__partials_are_looked_for_in_the_same_order(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, fixture->defaults, "layout.mustache", "<{{$content}}{{/content}}>");
    put(fixture, fixture->defaults, "p.mustache", "{{<layout}}{{$content}}x{{/content}}{{/layout}}");
    assert_string_equal(shown(fixture, SERVICE), "<x>");
    put(fixture, fixture->own, "services/" SERVICE "/layout.mustache", "[{{$content}}{{/content}}]");
    later(fixture);
    assert_string_equal(shown(fixture, SERVICE), "[x]");
    assert_string_equal(shown(fixture, NULL), "<x>");
}

static void templates__a_changed_file_is_read_again_after_a_second(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, fixture->defaults, "p.mustache", "one");
    assert_string_equal(shown(fixture, NULL), "one");
    put(fixture, fixture->defaults, "p.mustache", "second");
    assert_string_equal(shown(fixture, NULL), "one");
    later(fixture);
    assert_string_equal(shown(fixture, NULL), "second");
}

static void templates__a_broken_version_leaves_the_last_good_one(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, fixture->defaults, "p.mustache", "default");
    put(fixture, fixture->own, "p.mustache", "good");
    assert_string_equal(shown(fixture, NULL), "good");
    put(fixture, fixture->own, "p.mustache", "bad {{#open}}");
    later(fixture);
    assert_string_equal(shown(fixture, NULL), "good");
    put(fixture, fixture->own, "p.mustache", "mended");
    later(fixture);
    assert_string_equal(shown(fixture, NULL), "mended");
}

static void templates__broken_from_the_start_gives_the_default(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, fixture->defaults, "p.mustache", "default");
    put(fixture, fixture->own, "p.mustache", "{{/never}}");
    assert_string_equal(shown(fixture, NULL), "default");
}

static void templates__a_removed_file_gives_way_to_the_default(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, fixture->defaults, "p.mustache", "default");
    put(fixture, fixture->own, "p.mustache", "own");
    assert_string_equal(shown(fixture, NULL), "own");
    unlink(arena_printf(fixture->arena, "%s/p.mustache", fixture->own));
    later(fixture);
    assert_string_equal(shown(fixture, NULL), "default");
}

/* security.md 119, T-61: there is no way to write a value without escaping it. */
static void templates__unescaped_values_are_refused(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, fixture->defaults, "p.mustache", "default");
    put(fixture, fixture->own, "p.mustache", "{{{name}}}");
    assert_string_equal(shown(fixture, NULL), "default");
    put(fixture, fixture->own, "p.mustache", "longer {{&name}}");
    later(fixture);
    assert_string_equal(shown(fixture, NULL), "default");
}

static void templates__a_circle_of_partials_is_an_error_and_no_hang(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, fixture->defaults, "p.mustache", "{{>q}}");
    put(fixture, fixture->defaults, "q.mustache", "{{>p}}");
    assert_null(shown(fixture, NULL));
}

/* T-108: names can't leave the folder. */
static void templates__names_with_paths_find_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct asset asset;
    put(fixture, fixture->defaults, "doorward.css", "a{}");
    put(fixture, fixture->own, "x/y.css", "a{}");
    assert_true(templates_asset(fixture->templates, NULL, "doorward.css", &asset));
    assert_string_equal(asset.media_type, "text/css; charset=utf-8");
    static const char *const hostile[] = {
        "../doorward.css", "x/y.css",         "..",          ".css", "", "doorward.conf",
        "login.mustache",  "/etc/passwd.css", "DOORWARD.CSS"
    };
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
        assert_false(templates_asset(fixture->templates, NULL, hostile[i], &asset));
    assert_false(templates_asset(fixture->templates, "../../x", "y.css", &asset));
}

static void templates__an_asset_has_another_hash_when_it_changes(void **state)
{
    struct fixture *fixture = *state;
    struct asset before, after;
    put(fixture, fixture->defaults, "doorward.css", "a{}");
    assert_true(templates_asset(fixture->templates, NULL, "doorward.css", &before));
    const char *hash = arena_strdup(fixture->arena, before.hash);
    put(fixture, fixture->defaults, "doorward.css", "abc{}");
    later(fixture);
    assert_true(templates_asset(fixture->templates, NULL, "doorward.css", &after));
    assert_string_not_equal(hash, after.hash);
    assert_int_equal(after.bytes.length, 5);
}

static void put_languages(struct fixture *fixture)
{
    put(fixture, fixture->defaults, "text/en.json", "{\"hello\":\"Hello\",\"only\":\"English\"}");
    put(fixture, fixture->defaults, "text/de.json", "{\"hello\":\"Hallo\"}");
    put(fixture, fixture->own, "text/pt-BR.json", "{\"hello\":\"Oi\"}");
}

static void languages__ui_locales_then_accept_language_then_english(void **state)
{
    struct fixture *fixture = *state;
    put_languages(fixture);
    static const struct {
        const char *ui_locales, *accept, *language;
    } cases[] = {
        { NULL, NULL, "en" },
        { NULL, "de", "de" },
        { NULL, "de-AT,en;q=0.5", "de" },
        { NULL, "fr, en;q=0.2, de;q=0.8", "de" },
        { NULL, "en;q=0.9,de;q=0.95", "de" },
        { NULL, "de;q=0,en", "en" },
        { NULL, "pt-br", "pt-BR" },
        { NULL, "pt", "en" },
        { "de", "en", "de" },
        { "fr de-CH", "en", "de" },
        { "fr", "de", "de" },
        { "../../etc/passwd", "\"><script>", "en" },
        { NULL, ";;;,,,q=q=;q=9.9.9", "en" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(
            templates_language(fixture->templates, fixture->arena, cases[i].ui_locales, cases[i].accept),
            cases[i].language);
}

static const char *text_of(struct fixture *fixture, const char *service, const char *language,
                           const char *key)
{
    return json_member_text(templates_texts(fixture->templates, fixture->arena, service, language), key);
}

static void languages__a_missing_text_is_shown_in_english(void **state)
{
    struct fixture *fixture = *state;
    put_languages(fixture);
    assert_string_equal(text_of(fixture, NULL, "de", "hello"), "Hallo");
    assert_string_equal(text_of(fixture, NULL, "de", "only"), "English");
    put(fixture, fixture->own, "text/de.json", "{\"hello\":\"Moin\"}");
    put(fixture, fixture->own, "services/" SERVICE "/text/de.json", "{\"hello\":\"Servus\"}");
    later(fixture);
    assert_string_equal(text_of(fixture, NULL, "de", "hello"), "Moin");
    assert_string_equal(text_of(fixture, SERVICE, "de", "hello"), "Servus");
    assert_string_equal(text_of(fixture, SERVICE, "de", "only"), "English");
}

static void languages__a_new_language_is_offered_after_a_second(void **state)
{
    struct fixture *fixture = *state;
    put_languages(fixture);
    assert_string_equal(templates_language(fixture->templates, fixture->arena, "fr", NULL), "en");
    put(fixture, fixture->own, "text/fr.json", "{\"hello\":\"Bonjour\"}");
    later(fixture);
    assert_string_equal(templates_language(fixture->templates, fixture->arena, "fr", NULL), "fr");
}

/* T-62: a text is no format; only {name}s that are known are replaced, and values not looked into. */
static void texts__only_known_names_are_filled_in(void **state)
{
    struct fixture *fixture = *state;
    struct json *values = json_new_object(fixture->arena);
    json_put_text(values, "client", "{site} %s%n");
    json_put_text(values, "site", "S");
    static const struct {
        const char *text, *filled;
    } cases[] = {
        { "Sign in to {client}", "Sign in to {site} %s%n" },
        { "{site}{site}", "SS" },
        { "{unknown} {site", "{unknown} {site" },
        { "{{site}}", "{S}" },
        { "{}", "{}" },
        { "%s %n 100%", "%s %n 100%" },
        { "", "" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(templates_fill(fixture->arena, cases[i].text, values), cases[i].filled);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(templates__service_then_installation_then_default),
        TEST(templates__partials_are_looked_for_in_the_same_order),
        TEST(templates__a_changed_file_is_read_again_after_a_second),
        TEST(templates__a_broken_version_leaves_the_last_good_one),
        TEST(templates__broken_from_the_start_gives_the_default),
        TEST(templates__a_removed_file_gives_way_to_the_default),
        TEST(templates__unescaped_values_are_refused),
        TEST(templates__a_circle_of_partials_is_an_error_and_no_hang),
        TEST(templates__names_with_paths_find_nothing),
        TEST(templates__an_asset_has_another_hash_when_it_changes),
        TEST(languages__ui_locales_then_accept_language_then_english),
        TEST(languages__a_missing_text_is_shown_in_english),
        TEST(languages__a_new_language_is_offered_after_a_second),
        TEST(texts__only_known_names_are_filled_in),
    };
    return UNIT_RUN(tests);
}
