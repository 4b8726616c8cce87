/* test_script.c: migration files taken apart, and search texts as LIKE patterns. */
#include "unit.h"

#include "store/pattern.h"
#include "store/script.h"

static int make_arena(void **state)
{
    *state = arena_make(1 << 20);
    return 0;
}

static int drop_arena(void **state)
{
    arena_destroy(*state);
    return 0;
}

static void expect_statements(struct arena *arena, const char *sql, const char *const *wanted)
{
    const char *statement;
    while ((statement = script_next(arena, &sql))) {
        assert_non_null(*wanted);
        assert_string_equal(statement, *wanted++);
    }
    assert_null(*wanted);
}

static void script__statements_end_at_semicolons_outside_quotes(void **state)
{
    expect_statements(*state, "SELECT 1; SELECT ';' ;\nSELECT \"a;b\", `c;d`",
                      (const char *const[]) { "SELECT 1", "SELECT ';'", "SELECT \"a;b\", `c;d`", NULL });
}

static void script__quotes_and_backslashes_inside_quotes_stay(void **state)
{
    expect_statements(*state, "SELECT 'it''s; it', 'a\\'; b';SELECT 2",
                      (const char *const[]) { "SELECT 'it''s; it', 'a\\'; b'", "SELECT 2", NULL });
}

static void script__comments_are_left_out(void **state)
{
    expect_statements(*state, "-- a; b\nSELECT 1 /* ; */ + 2; # c; d\n-- e",
                      (const char *const[]) { "SELECT 1  + 2", NULL });
}

static void script__two_dashes_without_a_space_are_no_comment(void **state)
{
    expect_statements(*state, "SELECT 1--1;", (const char *const[]) { "SELECT 1--1", NULL });
}

static void script__nothing_gives_nothing(void **state)
{
    expect_statements(*state, "", (const char *const[]) { NULL });
    expect_statements(*state, " ;; \n-- only words\n;", (const char *const[]) { NULL });
}

static void script__an_open_quote_ends_with_the_file(void **state)
{
    expect_statements(*state, "SELECT 'open;", (const char *const[]) { "SELECT 'open;", NULL });
}

static void script__names_the_table_that_a_statement_touches(void **state)
{
    static const struct {
        const char *sql, *table;
    } cases[] = {
        { "CREATE TABLE users (id INT)", "users" },
        { "CREATE TABLE IF NOT EXISTS `users` (id INT)", "users" },
        { "alter table users add x int", "users" },
        { "DROP TABLE IF EXISTS users", "users" },
        { "CREATE UNIQUE INDEX one ON users (id)", "users" },
        { "DROP INDEX one ON users", "users" },
        { "INSERT INTO users VALUES (1)", "users" },
        { "UPDATE users SET x = 1", "users" },
        { "DELETE FROM users", "users" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(script_table(*state, cases[i].sql), cases[i].table);
    assert_null(script_table(*state, "SET NAMES utf8mb4"));
    assert_null(script_table(*state, ""));
}

static void pattern__characters_of_like_are_escaped(void **state)
{
    assert_string_equal(pattern_containing(*state, "50%_\\"), "%50\\%\\_\\\\%");
}

static void pattern__no_text_matches_everything(void **state)
{
    assert_string_equal(pattern_containing(*state, NULL), "%");
    assert_string_equal(pattern_containing(*state, ""), "%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(script__statements_end_at_semicolons_outside_quotes, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(script__quotes_and_backslashes_inside_quotes_stay, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(script__comments_are_left_out, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(script__two_dashes_without_a_space_are_no_comment, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(script__nothing_gives_nothing, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(script__an_open_quote_ends_with_the_file, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(script__names_the_table_that_a_statement_touches, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(pattern__characters_of_like_are_escaped, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(pattern__no_text_matches_everything, make_arena, drop_arena),
    };
    return UNIT_RUN(tests);
}
