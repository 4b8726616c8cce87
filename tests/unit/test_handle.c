/* Handles: what was given out comes back whole, and nothing else does. */
#include "unit.h"

#include "crypto/digest.h"
#include "crypto/handle.h"
#include "keyfiles.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const unsigned char row_id[16] = "0123456789abcdef";

struct fixture {
    struct arena *arena;
    struct keyfile *keyfile;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture) { arena_make(64 << 20), keyfile_with(KEY_LINE_OLD) };
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    keyfile_free(fixture->keyfile);
    arena_destroy(fixture->arena);
    return 0;
}

static const char *make(struct fixture *fixture, enum handle_kind kind, struct handle *handle_out)
{
    handle_make(kind, row_id, 0xfedcba98, handle_out);
    return handle_print(fixture->keyfile, fixture->arena, handle_out);
}

static bool parses(struct fixture *fixture, enum handle_kind kind, const char *text)
{
    struct handle handle;
    return handle_parse(fixture->keyfile, fixture->arena, kind, text, &handle);
}

static void handle__comes_back_whole(void **state)
{
    struct fixture *fixture = *state;
    struct handle made, read;
    unsigned char hash[32];
    const char *text = make(fixture, HANDLE_REFRESH_TOKEN, &made);
    assert_int_equal(strncmp(text, "dwr_", 4), 0);
    assert_int_equal(strlen(text), 4 + 91);
    assert_true(handle_parse(fixture->keyfile, fixture->arena, HANDLE_REFRESH_TOKEN, text, &read));
    assert_memory_equal(read.id, row_id, 16);
    assert_int_equal(read.generation, 0xfedcba98);
    assert_memory_equal(read.secret, made.secret, 32);
    sha256(made.secret, 32, hash);
    assert_memory_equal(read.hash, hash, 32);
    assert_memory_equal(made.hash, hash, 32);
}

static void handle__every_changed_character_is_refused_T28(void **state)
{
    struct fixture *fixture = *state;
    struct handle handle;
    const char *text = make(fixture, HANDLE_CODE, &handle);
    for (size_t i = 0; text[i]; i++) {
        for (int byte = 1; byte < 256; byte++) {
            char changed[128];
            memcpy(changed, text, strlen(text) + 1);
            changed[i] = (char)byte;
            if (changed[i] != text[i])
                assert_false(parses(fixture, HANDLE_CODE, changed));
        }
        arena_reset(fixture->arena);
        text = make(fixture, HANDLE_CODE, &handle);
    }
}

static void handle__cut_and_extended_ones_are_refused_T28(void **state)
{
    struct fixture *fixture = *state;
    struct handle handle;
    const char *text = make(fixture, HANDLE_TICKET, &handle);
    for (size_t length = 0; length < strlen(text); length++) {
        assert_false(parses(fixture, HANDLE_TICKET, arena_strndup(fixture->arena, text, length)));
        assert_false(parses(fixture, HANDLE_TICKET, text + strlen(text) - length));
    }
    for (size_t i = 0; i < sizeof(alphabet) - 1; i++)
        assert_false(parses(fixture, HANDLE_TICKET, arena_printf(fixture->arena, "%s%c", text, alphabet[i])));
    assert_false(parses(fixture, HANDLE_TICKET, arena_printf(fixture->arena, "%s=", text)));
    assert_false(parses(fixture, HANDLE_TICKET, arena_printf(fixture->arena, " %s", text)));
    assert_false(parses(fixture, HANDLE_TICKET, arena_printf(fixture->arena, "%s%s", text, text)));
}

/* Both as it is and with the other kind's prefix put in front. */
static void handle__of_one_kind_is_none_of_another_T19(void **state)
{
    struct fixture *fixture = *state;
    static const char *const prefixes[] = { "dwc_", "dwr_", "dwt_", "dwm_", "dwv_", "dwa_", "dwp_",
                                            "dwo_", "dwn_", "dwu_", "dwi_", "dwq_", "dwl_" };
    struct handle handle;
    assert_int_equal(ARRAY_SIZE(prefixes), HANDLE_KINDS);
    for (int kind = HANDLE_CODE; kind < HANDLE_KINDS; kind++) {
        const char *text = make(fixture, (enum handle_kind)kind, &handle);
        assert_int_equal(strncmp(text, prefixes[kind], 4), 0);
        for (int other = HANDLE_CODE; other < HANDLE_KINDS; other++) {
            const char *disguised = arena_printf(fixture->arena, "%s%s", prefixes[other], text + 4);
            assert_int_equal(parses(fixture, (enum handle_kind)other, text), kind == other);
            assert_int_equal(parses(fixture, (enum handle_kind)other, disguised), kind == other);
        }
    }
}

static void handle__empty_and_missing_ones_are_refused_T117(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = { NULL, "", "d", "dwc", "dwc_", "dwc_=", "dwc_A", " ", "\n", "." };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_false(parses(fixture, HANDLE_CODE, texts[i]));
}

static void handle__survives_a_key_on_top_but_not_a_lost_key(void **state)
{
    struct fixture *fixture = *state;
    struct handle handle, read;
    const char *text = make(fixture, HANDLE_CODE, &handle);
    struct keyfile *rotated = keyfile_with(KEY_LINE_NEW KEY_LINE_OLD), *lost = keyfile_with(KEY_LINE_NEW);
    assert_true(handle_parse(rotated, fixture->arena, HANDLE_CODE, text, &read));
    assert_false(handle_parse(lost, fixture->arena, HANDLE_CODE, text, &read));
    keyfile_free(rotated);
    keyfile_free(lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(handle__comes_back_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handle__every_changed_character_is_refused_T28, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handle__cut_and_extended_ones_are_refused_T28, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handle__of_one_kind_is_none_of_another_T19, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handle__empty_and_missing_ones_are_refused_T117, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handle__survives_a_key_on_top_but_not_a_lost_key, set_up, tear_down),
    };
    return UNIT_RUN(tests);
}
