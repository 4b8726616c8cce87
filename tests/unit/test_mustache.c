/*
 * test_mustache.c: the engine against the cases of the Mustache specification (found through
 * $MUSTACHE_SPEC, or beside the source tree), and what the specification leaves to us.
 */
#include "core/mustache.h"
#include "core/text.h"
#include "with_arena.h"

#include <sys/stat.h>

static const struct json *parse(const char *text)
{
    const char *error;
    return json_parse(arena, text, strlen(text), &error);
}

static const struct mustache *find_partial(const char *name, void *context)
{
    struct mustache_error error;
    const char *text = json_member_text(context, name);
    const struct mustache *found = text ? mustache_compile(arena, text, strlen(text), &error) : NULL;
    assert_true(found || !text);
    return found;
}

/* Compiles and renders; partials is a JSON object of templates or NULL. */
static const char *render(const char *text, const struct json *model, const struct json *partials,
                          const char **error_out)
{
    struct mustache_error error;
    struct mustache *template = mustache_compile(arena, text, strlen(text), &error);
    struct strbuf out = strbuf_start(arena);
    if (!template)
        fail_msg("line %zu: %s", error.line, error.message);
    union {
        const struct json *constant;
        void *pointer;
    } context = { partials };
    return mustache_render(template, model, find_partial, context.pointer, &out, error_out) ? out.data : NULL;
}

static void expect(const char *template, const char *model, const char *partials, const char *expected)
{
    const char *error;
    assert_string_equal(render(template, parse(model), partials ? parse(partials) : NULL, &error), expected);
}

/* --- the specification --- */

static const char *spec_folder(void)
{
    const char *named = getenv("MUSTACHE_SPEC");
    return named ? named : TOP_SRCDIR "/../shared/mustache-spec";
}

static const char *read_spec(const char *name)
{
    FILE *file = fopen(arena_printf(arena, "%s/%s.json", spec_folder(), name), "r");
    if (!file)
        return NULL;
    char *text = arena_alloc(arena, 1024 * 1024);
    size_t length = fread(text, 1, 1024 * 1024 - 1, file);
    fclose(file);
    assert_true(length > 0);
    return text;
}

static bool case_passes(const struct json *test)
{
    const char *error = NULL, *expected = json_member_text(test, "expected");
    const char *given = render(json_member_text(test, "template"), json_member(test, "data"),
                               json_member(test, "partials"), &error);
    if (given && text_equal(given, expected))
        return true;
    print_message("# %s: expected [%s], got [%s]\n", json_member_text(test, "name"), expected,
                  given ? given : error);
    return false;
}

/* All cases of these files pass, and there are as many as we know of. */
static void run_spec(const char *const *names, size_t count)
{
    size_t cases = 0, failed = 0;
    for (const char *const *name = names; *name; name++) {
        const char *text = read_spec(*name), *error;
        if (!text) {
            /* cmocka's skip() reads as a failure in TAP. */
            print_message("# skipped: no Mustache specification at %s\n", spec_folder());
            return;
        }
        struct json *file = json_parse(arena, text, strlen(text), &error);
        assert_non_null(file);
        struct json *tests = json_member(file, "tests");
        for (size_t i = 0; i < json_count(tests); i++, cases++)
            failed += !case_passes(json_item(tests, i));
    }
    assert_int_equal(failed, 0);
    assert_int_equal(cases, count);
}

static void mustache__passes_the_core_cases_of_the_specification(void **state)
{
    static const char *const names[] = { "comments", "delimiters", "interpolation", "inverted", "partials",
                                         "sections", NULL };
    (void)state;
    run_spec(names, 136);
}

static void mustache__passes_the_inheritance_cases_of_the_specification(void **state)
{
    static const char *const names[] = { "~inheritance", NULL };
    (void)state;
    run_spec(names, 27);
}

/* --- what it leaves to us --- */

static void mustache__escapes_every_character_that_ends_a_text_or_an_attribute(void **state)
{
    (void)state;
    expect("{{a}}|{{{a}}}|{{&a}}", "{\"a\":\"<&>\\\"'\"}", NULL, "&lt;&amp;&gt;&quot;&#39;|<&>\"'|<&>\"'");
}

static void mustache__plain_text_is_not_escaped(void **state)
{
    struct mustache_error error;
    const char *reason, *text = "{{a}} {{>p}}{{<l}}{{$b}}{{a}}{{/b}}{{/l}}";
    struct strbuf out = strbuf_start(arena);
    (void)state;
    const struct json *partials = parse("{\"p\": \"[{{a}}]\", \"l\": \"({{$b}}{{/b}})\"}");
    union {
        const struct json *constant;
        void *pointer;
    } context = { partials };
    const struct mustache *template = mustache_compile(arena, text, strlen(text), &error);
    assert_true(mustache_render_plain(template, parse("{\"a\": \"<&>\"}"), find_partial, context.pointer,
                                      &out, &reason));
    assert_string_equal(out.data, "<&> [<&>](<&>)");
}

static void mustache__never_reads_a_value_as_a_template(void **state)
{
    (void)state;
    expect("{{a}}{{{a}}}", "{\"a\":\"{{b}}\",\"b\":\"no\"}", NULL, "{{b}}{{b}}");
}

static void mustache__counts_empty_and_zero_as_false(void **state)
{
    (void)state;
    expect("{{#a}}1{{/a}}{{#b}}2{{/b}}{{#c}}3{{/c}}{{#d}}4{{/d}}{{^a}}5{{/a}}",
           "{\"a\":\"\",\"b\":0,\"c\":[],\"d\":{}}", NULL, "45");
}

static void mustache__a_null_hides_the_value_further_out(void **state)
{
    (void)state;
    expect("{{#in}}[{{a}}]{{/in}}", "{\"a\":\"out\",\"in\":{\"a\":null}}", NULL, "[]");
}

static void mustache__writes_nothing_for_lists_and_objects(void **state)
{
    (void)state;
    expect("[{{a}}{{b}}{{c}}{{d}}]", "{\"a\":[1],\"b\":{},\"c\":true,\"d\":1.50}", NULL, "[true1.50]");
}

static void mustache__a_layout_keeps_its_indentation(void **state)
{
    (void)state;
    expect("{{<layout}}\n{{$title}}Sign in{{/title}}\n{{$content}}\n<p>\n  "
           "{{a}}\n</p>\n{{>foot}}\n{{/content}}\n"
           "{{/layout}}\n",
           "{\"a\":\"x\"}",
           "{\"layout\":\"<title>{{$title}}-{{/title}}</title>\\n  <main>\\n    {{$content}}\\n    "
           "{{/content}}\\n  </main>\\n\",\"foot\":\"<b>\\n</b>\\n\"}",
           "<title>Sign in</title>\n  <main>\n    <p>\n      x\n    </p>\n    <b>\n    </b>\n  </main>\n");
}

static void mustache__refuses_templates_that_call_one_another_in_a_circle(void **state)
{
    (void)state;
    const char *error = NULL;
    assert_null(render("{{>a}}", NULL, parse("{\"a\":\"x{{>b}}\",\"b\":\"{{>a}}\"}"), &error));
    assert_string_equal(error, "line 1: 'a' calls itself without an end");
    assert_null(
        render("{{<p}}{{$a}}x{{$a}}y{{/a}}{{/a}}{{/p}}", NULL, parse("{\"p\":\"{{$a}}{{/a}}\"}"), &error));
}

static void mustache__leaves_the_output_as_it_was_when_it_fails(void **state)
{
    (void)state;
    struct mustache_error fault;
    const char *error, *text = "x{{>a}}";
    struct mustache *template = mustache_compile(arena, text, strlen(text), &fault);
    struct strbuf out = strbuf_start(arena);
    strbuf_add_text(&out, "before");
    union {
        const struct json *constant;
        void *pointer;
    } context = { parse("{\"a\":\"{{>a}}\"}") };
    assert_false(mustache_render(template, NULL, find_partial, context.pointer, &out, &error));
    assert_string_equal(out.data, "before");
}

static void mustache__a_list_of_partials_may_be_as_long_as_it_likes(void **state)
{
    (void)state;
    const char *error;
    struct json *model = json_new_object(arena), *list = json_new_array(arena);
    for (int i = 0; i < 100; i++)
        json_append_text(list, "x");
    json_put(model, "list", list);
    const char *given = render("{{#list}}{{>a}}{{/list}}", model, parse("{\"a\":\"{{.}}\"}"), &error);
    assert_int_equal(strlen(given), 100);
}

static void mustache__names_line_and_fault_of_a_broken_template(void **state)
{
    static const struct {
        const char *text;
        size_t line;
        const char *message;
    } cases[] = {
        { "a\n{{b", 2, "a tag without an end: }} expected" },
        { "{{{b}}", 1, "a tag without an end: }}} expected" },
        { "\n\n{{#a}}\n{{/b}}", 4, "'b' is closed where 'a' of line 3 is open" },
        { "{{/a}}", 1, "'a' is closed but was not opened" },
        { "\n{{#a}}x", 2, "'a' is never closed" },
        { "{{}}", 1, "a tag without a name" },
        { "{{#}}{{/}}", 1, "a tag without a name" },
        { "{{a b}}", 1, "'a b' is no name" },
        { "{{a.}}", 1, "'a.' has an empty part" },
        { "{{a..b}}", 1, "'a..b' has an empty part" },
        { "{{>*name}}", 1, "'*name': dynamic names aren't supported" },
        { "{{=a=}}", 1, "delimiters 'a': expected two words" },
        { "{{=a b c=}}", 1, "delimiters 'a b c': expected two words" },
        { "{{= =}}", 1, "delimiters '': expected two words" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct mustache_error error;
        assert_null(mustache_compile(arena, cases[i].text, strlen(cases[i].text), &error));
        assert_string_equal(error.message, cases[i].message);
        assert_int_equal(error.line, cases[i].line);
    }
}

static void mustache__refuses_sections_nested_beyond_the_limit(void **state)
{
    (void)state;
    struct mustache_error error;
    struct strbuf text = strbuf_start(arena);
    for (int i = 0; i < MUSTACHE_MAX_NESTING; i++)
        strbuf_add_text(&text, "{{#a}}");
    struct strbuf more = strbuf_start(arena);
    strbuf_add_format(&more, "%s{{#a}}", text.data);
    for (int i = 0; i < MUSTACHE_MAX_NESTING; i++)
        strbuf_add_text(&text, "{{/a}}");
    assert_non_null(mustache_compile(arena, text.data, text.length, &error));
    assert_null(mustache_compile(arena, more.data, more.length, &error));
    assert_string_equal(error.message, "'a' is nested too deep");
}

/* Every cut of a template, and every byte of it exchanged, compiles or is refused; nothing else. */
static void mustache__survives_mutilated_templates(void **state)
{
    static const char whole[] =
        "{{! c }}\n{{=<% %>=}}\n<%#a%>\n  <%>p%>\n<%/a%> <%={{ }}=%>{{<l}}{{$b}}\n x{{{y}}}\n{{/b}}{{/l}}";
    static const char replacements[] = "{}=#/$<\n \xff";
    (void)state;
    for (size_t length = 0; length < sizeof(whole); length++) {
        for (size_t i = 0; i < sizeof(replacements) - 1; i++) {
            struct arena *small = arena_make(1024 * 1024);
            char *text = arena_strndup(small, whole, length);
            struct mustache_error error;
            if (length)
                text[length / 2] = replacements[i];
            struct mustache *template = mustache_compile(small, text, length, &error);
            assert_true(template || (error.line && error.message));
            arena_destroy(small);
        }
    }
}

static void note_use(const struct mustache_use *use, void *context)
{
    static const char marks[] = {
        [MUSTACHE_VARIABLE] = 'v', [MUSTACHE_RAW] = '&',     [MUSTACHE_SECTION] = '#',
        [MUSTACHE_INVERTED] = '^', [MUSTACHE_PARTIAL] = '>', [MUSTACHE_PARENT] = '<',
        [MUSTACHE_BLOCK] = '$'
    };
    strbuf_add_format(context, "%zu%c%s%s%s ", use->line, marks[use->kind],
                      use->section ? use->section->name : "", use->section ? ":" : "", use->name);
}

static void mustache__tells_the_names_that_a_template_uses(void **state)
{
    (void)state;
    struct mustache_error error;
    static const char text[] =
        "{{a.b}}\n{{#s}}{{{c}}}{{^t}}{{.}}{{/t}}{{/s}}\n{{>p}}{{<l}}{{$d}}{{e}}{{/d}}{{/l}}";
    struct strbuf uses = strbuf_start(arena);
    mustache_each_use(mustache_compile(arena, text, strlen(text), &error), note_use, &uses);
    assert_string_equal(uses.data, "1va.b 2#s 2&s:c 2^s:t 2vs:. 3>p 3<l 3$d 3ve ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mustache__passes_the_core_cases_of_the_specification),
        TEST(mustache__passes_the_inheritance_cases_of_the_specification),
        TEST(mustache__escapes_every_character_that_ends_a_text_or_an_attribute),
        TEST(mustache__plain_text_is_not_escaped),
        TEST(mustache__never_reads_a_value_as_a_template),
        TEST(mustache__counts_empty_and_zero_as_false),
        TEST(mustache__a_null_hides_the_value_further_out),
        TEST(mustache__writes_nothing_for_lists_and_objects),
        TEST(mustache__a_layout_keeps_its_indentation),
        TEST(mustache__refuses_templates_that_call_one_another_in_a_circle),
        TEST(mustache__leaves_the_output_as_it_was_when_it_fails),
        TEST(mustache__a_list_of_partials_may_be_as_long_as_it_likes),
        TEST(mustache__names_line_and_fault_of_a_broken_template),
        TEST(mustache__refuses_sections_nested_beyond_the_limit),
        TEST(mustache__survives_mutilated_templates),
        TEST(mustache__tells_the_names_that_a_template_uses),
    };
    return UNIT_RUN(tests);
}
