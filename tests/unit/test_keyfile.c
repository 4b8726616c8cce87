/* The key file: what is read and refused, and that sealed and signed things hold. */
#include "unit.h"

#include "keyfiles.h"

static struct bytes text_bytes(const char *text)
{
    return (struct bytes) { (const unsigned char *)text, strlen(text) };
}

static void keyfile__reads_keys_newest_first(void **state)
{
    (void)state;
    struct keyfile *keyfile = keyfile_with(KEY_LINE_NEW KEY_LINE_OLD);
    assert_int_equal(keyfile_count(keyfile), 2);
    assert_string_equal(keyfile_name(keyfile, 0), "new");
    assert_string_equal(keyfile_name(keyfile, 1), "old");
    keyfile_free(keyfile);
}

static bool begins(struct bytes bytes, struct bytes beginning)
{
    return bytes.length >= beginning.length && memcmp(bytes.data, beginning.data, beginning.length) == 0;
}

static void keyfile__what_it_sealed_begins_with_its_key_alone(void **state)
{
    (void)state;
    static const char *const others[] = { "k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
                                          "k-10 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n" };
    struct arena *arena = arena_make(64 * 1024);
    struct keyfile *keyfile = keyfile_with("k-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n" KEY_LINE_OLD);
    struct bytes beginning = keyfile_beginning(keyfile, arena);
    assert_true(begins(keyfile_seal(keyfile, arena, "a:1", text_bytes("x")), beginning));
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        struct keyfile *other = keyfile_with(others[i]);
        assert_false(begins(keyfile_seal(other, arena, "a:1", text_bytes("x")), beginning));
        keyfile_free(other);
    }
    assert_true(keyfile_is_name("k-1") && !keyfile_is_name("") && !keyfile_is_name("K") &&
                !keyfile_is_name("seventeen-letters"));
    keyfile_free(keyfile);
    arena_destroy(arena);
}

static void keyfile__refuses_what_is_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "old\n",
        "old \n",
        " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        "Old AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        "seventeen-letters AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        "old AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh\n",
        "old AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "old AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\n",
        "old AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 \n",
        "old AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\r\n",
        "old  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        KEY_LINE_OLD "\n",
        KEY_LINE_OLD KEY_LINE_OLD,
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *error = NULL;
        assert_null(keyfile_written(texts[i], 0600, &error));
        assert_non_null(error);
        assert_null(strchr(error, '\n'));
    }
}

static void keyfile__refuses_a_mode_that_others_can_use(void **state)
{
    (void)state;
    static const mode_t wide[] = { 0644, 0660, 0604, 0602, 0601, 0620, 0700, 0666, 0777 };
    static const mode_t fine[] = { 0600, 0640, 0400, 0440 };
    const char *error = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(wide); i++) {
        assert_null(keyfile_written(KEY_LINE_OLD, wide[i], &error));
        assert_non_null(strstr(error, "0600"));
    }
    for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
        struct keyfile *keyfile = keyfile_written(KEY_LINE_OLD, fine[i], &error);
        assert_non_null(keyfile);
        keyfile_free(keyfile);
    }
}

static void keyfile__says_what_to_do_when_there_is_none(void **state)
{
    (void)state;
    const char *error = NULL;
    assert_null(keyfile_load("/nonexistent/doorward.key", &error));
    assert_non_null(strstr(error, "doorward key-file create"));
    assert_null(keyfile_load("/tmp", &error));
    assert_null(keyfile_load("", &error));
}

static void keyfile__creates_one_that_loads_and_never_overwrites(void **state)
{
    (void)state;
    char folder[] = "/tmp/doorward-keyfile-XXXXXX", path[64];
    struct stat status;
    const char *error = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/key", folder);
    mode_t mask = umask(0277);
    assert_true(keyfile_create(path));
    umask(mask);
    assert_false(keyfile_create(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    struct keyfile *keyfile = keyfile_load(path, &error);
    assert_non_null(keyfile);
    assert_int_equal(keyfile_count(keyfile), 1);
    keyfile_free(keyfile);
    unlink(path);
    rmdir(folder);
}

static void keyfile__opens_what_it_sealed(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "x",
                                         "a secret of some length, longer than a block of sixteen bytes" };
    struct arena *arena = arena_make(1 << 20);
    struct keyfile *keyfile = keyfile_with(KEY_LINE_OLD);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct bytes plain, sealed = keyfile_seal(keyfile, arena, "clients.secret:1", text_bytes(texts[i]));
        assert_int_equal(sealed.length, 1 + 3 + 12 + strlen(texts[i]) + 16);
        assert_true(keyfile_open(keyfile, arena, "clients.secret:1", sealed, &plain));
        assert_int_equal(plain.length, strlen(texts[i]));
        assert_string_equal((const char *)plain.data, texts[i]);
    }
    struct bytes once = keyfile_seal(keyfile, arena, "a", text_bytes("x"));
    struct bytes twice = keyfile_seal(keyfile, arena, "a", text_bytes("x"));
    assert_memory_not_equal(once.data, twice.data, once.length);
    keyfile_free(keyfile);
    arena_destroy(arena);
}

static void keyfile__a_sealed_value_moved_flipped_or_cut_stays_shut(void **state)
{
    (void)state;
    struct arena *arena = arena_make(16 << 20);
    struct keyfile *keyfile = keyfile_with(KEY_LINE_NEW KEY_LINE_OLD);
    struct bytes plain, sealed = keyfile_seal(keyfile, arena, "clients.secret:1", text_bytes("hush"));
    assert_false(keyfile_open(keyfile, arena, "clients.secret:2", sealed, &plain));
    assert_false(keyfile_open(keyfile, arena, "", sealed, &plain));
    for (size_t i = 0; i < sealed.length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct bytes flipped = arena_copy(arena, sealed.data, sealed.length);
            ((unsigned char *)(uintptr_t)flipped.data)[i] ^= (unsigned char)(1 << bit);
            assert_false(keyfile_open(keyfile, arena, "clients.secret:1", flipped, &plain));
        }
        struct bytes cut = arena_copy(arena, sealed.data, i);
        assert_false(keyfile_open(keyfile, arena, "clients.secret:1", cut, &plain));
    }
    assert_false(keyfile_open(keyfile, arena, "", (struct bytes) { NULL, 0 }, &plain));
    keyfile_free(keyfile);
    arena_destroy(arena);
}

static void keyfile__all_keys_open_and_verify_and_the_first_seals_and_signs(void **state)
{
    (void)state;
    struct arena *arena = arena_make(1 << 20);
    struct keyfile *old = keyfile_with(KEY_LINE_OLD), *both = keyfile_with(KEY_LINE_NEW KEY_LINE_OLD);
    unsigned char mac[32];
    struct bytes plain, sealed = keyfile_seal(old, arena, "row", text_bytes("hush"));
    assert_true(keyfile_open(both, arena, "row", sealed, &plain));
    sealed = keyfile_seal(both, arena, "row", text_bytes("hush"));
    assert_false(keyfile_open(old, arena, "row", sealed, &plain));
    keyfile_sign(old, "csrf", "data", 4, mac, sizeof(mac));
    assert_true(keyfile_verify(both, "csrf", "data", 4, mac, sizeof(mac)));
    keyfile_sign(both, "csrf", "data", 4, mac, sizeof(mac));
    assert_false(keyfile_verify(old, "csrf", "data", 4, mac, sizeof(mac)));
    assert_true(keyfile_verify(both, "csrf", "data", 4, mac, sizeof(mac)));
    keyfile_free(old);
    keyfile_free(both);
    arena_destroy(arena);
}

static void keyfile__a_mac_holds_for_its_purpose_data_and_length_only_T45(void **state)
{
    (void)state;
    struct keyfile *keyfile = keyfile_with(KEY_LINE_OLD);
    unsigned char mac[32];
    keyfile_sign(keyfile, "csrf", "data", 4, mac, 16);
    assert_true(keyfile_verify(keyfile, "csrf", "data", 4, mac, 16));
    assert_false(keyfile_verify(keyfile, "cookie", "data", 4, mac, 16));
    assert_false(keyfile_verify(keyfile, "csrf", "date", 4, mac, 16));
    assert_false(keyfile_verify(keyfile, "csrf", "dat", 3, mac, 16));
    assert_false(keyfile_verify(keyfile, "csrf", "data", 4, mac, 0));
    assert_false(keyfile_verify(keyfile, "csrf", "data", 4, mac, 33));
    for (int i = 0; i < 16; i++) {
        mac[i] ^= 1;
        assert_false(keyfile_verify(keyfile, "csrf", "data", 4, mac, 16));
        mac[i] ^= 1;
    }
    keyfile_free(keyfile);
}

/* More purposes than are kept, so that each is derived anew. */
static void keyfile__many_purposes_stay_apart(void **state)
{
    (void)state;
    struct keyfile *keyfile = keyfile_with(KEY_LINE_OLD);
    unsigned char macs[40][32];
    char purpose[16];
    for (int i = 0; i < 40; i++) {
        snprintf(purpose, sizeof(purpose), "purpose %d", i);
        keyfile_sign(keyfile, purpose, "", 0, macs[i], 32);
    }
    for (int i = 0; i < 40; i++) {
        snprintf(purpose, sizeof(purpose), "purpose %d", i);
        assert_true(keyfile_verify(keyfile, purpose, "", 0, macs[i], 32));
        assert_false(keyfile_verify(keyfile, purpose, "", 0, macs[(i + 1) % 40], 32));
    }
    keyfile_free(keyfile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keyfile__reads_keys_newest_first),
        cmocka_unit_test(keyfile__what_it_sealed_begins_with_its_key_alone),
        cmocka_unit_test(keyfile__refuses_what_is_malformed),
        cmocka_unit_test(keyfile__refuses_a_mode_that_others_can_use),
        cmocka_unit_test(keyfile__says_what_to_do_when_there_is_none),
        cmocka_unit_test(keyfile__creates_one_that_loads_and_never_overwrites),
        cmocka_unit_test(keyfile__opens_what_it_sealed),
        cmocka_unit_test(keyfile__a_sealed_value_moved_flipped_or_cut_stays_shut),
        cmocka_unit_test(keyfile__all_keys_open_and_verify_and_the_first_seals_and_signs),
        cmocka_unit_test(keyfile__a_mac_holds_for_its_purpose_data_and_length_only_T45),
        cmocka_unit_test(keyfile__many_purposes_stay_apart),
    };
    return UNIT_RUN(tests);
}
