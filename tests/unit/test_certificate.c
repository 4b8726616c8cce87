/* test_certificate.c: certificates as web servers hand them over, with hostile input. */
#include "unit.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/jwk.h"
#include "vectors.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static struct arena *arena;
static EVP_PKEY *key;

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(1 << 24);
    key = EVP_EC_gen("P-256");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    arena_destroy(arena);
    return 0;
}

static void add(X509_NAME *name, const char *type, int encoding, const char *value, int set)
{
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, type, encoding, (const unsigned char *)value, -1, -1, set), 1);
}

/* A certificate with that subject, and subjectAltName as openssl.cnf writes it (NULL: none), as PEM. */
static const char *make(void (*subject)(X509_NAME *name), const char *alternatives)
{
    X509 *x509 = X509_new();
    char *data;
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
    ASN1_TIME_set(X509_getm_notBefore(x509), 1000000000);
    ASN1_TIME_set(X509_getm_notAfter(x509), 4000000000);
    X509_set_pubkey(x509, key);
    subject(X509_get_subject_name(x509));
    if (alternatives) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternatives);
        assert_non_null(extension);
        X509_add_ext(x509, extension, -1);
        X509_EXTENSION_free(extension);
    }
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x509);
    size_t length = (size_t)BIO_get_mem_data(bio, &data);
    const char *pem = arena_strndup(arena, data, length);
    BIO_free(bio);
    X509_free(x509);
    return pem;
}

static void plain_subject(X509_NAME *name)
{
    add(name, "C", V_ASN1_PRINTABLESTRING, "DE", 0);
    add(name, "O", V_ASN1_UTF8STRING, "Acme, Inc.", 0);
    add(name, "OU", V_ASN1_UTF8STRING, "R&D", 0);
    add(name, "CN", V_ASN1_UTF8STRING, "api client", 0);
}

static const struct certificate *good(const char *text)
{
    const char *error;
    const struct certificate *certificate = certificate_read(arena, text, &error);
    if (!certificate)
        fail_msg("%s", error);
    return certificate;
}

static const char *replaced(const char *text, char from, const char *to)
{
    struct strbuf out = strbuf_start(arena);
    for (; *text; text++) {
        if (*text == from)
            strbuf_add_text(&out, to);
        else
            strbuf_add_char(&out, *text);
    }
    return out.data;
}

static void certificate__is_read_in_each_servers_encoding(void **state)
{
    (void)state;
    const char *pem = make(plain_subject, NULL);
    const char *const forms[] = { pem,
                                  percent_encode(arena, pem),
                                  replaced(pem, '\n', "\r\n"),
                                  replaced(pem, '\n', "\n\t"),
                                  replaced(pem, '\n', " "),
                                  arena_printf(arena, "\n \t%s\n\n", pem),
                                  replaced(percent_encode(arena, pem), '+', "%2B") };
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        const struct certificate *certificate = good(forms[i]);
        assert_string_equal(certificate->thumbprint, good(pem)->thumbprint);
        assert_int_equal(certificate->not_before, 1000000000);
        assert_int_equal(certificate->not_after, 4000000000);
    }
}

static void certificate__thumbprint_is_the_hash_of_its_der(void **state)
{
    (void)state;
    unsigned char hash[32];
    const struct certificate *certificate = good(make(plain_subject, NULL));
    sha256(certificate->der.data, certificate->der.length, hash);
    assert_string_equal(certificate->thumbprint, base64url_encode(arena, hash, 32));
}

static void certificate__anything_else_is_refused(void **state)
{
    (void)state;
    const char *error, *pem = make(plain_subject, NULL);
    const char *escaped = percent_encode(arena, pem);
    size_t length = strlen(pem);
    char *large = arena_alloc(arena, CERTIFICATE_MAX_TEXT + 10);
    memset(large, 'A', CERTIFICATE_MAX_TEXT + 9);
    const char *const texts[] = {
        "",
        "x",
        "%",
        "%00",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE----------END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        arena_printf(arena, "%s%s", pem, pem), /* which one is meant? */
        arena_printf(arena, "%sx", pem),       /* garbage behind */
        arena_printf(arena, "x%s", pem),       /* and before */
        arena_strndup(arena, pem, length / 2), /* cut */
        arena_printf(arena, "%s%%0", escaped), /* a bad escape */
        replaced(pem, 'M', "$"),
        replaced(pem, ' ', ""),
        large,
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        assert_null(certificate_read(arena, texts[i], &error));
        assert_non_null(error);
    }
}

/* abuse 15: any byte of it changed, it's another certificate or none; nothing is read beyond its end. */
static void certificate__changed_bytes_never_hurt(void **state)
{
    (void)state;
    const struct certificate *whole =
        good(make(plain_subject, "DNS:a.example,IP:192.0.2.1,email:a@b.example"));
    for (size_t i = 0; i < whole->der.length; i++) {
        struct arena *own = arena_make(1 << 20);
        const char *error;
        struct bytes copy = arena_copy(own, whole->der.data, whole->der.length);
        ((unsigned char *)(uintptr_t)copy.data)[i] ^= (unsigned char)(1u << (i % 8));
        const char *text = arena_printf(own, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----",
                                        base64_encode(own, copy.data, copy.length));
        const struct certificate *other = certificate_read(own, text, &error);
        if (other) {
            assert_string_not_equal(other->thumbprint, whole->thumbprint);
            (void)certificate_has_subject(other, own, "CN=x");
            (void)certificate_has_name(other, CERTIFICATE_DNS, "a.example");
        }
        const char *cut = arena_printf(own, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----",
                                       base64_encode(own, whole->der.data, i));
        assert_null(certificate_read(own, cut, &error));
        arena_destroy(own);
    }
}

static bool is_subject(const struct certificate *certificate, const char *subject)
{
    assert_int_equal(certificate_subject_is_readable(arena, subject), true);
    return certificate_has_subject(certificate, arena, subject);
}

/* T-58 and its like: names are told apart by value, never by how somebody spells them. */
static void subject__is_compared_by_value(void **state)
{
    (void)state;
    const struct certificate *certificate = good(make(plain_subject, NULL));
    static const char *const same[] = {
        "CN=api client,OU=R&D,O=Acme\\, Inc.,C=DE",
        "cn=api client, ou=R&D, o=Acme\\, Inc., c=DE",
        "CN=API Client,OU=r&d,O=ACME\\2C INC.,C=de",
        "CN=  api   client ,OU=R&D,O=Acme\\2c Inc.,C=DE",
        "2.5.4.3=api client,OU=R&D,O=Acme\\, Inc.,C=DE",
        "commonName=api client,OU=R&D,O=Acme\\, Inc.,C=DE",
        "CN=#0C0A61706920636C69656E74,OU=R&D,O=Acme\\, Inc.,C=DE",
        "CN=\\61pi client,OU=R\\26D,O=Acme\\, Inc.,C=DE",
    };
    static const char *const other[] = {
        "CN=api client",
        "O=Acme\\, Inc.,CN=api client",
        "C=DE,O=Acme\\, Inc.,OU=R&D,CN=api client",
        "CN=api client,OU=R&D,O=Acme,C=DE",
        "CN=api clients,OU=R&D,O=Acme\\, Inc.,C=DE",
        "CN=api client+OU=R&D,O=Acme\\, Inc.,C=DE",
        "CN=api client,OU=R&D,O=Acme\\, Inc.,C=DE,DC=x",
        "O=api client,OU=R&D,O=Acme\\, Inc.,C=DE",
        "CN=apiclient,OU=R&D,O=Acme\\, Inc.,C=DE",
    };
    for (size_t i = 0; i < ARRAY_SIZE(same); i++)
        if (!is_subject(certificate, same[i]))
            fail_msg("%s is another", same[i]);
    for (size_t i = 0; i < ARRAY_SIZE(other); i++)
        if (is_subject(certificate, other[i]))
            fail_msg("%s is the same", other[i]);
}

static void joined_subject(X509_NAME *name)
{
    add(name, "DC", V_ASN1_IA5STRING, "example", 0);
    add(name, "CN", V_ASN1_UTF8STRING, "J\xc3\xbcrgen", 0);
    add(name, "UID", V_ASN1_UTF8STRING, "42", -1);
}

static void bmp_subject(X509_NAME *name)
{
    add(name, "DC", V_ASN1_IA5STRING, "example", 0);
    add(name, "CN", MBSTRING_UTF8, "J\xc3\xbcrgen", 0);
    add(name, "UID", MBSTRING_UTF8, "42", -1);
}

static void subject__parts_of_several_and_other_encodings_are_the_same(void **state)
{
    (void)state;
    void (*const subjects[])(X509_NAME *) = { joined_subject, bmp_subject };
    for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
        const struct certificate *certificate = good(make(subjects[i], NULL));
        assert_true(is_subject(certificate, "CN=J\\C3\\BCrgen+UID=42,DC=example"));
        assert_true(is_subject(certificate, "UID=42+CN=J\xc3\xbcrgen,DC=EXAMPLE"));
        assert_false(is_subject(certificate, "UID=42,CN=J\xc3\xbcrgen,DC=example"));
    }
}

static void subject__what_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",           " ",        "CN",         "CN=",          "=x",      "CN=a,",   ",CN=a",
        "CN=a,,O=b",  "CN=a+",    "nonsense=a", "1.2.3.4.x=a",  "CN=a\\",  "CN=a\\0", "CN=a\\zz",
        "CN=a\\00b",  "CN=\"a\"", "CN=a;O=b",   "CN=a<b",       "CN=#",    "CN=#0",   "CN=#zz",
        "CN=#0101FF", "CN=#0500", "CN=#0C0A61", "CN=#0C0161FF", "CN=\\C3", "CN=\xff", "/CN=a/O=b",
        "CN a",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (certificate_subject_is_readable(arena, texts[i]))
            fail_msg("%s is a subject", texts[i]);
    struct strbuf many = strbuf_start(arena);
    for (size_t i = 0; i < 100; i++)
        strbuf_add_text(&many, i ? ",CN=a" : "CN=a");
    assert_false(certificate_subject_is_readable(arena, many.data));
    char *long_one = arena_alloc(arena, 4096);
    memset(long_one, 'a', 4095);
    memcpy(long_one, "CN=", 3);
    assert_false(certificate_subject_is_readable(arena, long_one));
}

/* Whatever bytes are tried as a subject: they are one or they aren't. */
static void subject__odd_bytes_never_hurt(void **state)
{
    (void)state;
    static const char letters[] = "CN=O,+\\#0aF \"4.\xc3";
    const struct certificate *certificate = good(make(plain_subject, NULL));
    uint32_t number = 12345;
    for (size_t i = 0; i < 20000; i++) {
        char text[24];
        size_t length = i % (sizeof(text) - 1);
        for (size_t j = 0; j < length; j++) {
            number = number * 1664525u + 1013904223u;
            text[j] = letters[(number >> 16) % (sizeof(letters) - 1)];
        }
        text[length] = '\0';
        struct arena *own = arena_make(1 << 16);
        assert_false(certificate_has_subject(certificate, own, text));
        arena_destroy(own);
    }
}

static void names__are_compared_as_their_kind_is(void **state)
{
    (void)state;
    const struct certificate *certificate =
        good(make(plain_subject, "DNS:api.Acme.example,URI:https://acme.example/API,IP:192.0.2.7,"
                                 "IP:2001:db8::7,email:Ops@Acme.example,DNS:second.example"));
    static const struct {
        enum certificate_name kind;
        const char *name;
        bool has;
    } cases[] = {
        { CERTIFICATE_DNS, "api.acme.example", true },
        { CERTIFICATE_DNS, "SECOND.example", true },
        { CERTIFICATE_DNS, "acme.example", false },
        { CERTIFICATE_DNS, "*.acme.example", false },
        { CERTIFICATE_DNS, "", false },
        { CERTIFICATE_DNS, "192.0.2.7", false },
        { CERTIFICATE_URI, "https://acme.example/API", true },
        { CERTIFICATE_URI, "https://acme.example/api", false },
        { CERTIFICATE_URI, "https://acme.example/API/", false },
        { CERTIFICATE_IP, "192.0.2.7", true },
        { CERTIFICATE_IP, "2001:db8::7", true },
        { CERTIFICATE_IP, "2001:0db8:0:0::7", true },
        { CERTIFICATE_IP, "192.0.2.8", false },
        { CERTIFICATE_IP, "api.acme.example", false },
        { CERTIFICATE_EMAIL, "Ops@acme.EXAMPLE", true },
        { CERTIFICATE_EMAIL, "ops@acme.example", false },
        { CERTIFICATE_EMAIL, "Ops@acme.example.org", false },
        { CERTIFICATE_EMAIL, "Ops", false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (certificate_has_name(certificate, cases[i].kind, cases[i].name) != cases[i].has)
            fail_msg("%s", cases[i].name);
}

/* A name that goes on behind a NUL was read as a shorter one by others. */
static void names__with_a_nul_are_none(void **state)
{
    (void)state;
    const struct certificate *certificate = good(make(plain_subject, "DNS:a.example.evil.example"));
    struct bytes der = arena_copy(arena, certificate->der.data, certificate->der.length);
    unsigned char *dot = memmem(der.data, der.length, ".evil", 5);
    assert_non_null(dot);
    *dot = '\0';
    certificate = good(arena_printf(arena, "-----BEGIN CERTIFICATE-----%s-----END CERTIFICATE-----",
                                    base64_encode(arena, der.data, der.length)));
    assert_false(certificate_has_name(certificate, CERTIFICATE_DNS, "a.example"));
    assert_null(certificate->names[CERTIFICATE_DNS][0]);
}

static const struct json *jwk_of(EVP_PKEY *of)
{
    unsigned char point[65];
    size_t length;
    const char *error;
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(of, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &length), 1);
    const char *text =
        arena_printf(arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
                     base64url_encode(arena, point + 1, 32), base64url_encode(arena, point + 33, 32));
    return json_parse(arena, text, strlen(text), &error);
}

static void key__is_told_from_others(void **state)
{
    (void)state;
    const char *error, *rsa = "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
                       *oct = "{\"kty\":\"oct\",\"k\":\"AAAA\"}";
    const struct certificate *certificate = good(make(plain_subject, NULL));
    EVP_PKEY *other = EVP_EC_gen("P-256");
    assert_true(certificate_has_key(certificate, jwk_of(key)));
    assert_false(certificate_has_key(certificate, jwk_of(other)));
    assert_false(certificate_has_key(certificate, json_parse(arena, rsa, strlen(rsa), &error)));
    assert_false(certificate_has_key(certificate, json_parse(arena, oct, strlen(oct), &error)));
    assert_false(certificate_has_key(certificate, NULL));
    EVP_PKEY_free(other);
}

/* RFC 8705 appendix A, in each server's encoding: certificate, thumbprint and key. */
static void certificate__is_told_as_rfc8705_A_has_it(void **state)
{
    (void)state;
    const struct json *example = vector(arena, "rfc8705_A");
    const char *pem = json_member_text(example, "pem");
    const char *const forms[] = { pem, percent_encode(arena, pem), replaced(pem, '\n', " ") };
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        const struct certificate *certificate = good(forms[i]);
        assert_string_equal(certificate->thumbprint, json_member_text(example, "x5t#S256"));
        assert_true(certificate_has_key(certificate, json_member(example, "jwk")));
        assert_true(is_subject(certificate, "CN=mtls"));
        assert_int_equal(certificate->not_before, 1539866229); /* 2018-10-18 12:37:09 */
        assert_int_equal(certificate->not_after, 1651495029);  /* 2022-05-02 12:37:09 */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate__is_read_in_each_servers_encoding),
        cmocka_unit_test(certificate__thumbprint_is_the_hash_of_its_der),
        cmocka_unit_test(certificate__anything_else_is_refused),
        cmocka_unit_test(certificate__changed_bytes_never_hurt),
        cmocka_unit_test(subject__is_compared_by_value),
        cmocka_unit_test(subject__parts_of_several_and_other_encodings_are_the_same),
        cmocka_unit_test(subject__what_is_none_is_refused),
        cmocka_unit_test(subject__odd_bytes_never_hurt),
        cmocka_unit_test(names__are_compared_as_their_kind_is),
        cmocka_unit_test(names__with_a_nul_are_none),
        cmocka_unit_test(key__is_told_from_others),
        cmocka_unit_test(certificate__is_told_as_rfc8705_A_has_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
