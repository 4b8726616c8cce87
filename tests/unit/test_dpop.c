/* test_dpop.c: which proofs are taken (RFC 9449 §4.3), with an issuer that has a path and another address for
 * certificates. The checklist's whole list, through the door, is in tests/api/test_dpop.py. */
#include "unit.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/algs.h"
#include "domain/directory.h"
#include "domain/oauth/dpop.h"
#include "keyfiles.h"
#include "vectors.h"

#define TOKEN "the.access.token"

enum { NOW = 1700000000 };

static struct settings settings = { .issuer = "https://sso.example.org/idp",
                                    .mtls_url = "https://mtls.example.org:8443/idp",
                                    .database_socket = "/nonexistent",
                                    .database_host = "",
                                    .database_name = "",
                                    .database_user = "",
                                    .database_password = "",
                                    .database_tls_ca = "",
                                    .database_timeout_s = 1 };
static struct context context;
static struct keyfile *keyfile;
static struct jwk *key;

/* The words of a proof; NULL leaves one out. */
struct words {
    const char *typ, *alg, *jti, *htm, *htu, *ath, *nonce;
    int64_t iat;
    bool private_key;
};

static struct words good_words(void)
{
    unsigned char hash[32];
    sha256_text(TOKEN, hash);
    return (struct words) { .typ = "dpop+jwt",
                            .alg = "ES256",
                            .jti = "one",
                            .htm = "GET",
                            .htu = "https://sso.example.org/idp/api/oauth/userinfo",
                            .ath = base64url_encode(context.arena, hash, 32),
                            .iat = NOW };
}

static int set_up(void **state)
{
    (void)state;
    context = (struct context) { .arena = arena_make(1 << 24), .now = NOW, .settings = &settings };
    settings.dpop_nonce_lifetime_s = 0;
    context.keyfile = keyfile = keyfile_with(KEY_LINE_OLD);
    /* a database that is away: hosts of workspaces can't be read then */
    context.db = db_make(&settings);
    context.directory = directory_make();
    key = jwk_generate("ES256", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jwk_free(key);
    db_destroy(context.db);
    directory_free(context.directory);
    keyfile_free(keyfile);
    arena_destroy(context.arena);
    return 0;
}

static const char *header_of(const struct words *words)
{
    struct json_writer writer = json_writer_start(context.arena);
    const char *error, *private_text = jwk_print_private(key, context.arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "typ", words->typ);
    json_write_text(&writer, "alg", words->alg);
    if (words->private_key)
        json_write_value(&writer, "jwk",
                         json_parse(context.arena, private_text, strlen(private_text), &error));
    else
        jwk_write_public(key, &writer, "jwk");
    json_close_object(&writer);
    return writer.text.data;
}

static const char *claims_of(const struct words *words)
{
    struct json_writer writer = json_writer_start(context.arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "jti", words->jti);
    json_write_text(&writer, "htm", words->htm);
    json_write_text(&writer, "htu", words->htu);
    json_write_text(&writer, "ath", words->ath);
    json_write_text(&writer, "nonce", words->nonce);
    if (words->iat)
        json_write_integer(&writer, "iat", words->iat);
    json_close_object(&writer);
    return writer.text.data;
}

/* The proof as a header would bring it, for the request in hand. */
static const char *proof_of(const struct words *words)
{
    const char *header = header_of(words), *claims = claims_of(words);
    const char *text =
        arena_printf(context.arena, "%s.%s", base64url_encode(context.arena, header, strlen(header)),
                     base64url_encode(context.arena, claims, strlen(claims)));
    struct bytes signature;
    const struct alg *alg = alg_find("ES256");
    assert_true(alg->sign(alg, key, context.arena,
                          (struct bytes) { (const unsigned char *)text, strlen(text) }, &signature));
    return arena_printf(context.arena, "%s.%s", text,
                        base64url_encode(context.arena, signature.data, signature.length));
}

static enum outcome check_text(const char *proof, struct dpop_proof *proof_out)
{
    context.dpop = (struct dpop_request) { .proof = proof, .method = "GET", .path = "/api/oauth/userinfo" };
    context.dpop_nonce = NULL;
    return dpop_check(&context, TOKEN, proof_out);
}

static enum outcome check(const struct words *words)
{
    struct dpop_proof proof;
    return check_text(proof_of(words), &proof);
}

static void dpop__a_good_proof_is_taken_and_tells_its_key(void **state)
{
    (void)state;
    struct dpop_proof proof;
    struct words words = good_words();
    assert_int_equal(check_text(proof_of(&words), &proof), OUTCOME_OK);
    assert_string_equal(proof.jkt, jwk_thumbprint(key, context.arena));
    assert_string_equal(proof.jti, "one");
    assert_true(proof.expires_at > NOW && proof.expires_at < NOW + 600);
}

static enum outcome check_example(const struct json *example, int64_t after_s, const char *path,
                                  const char *token, struct dpop_proof *proof_out)
{
    int64_t at;
    assert_true(json_integer(json_member(example, "at"), &at));
    context.now = at + after_s;
    context.dpop = (struct dpop_request) { .proof = json_member_text(example, "proof"),
                                           .method = json_member_text(example, "method"),
                                           .path = path };
    return dpop_check(&context, token, proof_out);
}

/* RFC 9449 §4.1 and §7.1: their proofs are taken for what they are made for, when they are made, and for
 * nothing else. */
static void dpop__the_examples_of_rfc9449_are_taken(void **state)
{
    (void)state;
    static const char *const files[] = { "rfc9449_4.1", "rfc9449_7.1" };
    const char *issuer = settings.issuer;
    struct dpop_proof proof;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        const struct json *example = vector(context.arena, files[i]);
        const char *token = json_member_text(example, "token"), *path = json_member_text(example, "path");
        settings.issuer = json_member_text(example, "issuer");
        assert_int_equal(check_example(example, 5, path, token, &proof), OUTCOME_OK);
        assert_string_equal(proof.jkt, json_member_text(example, "jkt"));
        assert_string_equal(proof.jti, json_member_text(example, "jti"));
        assert_int_not_equal(check_example(example, 5, path, TOKEN, &proof), OUTCOME_OK);
        assert_int_not_equal(check_example(example, 5, "/other", token, &proof), OUTCOME_OK);
        assert_int_not_equal(check_example(example, 3600, path, token, &proof), OUTCOME_OK);
    }
    settings.issuer = issuer;
}

static void dpop__what_is_missing_or_wrong_is_refused(void **state)
{
    (void)state;
    const struct words good = good_words();
    struct words bad[20];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        bad[i] = good;
    bad[count++].typ = NULL;
    bad[count++].typ = "JWT";
    bad[count++].alg = NULL;
    bad[count++].alg = "none";
    bad[count++].alg = "RS256";
    bad[count++].alg = "HS256";
    bad[count++].jti = NULL;
    bad[count++].jti = "";
    bad[count++].htm = NULL;
    bad[count++].htm = "POST";
    bad[count++].htu = NULL;
    bad[count++].ath = NULL;
    bad[count++].ath = TOKEN;
    bad[count++].iat = 0;
    bad[count++].iat = NOW - 3600;
    bad[count++].iat = NOW + 3600;
    bad[count++].private_key = true;
    for (size_t i = 0; i < count; i++)
        if (check(&bad[i]) != OUTCOME_INVALID_TOKEN_PROOF)
            fail_msg("case %zu was taken", i);
}

/* RFC 9449 §4.3: as RFC 3986 §6.2 has addresses compared, without query and fragment. */
static void dpop__htu_is_the_address_below_the_issuer(void **state)
{
    (void)state;
    static const char *const same[] = {
        "https://sso.example.org/idp/api/oauth/userinfo",
        "HTTPS://SSO.Example.ORG/idp/api/oauth/userinfo",
        "https://sso.example.org:443/idp/api/oauth/userinfo",
        "https://sso.example.org/idp/api/oauth/userinfo?a=b#c",
        "https://mtls.example.org:8443/idp/api/oauth/userinfo",
    };
    static const char *const other[] = {
        "",
        "x",
        "https:",
        "https://",
        "https://sso.example.org",
        "https://sso.example.org/api/oauth/userinfo",
        "https://sso.example.org/idp/api/oauth/userinfo/",
        "https://sso.example.org/IDP/api/oauth/userinfo",
        "https://sso.example.org/idp/api/oauth/token",
        "https://sso.example.org/idp/api/oauth/../oauth/userinfo",
        "https://sso.example.org/idp//api/oauth/userinfo",
        "https://sso.example.org/idp/api/oauth/%75serinfo",
        "https://me@sso.example.org/idp/api/oauth/userinfo",
        "/idp/api/oauth/userinfo",
        "https://sso.example.org/idp/idp/api/oauth/userinfo",
        "://sso.example.org/idp/api/oauth/userinfo",
    };
    struct words words = good_words();
    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        words.htu = same[i];
        if (check(&words) != OUTCOME_OK)
            fail_msg("%s: %s", same[i], context.reason);
    }
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        words.htu = other[i];
        if (check(&words) != OUTCOME_INVALID_TOKEN_PROOF)
            fail_msg("%s was taken", other[i]);
    }
}

/* What can't be known isn't guessed: it could be a workspace's. */
static void dpop__another_host_is_looked_up(void **state)
{
    (void)state;
    struct words words = good_words();
    words.htu = "https://evil.example/idp/api/oauth/userinfo";
    assert_int_equal(check(&words), OUTCOME_UNAVAILABLE);
}

/* abuse 14: whatever is cut off or changed, it's no proof, and nothing is read that isn't there. */
static void dpop__changed_bytes_are_refused(void **state)
{
    (void)state;
    struct dpop_proof proof;
    struct words words = good_words();
    const char *good = proof_of(&words);
    for (size_t i = 0; i < strlen(good); i++) {
        char *changed = arena_strdup(context.arena, good);
        assert_int_not_equal(check_text(arena_strndup(context.arena, good, i), &proof), OUTCOME_OK);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_not_equal(check_text(changed, &proof), OUTCOME_OK);
    }
    static const char *const odd[] = {
        NULL, "", ".", "..", "...", "a.b.c", "bnVsbA.bnVsbA.", "W10.W10.AAAA", "e30.e30.AAAA"
    };
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
        assert_int_equal(check_text(odd[i], &proof), OUTCOME_INVALID_TOKEN_PROOF);
}

static void dpop__two_headers_are_refused(void **state)
{
    (void)state;
    struct dpop_proof proof;
    struct words words = good_words();
    context.dpop = (struct dpop_request) {
        .proof = proof_of(&words), .repeated = true, .method = "GET", .path = "/api/oauth/userinfo"
    };
    assert_int_equal(dpop_check(&context, TOKEN, &proof), OUTCOME_INVALID_TOKEN_PROOF);
}

/* At its edges: taken to the last second of its life, remembered beyond it, and followed by the next from the
 * first second of a step. */
static void nonce__rotates_to_the_second(void **state)
{
    (void)state;
    enum { LIFE = 40, STEP = LIFE / 4, MADE = NOW - NOW % STEP };
    struct words words = good_words();
    struct dpop_proof proof;
    settings.dpop_nonce_lifetime_s = LIFE;
    context.now = MADE + STEP - 1;
    assert_int_equal(check(&words), OUTCOME_USE_TOKEN_NONCE);
    const char *first = words.nonce = context.dpop_nonce;
    context.now = MADE;
    assert_int_equal(check(&words), OUTCOME_OK);
    assert_null(context.dpop_nonce);
    context.now = MADE + STEP - 1;
    assert_int_equal(check(&words), OUTCOME_OK);
    assert_null(context.dpop_nonce);
    context.now = MADE + STEP;
    assert_int_equal(check(&words), OUTCOME_OK);
    assert_non_null(context.dpop_nonce);
    assert_string_not_equal(context.dpop_nonce, first);
    context.now = MADE + LIFE - 1;
    assert_int_equal(check_text(proof_of(&words), &proof), OUTCOME_OK);
    assert_true(proof.expires_at >= MADE + LIFE);
    context.now = MADE + LIFE;
    assert_int_equal(check(&words), OUTCOME_USE_TOKEN_NONCE);
    context.now = MADE - 60;
    assert_int_equal(check(&words), OUTCOME_OK); /* of a machine whose clock is ahead */
    context.now = MADE - 61;
    assert_int_equal(check(&words), OUTCOME_USE_TOKEN_NONCE);
}

/* security 61: stateless, so other machines know them, and keys that were rotated still do. */
static void nonce__is_asked_for_taken_and_expires(void **state)
{
    (void)state;
    struct words words = good_words();
    settings.dpop_nonce_lifetime_s = 300;
    assert_int_equal(check(&words), OUTCOME_USE_TOKEN_NONCE);
    const char *first = words.nonce = context.dpop_nonce;
    assert_non_null(first);
    assert_int_equal(check(&words), OUTCOME_OK);
    assert_null(context.dpop_nonce);
    words.iat = 1;
    assert_int_equal(check(&words), OUTCOME_OK); /* our clock counts */
    keyfile_free(keyfile);
    context.keyfile = keyfile = keyfile_with(KEY_LINE_NEW KEY_LINE_OLD);
    assert_int_equal(check(&words), OUTCOME_OK);
    context.now += 200;
    assert_int_equal(check(&words), OUTCOME_OK);
    assert_non_null(context.dpop_nonce); /* the next, for when this one ends */
    assert_string_not_equal(context.dpop_nonce, first);
    context.now += 200;
    assert_int_equal(check(&words), OUTCOME_USE_TOKEN_NONCE);
    words.nonce = context.dpop_nonce;
    assert_int_equal(check(&words), OUTCOME_OK);
    context.now -= 3600; /* one of the future was never ours to give */
    assert_int_equal(check(&words), OUTCOME_USE_TOKEN_NONCE);
    keyfile_free(keyfile);
    context.keyfile = keyfile = keyfile_with(KEY_LINE_NEW);
    words.nonce = first;
    assert_int_equal(check(&words), OUTCOME_USE_TOKEN_NONCE);
}

static void thumbprint__is_told_from_what_is_none(void **state)
{
    (void)state;
    assert_true(dpop_is_thumbprint(context.arena, jwk_thumbprint(key, context.arena)));
    assert_false(dpop_is_thumbprint(context.arena, "x"));
    assert_false(dpop_is_thumbprint(context.arena, ""));
    assert_false(dpop_is_thumbprint(context.arena, "AAAA"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(dpop__a_good_proof_is_taken_and_tells_its_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dpop__the_examples_of_rfc9449_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonce__rotates_to_the_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dpop__what_is_missing_or_wrong_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dpop__htu_is_the_address_below_the_issuer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dpop__another_host_is_looked_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dpop__changed_bytes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dpop__two_headers_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonce__is_asked_for_taken_and_expires, set_up, tear_down),
        cmocka_unit_test_setup_teardown(thumbprint__is_told_from_what_is_none, set_up, tear_down),
    };
    return UNIT_RUN(tests);
}
