/* test_view.c: pages as they leave: each one in each state, hostile input, and the headers. */
#include "unit.h"

#include "core/text.h"
#include "pages/client_answer.h"
#include "pages/contract.h"
#include "pages/contrast.h"
#include "pages/error_page.h"
#include "pages/preview.h"
#include "pages/template_check.h"

struct fixture {
    struct arena *arena;
    struct settings settings;
    struct request request;
    struct call call;
    struct client client;
    struct service service;
};

/* Automake tells where the source is; by hand the programs are run from its top. */
static const char *source_path(struct arena *arena, const char *name)
{
    const char *source = getenv("srcdir");
    return arena_printf(arena, "%s/%s", source == NULL ? "." : source, name);
}

static int set_up(void **state)
{
    struct arena *arena = arena_make(32 << 20);
    struct fixture *fixture = arena_alloc(arena, sizeof *fixture);
    fixture->arena = arena;
    fixture->settings.issuer = "https://sso.example.org/auth";
    fixture->settings.template_directory = "";
    fixture->settings.default_template_directory = source_path(arena, "templates");
    fixture->request =
        (struct request) { .arena = arena, .id = "0123456789abcdef", .method = "GET", .path = "/" };
    fixture->call.arena = arena;
    fixture->call.request = &fixture->request;
    fixture->call.context = (struct context) { .arena = arena, .settings = &fixture->settings };
    fixture->client =
        (struct client) { .client_id = "shop", .client_name = "Shop", .service = &fixture->service };
    response_start(&fixture->call.response, arena);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_destroy(fixture->arena);
    return 0;
}

static const char *header(struct fixture *fixture, const char *name)
{
    const struct response *response = &fixture->call.response;
    for (size_t i = 0; i < response->header_count; i++) {
        if (text_equal(response->headers[i].name, name))
            return response->headers[i].value;
    }
    return NULL;
}

static const char *body(struct fixture *fixture)
{
    const struct response *response = &fixture->call.response;
    return arena_strndup(fixture->arena, (const char *)response->body.data, response->body.length);
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

/* --- the shipped templates --- */

struct walk {
    struct fixture *fixture;
    const char *page, *language;
    size_t states;
};

static void render_state(const char *state, struct json *sample, void *context)
{
    struct walk *walk = context;
    struct preview preview = { .page = walk->page, .state = state, .language = walk->language };
    struct arena *arena = arena_make(8 << 20); /* of each state alone: there are many */
    const char *error;
    (void)sample;
    const char *html = preview_render(arena, &walk->fixture->settings, &preview, &error);
    if (html == NULL)
        fail_msg("%s in state %s: %s", walk->page, state, error);
    assert_holds(html, arena_printf(arena, "<html lang=\"%s\" dir=\"ltr\">", walk->language));
    assert_holds(html, "<h1>");
    assert_lacks(html, "style=");
    assert_lacks(html, "onclick");
    assert_lacks(html, "<script>");
    assert_lacks(html, "_heading");
    assert_lacks(html, "{");
    arena_destroy(arena);
    walk->states++;
}

static void pages__each_renders_in_each_state_and_language(void **state)
{
    static const char *const languages[] = { "en", "de" };
    struct fixture *fixture = *state;
    const char *error;
    const struct json *samples = preview_samples(fixture->arena, &fixture->settings, &error);
    for (size_t i = 0; contract_pages[i] != NULL; i++) {
        for (size_t l = 0; l < ARRAY_SIZE(languages); l++) {
            struct walk walk = { fixture, contract_pages[i], languages[l], 0 };
            json_each(json_member(samples, contract_pages[i]), render_state, &walk);
            assert_true(walk.states > 0);
        }
    }
}

static void no_finding(const struct template_finding *finding, void *context)
{
    (void)context;
    fail_msg("%s:%zu: %s", finding->file, finding->line, finding->message);
}

static void templates__the_shipped_ones_pass_their_own_check(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(template_check(fixture->arena, &fixture->settings, no_finding, NULL), 0);
}

static const char *read_source(struct arena *arena, const char *name)
{
    FILE *file = fopen(source_path(arena, name), "re");
    assert_non_null(file);
    char *text = arena_alloc(arena, TEMPLATE_MAX_BYTES);
    size_t length = fread(text, 1, TEMPLATE_MAX_BYTES - 1, file);
    fclose(file);
    text[length] = '\0';
    return text;
}

static void contract__the_manual_lists_the_same_variables(void **state)
{
    struct fixture *fixture = *state;
    const char *manual = read_source(fixture->arena, "man/doorward-templates.7");
    size_t rows = 0, listed = 0;
    for (const struct contract_variable *row = contract_variables; row->name != NULL; row++, rows++)
        assert_holds(manual, arena_printf(fixture->arena, "\n.It Va %s\n", row->name));
    for (const char *item = manual; (item = strstr(item, "\n.It Va ")) != NULL; item++)
        listed++;
    assert_int_equal(listed, rows);
}

static void style_sheet__is_under_12_kilobytes(void **state)
{
    struct fixture *fixture = *state;
    struct asset asset;
    assert_true(templates_asset(view_templates(&fixture->call.context), NULL, "doorward.css", &asset));
    assert_true(asset.bytes.length < 12000);
}

/* --- what comes from outside --- */

/* T-64, security.md 40, 119: names are shown inert. */
static void view__hostile_names_are_text_T64(void **state)
{
    struct fixture *fixture = *state;
    struct session session = { .user_name = "<img src=x onerror=alert(1)>",
                               .user_email = "a\"'>@example.org" };
    fixture->client.client_name = "\"><script>alert(1)</script>\u202egnp.exe\u2066{{name}}{site}";
    struct view *view = view_start(&fixture->call, "select", &fixture->client, NULL);
    view_user(view, &session);
    view_finish(view, 200);
    const char *html = body(fixture);
    assert_lacks(html, "<script>");
    assert_lacks(html, "<img src=x");
    assert_lacks(html, "\u202e");
    assert_lacks(html, "\u2066");
    assert_holds(html, "&lt;script&gt;alert(1)&lt;/script&gt;\ufffdgnp.exe\ufffd{{name}}{site}");
    assert_holds(html, "a&quot;&#39;&gt;@example.org");
}

/* T-60, T-65: only web addresses of the client's record become links. */
static void view__links_and_logos_are_web_addresses_T60(void **state)
{
    static const char *const hostile[] = { "javascript:alert(1)", "data:text/html,x",
                                           "//evil.example",      "https://a.example/\"onload=x",
                                           "JAVASCRIPT:x",        "vbscript:x" };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
        assert_null(view_web_link(fixture->arena, hostile[i]));
    fixture->client.policy_uri = hostile[0];
    fixture->client.logo_uri = "http://shop.example/logo.png";
    view_finish(view_start(&fixture->call, "select", &fixture->client, NULL), 200);
    assert_lacks(body(fixture), "javascript:");
    assert_lacks(body(fixture), "logo.png");
}

/* T-59: a form_post answer can't break out of its attributes. */
static void form_post__values_stay_in_their_attributes_T59(void **state)
{
    struct fixture *fixture = *state;
    struct authorize_answer answer = { .response_mode = RESPONSE_MODE_FORM_POST,
                                       .redirect_uri = "https://shop.example/cb?a=1&b='\"><x>",
                                       .code = "dwc_abc",
                                       .state = "\"><script>alert(1)</script>\u00e9'&amp;{{x}}{site}",
                                       .iss = "https://sso.example.org/auth" };
    assert_int_equal(client_answer(&fixture->call, &fixture->client, &answer), OUTCOME_OK);
    const char *html = body(fixture);
    assert_lacks(html, "<script>");
    assert_lacks(html, "'\"><x>");
    assert_holds(html,
                 "value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\u00e9&#39;&amp;amp;{{x}}{site}\"");
    assert_holds(html, "action=\"https://shop.example/cb?a=1&amp;b=&#39;&quot;&gt;&lt;x&gt;\"");
    assert_holds(html, "<button type=\"submit\">");
    assert_holds(html, "<script src=\"/auth/assets/");
}

static void form_post__may_be_sent_to_the_client_alone(void **state)
{
    struct fixture *fixture = *state;
    struct authorize_answer answer = { .response_mode = RESPONSE_MODE_FORM_POST,
                                       .redirect_uri = "https://shop.example:8443/cb",
                                       .error = "access_denied" };
    assert_int_equal(client_answer(&fixture->call, &fixture->client, &answer), OUTCOME_OK);
    const char *policy = header(fixture, "Content-Security-Policy");
    assert_holds(policy, "form-action https://shop.example:8443;");
    assert_holds(policy, "script-src 'self';");
}

static void redirect__the_answer_is_added_to_the_query_and_encoded(void **state)
{
    struct fixture *fixture = *state;
    struct authorize_answer answer = { .redirect_uri = "https://shop.example/cb?x=1",
                                       .code = "dwc_a",
                                       .state = "a b&c=d#\r\nSet-Cookie: x",
                                       .iss = "https://sso.example.org" };
    assert_string_equal(client_answer_location(fixture->arena, &answer),
                        "https://shop.example/cb?x=1&code=dwc_a&state=a%20b%26c%3Dd%23%0D%0ASet-Cookie%3A%20x"
                        "&iss=https%3A%2F%2Fsso.example.org");
}

/* --- headers --- */

/* security.md 15, 118: strict policy, no frames. */
static void view__pages_carry_a_strict_policy(void **state)
{
    struct fixture *fixture = *state;
    view_finish(view_start(&fixture->call, "start", NULL, NULL), 200);
    assert_string_equal(header(fixture, "Content-Security-Policy"),
                        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
                        "frame-ancestors 'none'; base-uri 'none'");
    assert_string_equal(header(fixture, "X-Frame-Options"), "DENY");
    assert_string_equal(header(fixture, "Cross-Origin-Opener-Policy"), "same-origin");
    assert_string_equal(header(fixture, "Content-Language"), "en");
}

static void view__the_policy_names_only_origins(void **state)
{
    static const char *const redirect_uris[] = { "https://shop.example/cb", "com.example.app:/cb",
                                                 "http://[::1]:4000/cb", "http://127.0.0.1/cb", NULL };
    struct fixture *fixture = *state;
    fixture->client.redirect_uris = redirect_uris;
    fixture->client.client_uri = "https://www.shop.example/";
    fixture->client.logo_uri = "https://cdn.example/logo.png";
    struct view *view = view_start(&fixture->call, "login", &fixture->client, NULL);
    view_form_may_reach_client(view, &fixture->client, "https://shop.example/cb");
    view_finish(view, 200);
    const char *policy = header(fixture, "Content-Security-Policy");
    assert_holds(policy, "img-src 'self' https://cdn.example;");
    assert_holds(policy, "form-action 'self' https://shop.example https://www.shop.example com.example.app: "
                         "http: http://127.0.0.1;");
}

/* --- errors --- */

static void error_page__tells_the_request_id_and_a_way_on(void **state)
{
    struct fixture *fixture = *state;
    fixture->call.context.reason = "redirect_uri is not registered for this client";
    page_error(&fixture->call, OUTCOME_INVALID_REQUEST);
    assert_int_equal(fixture->call.response.status, 400);
    assert_holds(body(fixture), "0123456789abcdef");
    assert_holds(body(fixture), "redirect_uri is not registered for this client");
    assert_holds(body(fixture), "<a href=\"/auth/\">");
    assert_null(header(fixture, "Location"));
}

static void error_page__json_for_those_who_prefer_it(void **state)
{
    static const struct {
        const char *accept;
        bool json;
    } cases[] = { { "HTTP_ACCEPT=application/json", true },
                  { "HTTP_ACCEPT=application/json, text/html;q=0.5", true },
                  { "HTTP_ACCEPT=text/html,application/xhtml+xml,*/*;q=0.8", false },
                  { "HTTP_ACCEPT=text/html, application/json;q=0.9", false },
                  { "HTTP_ACCEPT=*/*", false } };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *const parameters[] = { arena_strdup(fixture->arena, cases[i].accept), NULL };
        fixture->request.parameters = parameters;
        fixture->call.response.status = 0;
        response_start(&fixture->call.response, fixture->arena);
        page_error(&fixture->call, OUTCOME_INVALID_CLIENT);
        assert_int_equal(fixture->call.response.status, 400);
        assert_int_equal(body(fixture)[0] == '{', cases[i].json);
    }
}

static void error_page__leaves_an_answer_that_was_given(void **state)
{
    struct fixture *fixture = *state;
    response_html(&fixture->call.response, 400, "the form");
    page_error(&fixture->call, OUTCOME_WRONG_PASSWORD);
    assert_string_equal(body(fixture), "the form");
}

static void view__without_templates_there_is_still_an_answer(void **state)
{
    struct fixture *fixture = *state;
    struct settings elsewhere = fixture->settings;
    elsewhere.default_template_directory = "/nowhere";
    fixture->call.context.settings = &elsewhere;
    page_error(&fixture->call, OUTCOME_UNAVAILABLE);
    assert_int_equal(fixture->call.response.status, 503);
    assert_holds(body(fixture), "<h1>");
}

/* --- colours --- */

static void contrast__is_measured_as_wcag_does(void **state)
{
    (void)state;
    assert_float_equal(contrast_ratio(0x000000, 0xffffff), 21.0, 0.01);
    assert_float_equal(contrast_ratio(0xffffff, 0xffffff), 1.0, 0.01);
    assert_float_equal(contrast_ratio(0x767676, 0xffffff), 4.54, 0.01);
}

static void contrast__a_pale_brand_is_told_with_its_line(void **state)
{
    struct fixture *fixture = *state;
    struct contrast_sheet sheets[] = {
        { ":root {\n--brand: #0b6b62;\n--on-brand: #fff;\n--card: #fff;\n}\n"
          "@media (prefers-color-scheme: dark) {\n:root {\n--brand: #5cc9bb;\n--on-brand: #000;\n--card: "
          "#111;\n}\n}\n" },
        { "\n:root { --brand: #9fd8ff; }\n" },
    };
    struct contrast_finding *findings;
    assert_int_equal(contrast_check(fixture->arena, sheets, 1, &findings), 0);
    assert_true(contrast_check(fixture->arena, sheets, 2, &findings) > 0);
    assert_int_equal(findings[0].line, 2);
    assert_holds(findings[0].message, "--on-brand on --brand");
    assert_holds(findings[0].message, "light");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages__each_renders_in_each_state_and_language),
        TEST(templates__the_shipped_ones_pass_their_own_check),
        TEST(contract__the_manual_lists_the_same_variables),
        TEST(style_sheet__is_under_12_kilobytes),
        TEST(view__hostile_names_are_text_T64),
        TEST(view__links_and_logos_are_web_addresses_T60),
        TEST(form_post__values_stay_in_their_attributes_T59),
        TEST(form_post__may_be_sent_to_the_client_alone),
        TEST(redirect__the_answer_is_added_to_the_query_and_encoded),
        TEST(view__pages_carry_a_strict_policy),
        TEST(view__the_policy_names_only_origins),
        TEST(error_page__tells_the_request_id_and_a_way_on),
        TEST(error_page__json_for_those_who_prefer_it),
        TEST(error_page__leaves_an_answer_that_was_given),
        TEST(view__without_templates_there_is_still_an_answer),
        TEST(contrast__is_measured_as_wcag_does),
        TEST(contrast__a_pale_brand_is_told_with_its_line),
    };
    return UNIT_RUN(tests);
}
