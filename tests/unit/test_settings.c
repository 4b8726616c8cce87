/* test_settings.c: what the option file may say, and every way in which it is told to be wrong. */
#include "core/json.h"
#include "core/settings.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static char path[64], secret_path[64];

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(64 * 1024 * 1024);
    snprintf(path, sizeof(path), "/tmp/test_settings.%d", (int)getpid());
    snprintf(secret_path, sizeof(secret_path), "/tmp/test_settings.%d.secret", (int)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    unlink(secret_path);
    arena_destroy(arena);
    return 0;
}

static void write_file(const char *name, const char *text, size_t length)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static const struct settings *load(const char *text, const char **error_out)
{
    write_file(path, text, strlen(text));
    return settings_load(arena, path, error_out);
}

static const struct settings *load_fine(const char *text)
{
    const char *error = NULL;
    const struct settings *settings = load(text, &error);
    if (!settings)
        fail_msg("%s", error);
    return settings;
}

/* The message without the path in front of it. */
static void expect_error(const char *text, const char *expected)
{
    const char *error = NULL;
    if (load(text, &error))
        fail_msg("taken: %s", text);
    assert_true(text_starts(error, path));
    assert_string_equal(error + strlen(path), expected);
}

#define ISSUER "issuer = https://id.example.org\n"

static void settings__defaults_are_sane_alone(void **state)
{
    const char *error = NULL;
    (void)state;
    const struct settings *settings = settings_load(arena, NULL, &error);
    assert_non_null(settings);
    assert_string_equal(settings->issuer, "");
    assert_int_equal(settings->code_lifetime_s, 60);
    assert_int_equal(settings->access_token_lifetime_s, 3600);
    assert_int_equal(settings->refresh_token_lifetime_s, 30 * 86400);
    assert_int_equal(settings->session_lifetime_s, 90 * 86400);
    assert_int_equal(settings->max_body_bytes, 65536);
    assert_int_equal(settings->scrypt_log_n, 15);
    assert_true(settings->registration);
    assert_false(settings->allow_http_loopback);
    assert_int_equal(settings->pool_count, 1);
    assert_string_equal(settings->pools[0].name, "main");
    assert_string_equal(settings->pools[0].families, "all");
    assert_string_equal(settings->pools[0].socket, "/run/doorward/main.sock");
    assert_int_equal(settings->pools[0].socket_mode, 0660);
    assert_int_equal(settings->pools[0].workers, 4);
    assert_false(text_starts(settings->key_file, "$"));
}

static void settings__reads_options_comments_and_pools(void **state)
{
    (void)state;
    const struct settings *settings = load_fine("# a comment\n\n  issuer=https://id.example.org:8443/a \r\n"
                                                "\tregistration =  no\ncode_lifetime = 2m\nmax_body = 128k\n"
                                                "run_directory = /srv/run\ndatabase_password = a #b = c\n"
                                                "trusted_proxies = 127.0.0.1 ::1\n"
                                                "cors_origins = https://a.example http://127.0.0.1:8080\n"
                                                "[pool tokens]\nfamilies = token userinfo\nworkers = 2\n"
                                                "[pool pages-2]\nsocket = /srv/p.sock\nsocket_mode = 0600");
    assert_string_equal(settings->issuer, "https://id.example.org:8443/a");
    assert_false(settings->registration);
    assert_int_equal(settings->code_lifetime_s, 120);
    assert_int_equal(settings->max_body_bytes, 128 * 1024);
    assert_string_equal(settings->database_password, "a #b = c");
    assert_int_equal(settings->pool_count, 2);
    assert_string_equal(settings->pools[0].socket, "/srv/run/tokens.sock");
    assert_string_equal(settings->pools[0].families, "token userinfo");
    assert_int_equal(settings->pools[0].workers, 2);
    assert_int_equal(settings->pools[1].workers, 4);
    assert_string_equal(settings->pools[1].name, "pages-2");
    assert_string_equal(settings->pools[1].socket, "/srv/p.sock");
    assert_int_equal(settings->pools[1].socket_mode, 0600);
}

static void settings__names_file_line_and_fault(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "isuer = https://a.example\n", ":1: unknown option 'isuer', did you mean 'issuer'?" },
        { ISSUER "\nworkrs = 2\n", ":3: unknown option 'workrs', did you mean 'workers'?" },
        { ISSUER "frobnicate = 1\n", ":2: unknown option 'frobnicate'; doorward config show lists all" },
        { ISSUER "workers = 2\n", ":2: option 'workers' belongs to a pool: put it below a [pool NAME] line" },
        { "[pool a]\n" ISSUER,
          ":2: option 'issuer' doesn't belong to a pool: move it above the first [pool NAME]" },
        { ISSUER ISSUER, ":2: option 'issuer' was already set in line 1" },
        { ISSUER "[pool a]\nworkers = 1\nworkers = 1\n", ":4: option 'workers' was already set in line 3" },
        { ISSUER "just words\n", ":2: expected name = value" },
        { ISSUER "= 1\n", ":2: unknown option ''; doorward config show lists all" },
        { ISSUER "code_lifetime = 4s\n", ":2: code_lifetime = 4s is out of bounds: 5s to 10m" },
        { ISSUER "code_lifetime = 601\n", ":2: code_lifetime = 601 is out of bounds: 5s to 10m" },
        { ISSUER "code_lifetime = soon\n",
          ":2: code_lifetime = soon: expected a duration such as 30s, 10m, 1h or 30d" },
        { ISSUER "code_lifetime =\n",
          ":2: code_lifetime = : expected a duration such as 30s, 10m, 1h or 30d" },
        { ISSUER "max_body = 64kb\n",
          ":2: max_body = 64kb: expected a number of bytes such as 65536, 64k or 1m" },
        { ISSUER "max_body = 17m\n", ":2: max_body = 17m is out of bounds: 1k to 16m" },
        { ISSUER "database_port = 99999\n", ":2: database_port = 99999 is out of bounds: 1 to 65535" },
        { ISSUER "database_port = 33o6\n", ":2: database_port = 33o6: expected a whole number" },
        { ISSUER "[pool a]\nsocket_mode = 0888\n",
          ":3: socket_mode = 0888: expected an octal number such as 0660" },
        { ISSUER "[pool a]\nsocket_mode = 1777\n", ":3: socket_mode = 1777 is out of bounds: 00 to 0777" },
        { ISSUER "registration = true\n", ":2: registration = true: expected yes or no" },
        { ISSUER "log_level = loud\n", ":2: log_level = loud: expected one of: error warn info debug" },
        { ISSUER "log_level = error warn\n",
          ":2: log_level = error warn: expected one of: error warn info debug" },
        { ISSUER "registration = no # closed\n",
          ":2: registration: a comment must stand on a line of its own" },
        { ISSUER "key_file = keys\n", ":2: key_file = keys: expected a path that starts with /" },
        { ISSUER "key_file =\n", ":2: key_file can't be empty" },
        { ISSUER "trusted_proxies = 10.0.0.1 proxy\n", ":2: trusted_proxies: proxy is not an IP address" },
        { ISSUER "egress_allow = hooks.example 10.0.0.0/33\n",
          ":2: egress_allow: 10.0.0.0/33 is not a host such as hooks.example.org, an address or a range such "
          "as 10.0.0.0/8" },
        { ISSUER "egress_allow = fd00::/8 https://a.example\n",
          ":2: egress_allow: https://a.example is not a host such as hooks.example.org, an address or a "
          "range such as 10.0.0.0/8" },
        { ISSUER "cors_origins = https://a.example/\n",
          ":2: cors_origins: https://a.example/ is not an origin such as https://app.example.org" },
        { ISSUER "cors_origins = null\n",
          ":2: cors_origins: null is not an origin such as https://app.example.org" },
        { ISSUER "cors_origins = *\n",
          ":2: cors_origins: * is not an origin such as https://app.example.org" },
        { ISSUER "[section]\n", ":2: unknown section '[section]'; expected [pool NAME]" },
        { ISSUER "[pool a\n", ":2: unknown section '[pool a'; expected [pool NAME]" },
        { ISSUER "[pool ]\n", ":2: pool name '': expected 1 to 32 of a-z, 0-9 and -" },
        { ISSUER "[pool ../x]\n", ":2: pool name '../x': expected 1 to 32 of a-z, 0-9 and -" },
        { ISSUER "[pool a]\n[pool a]\n", ":3: pool 'a' is there twice" },
        { ISSUER "[pool a]\n[pool b]\nsocket = /run/doorward/a.sock\n",
          ": pools 'a' and 'b' have the same socket" },
        { ISSUER "[pool a]\nworkers = 150\n[pool b]\nworkers = 51\n",
          ": 201 workers in all; at most 200 are possible" },
        { ISSUER "[pool a]\n[pool b]\n[pool c]\n[pool d]\n[pool e]\n[pool f]\n[pool g]\n[pool h]\n[pool i]\n",
          ":10: more than 8 pools" },
        { ISSUER "session_idle = 10d\nsession_lifetime = 9d\n",
          ": session_idle can't be longer than session_lifetime" },
        { ISSUER "access_token_lifetime = 1h\nrefresh_token_lifetime = 59m\n",
          ": access_token_lifetime can't be longer than refresh_token_lifetime" },
        { ISSUER "refresh_token_lifetime = 30d\nrefresh_token_max_age = 29d\n",
          ": refresh_token_lifetime can't be longer than refresh_token_max_age" },
        { "registration = no\n", ": issuer isn't set: add a line such as issuer = https://id.example.org" },
        { ISSUER "log = \xff\n", ": not UTF-8 text" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect_error(cases[i].text, cases[i].error);
}

static void settings__takes_only_an_issuer_that_can_be_compared_by_bytes(void **state)
{
    static const char *const bad[] = { "http://id.example.org",
                                       "https://id.example.org/",
                                       "https://id.example.org/a/",
                                       "https://id.example.org?a",
                                       "https://id.example.org#a",
                                       "https://u@id.example.org",
                                       "https://ID.example.org",
                                       "id.example.org",
                                       "ftp://id.example.org",
                                       "https://id.example.org/../",
                                       "https://",
                                       "http://127.0.0.1:8080",
                                       "https://id.example.org/a b",
                                       "https://id.example.org/%61" };
    const char *error;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_null(load(arena_printf(arena, "issuer = %s\n", bad[i]), &error));
    load_fine("issuer = https://id.example.org:8443/tenant\n");
    load_fine("issuer = http://127.0.0.1:8080\nallow_http_loopback = yes\n");
    load_fine("issuer = http://[::1]:8080\nallow_http_loopback = yes\n");
    expect_error("\nissuer = http://localhost\nallow_http_loopback = yes\n",
                 ":2: issuer = http://localhost: must be https (http only for 127.0.0.1 and [::1], with "
                 "allow_http_loopback = yes)");
}

static void settings__reads_a_secret_from_the_first_line_of_a_file(void **state)
{
    const char *line = arena_printf(arena, ISSUER "database_password = file:%s\n", secret_path), *error;
    (void)state;
    write_file(secret_path, "s3 cret#\r\nsecond\n", 17);
    assert_string_equal(load_fine(line)->database_password, "s3 cret#");
    write_file(secret_path, "no end", 6);
    assert_string_equal(load_fine(line)->database_password, "no end");
    write_file(secret_path, "\nsecond", 7);
    assert_null(load(line, &error));
    write_file(secret_path, "a\0b\n", 4);
    assert_null(load(line, &error));
    unlink(secret_path);
    expect_error(line, arena_printf(arena, ":2: can't read file:%s: No such file or directory", secret_path));
    expect_error(ISSUER "database_password = file:relative\n", ":2: can't read file:relative: not a path");
}

static const char *written(const struct settings *settings)
{
    struct strbuf out = strbuf_start(arena);
    settings_write(settings, SETTINGS_TEXT, false, &out);
    return out.data;
}

static void settings__copy_without_secrets_is_one_of_its_own(void **state)
{
    struct arena *other = arena_make(1024 * 1024);
    (void)state;
    const char *others = "mail_user = us\ncode_lifetime = 30s\nregistration = no\n"
                         "[pool a]\nworkers = 3\n[pool b]\nfamilies = public\n";
    const char *plain = arena_strdup(other, written(load_fine(arena_printf(arena, ISSUER "%s", others))));
    const struct settings *settings =
        load_fine(arena_printf(arena, ISSUER "database_password = s3\nmail_password = s4\n%s", others));
    const struct settings *copy = settings_without_secrets(other, settings);
    assert_string_equal(copy->database_password, "");
    assert_string_equal(copy->mail_password, "");
    arena_reset(arena); /* wipes what the settings were in */
    assert_string_equal(written(copy), plain);
    arena_destroy(other);
}

static void settings__refuses_what_is_no_file_of_text(void **state)
{
    const char *error;
    char *large = arena_alloc(arena, 70 * 1024);
    (void)state;
    memset(large, '#', 70 * 1024 - 1);
    assert_null(load(large, &error));
    assert_string_equal(error + strlen(path), ": larger than 64 KiB");
    write_file(path, "issuer = a\0b\n", 13);
    assert_null(settings_load(arena, path, &error));
    assert_null(settings_load(arena, "/nonexistent/file", &error));
    assert_string_equal(error, "/nonexistent/file: can't be read: No such file or directory");
    assert_null(settings_load(arena, "/tmp", &error));
}

static const char *show(const struct settings *settings, enum settings_format format, bool changed_only)
{
    struct strbuf out = strbuf_start(arena);
    settings_write(settings, format, changed_only, &out);
    return out.data;
}

static void settings__shows_no_default_as_changed(void **state)
{
    (void)state;
    assert_string_equal(show(load_fine(ISSUER), SETTINGS_TEXT, true), ISSUER "\n[pool main]\n");
}

static void settings__shows_text_that_loads_to_the_same(void **state)
{
    (void)state;
    const struct settings *settings = load_fine(
        ISSUER "code_lifetime = 90\nmax_body = 100000\ndatabase_password = hush\n[pool a]\n[pool b]\n");
    const char *shown = show(settings, SETTINGS_TEXT, false);
    assert_null(strstr(shown, "hush"));
    assert_non_null(strstr(shown, "# database_password = (set)\n"));
    assert_string_equal(show(load_fine(shown), SETTINGS_TEXT, false),
                        show(load_fine(arena_strdup(arena, shown)), SETTINGS_TEXT, false));
    assert_int_equal(load_fine(shown)->code_lifetime_s, 90);
    assert_int_equal(load_fine(shown)->max_body_bytes, 100000);
    assert_int_equal(load_fine(shown)->pool_count, 2);
    assert_string_equal(load_fine(shown)->pools[1].socket, "/run/doorward/b.sock");
}

static void settings__shows_json_without_secrets(void **state)
{
    const char *error;
    (void)state;
    const char *shown = show(load_fine(ISSUER "database_password = hush\n"), SETTINGS_JSON, true);
    struct json *json = json_parse(arena, shown, strlen(shown), &error);
    assert_null(strstr(shown, "hush"));
    struct json *options = json_member(json, "options");
    assert_int_equal(json_count(options), 2);
    assert_string_equal(json_member_text(json_item(options, 0), "name"), "issuer");
    assert_string_equal(json_member_text(json_item(options, 1), "value"), "(set)");
    assert_string_equal(json_member_text(json_item(json_member(json, "pools"), 0), "name"), "main");
}

static void settings__the_manual_holds_the_option_list_of_the_table(void **state)
{
    const char *error;
    (void)state;
    FILE *file = fopen(TOP_SRCDIR "/man/doorward.conf.5", "r");
    assert_non_null(file);
    char *manual = arena_alloc(arena, 256 * 1024);
    assert_true(fread(manual, 1, 256 * 1024 - 1, file) > 0);
    fclose(file);
    const char *list = show(settings_load(arena, NULL, &error), SETTINGS_MAN, false);
    if (!strstr(manual, list))
        fail_msg("doorward.conf(5) differs: put what doorward config show --mdoc writes below OPTIONS");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings__defaults_are_sane_alone),
        TEST(settings__reads_options_comments_and_pools),
        TEST(settings__names_file_line_and_fault),
        TEST(settings__takes_only_an_issuer_that_can_be_compared_by_bytes),
        TEST(settings__reads_a_secret_from_the_first_line_of_a_file),
        TEST(settings__copy_without_secrets_is_one_of_its_own),
        TEST(settings__refuses_what_is_no_file_of_text),
        TEST(settings__shows_no_default_as_changed),
        TEST(settings__shows_text_that_loads_to_the_same),
        TEST(settings__shows_json_without_secrets),
        TEST(settings__the_manual_holds_the_option_list_of_the_table),
    };
    return UNIT_RUN(tests);
}
