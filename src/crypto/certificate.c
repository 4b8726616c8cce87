/* certificate.c: see certificate.h. OpenSSL's objects live only within a function. */
#include "crypto/certificate.h"

#include "core/encode.h"
#include "core/network.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/algs.h"
#include "crypto/digest.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static const char begin[] = "-----BEGIN CERTIFICATE-----";
static const char end[] = "-----END CERTIFICATE-----";
static const char blanks[] = " \t\r\n";

/* --- from text to DER --- */

/* The base64 between the two lines, without its blanks; NULL when there is anything else. */
static const char *strip(struct arena *arena, const char *text)
{
    text += strspn(text, blanks);
    if (!text_starts(text, begin))
        return NULL;
    text += sizeof(begin) - 1;
    const char *stop = strstr(text, end);
    if (!stop)
        return NULL;
    const char *behind = stop + sizeof(end) - 1;
    if (behind[strspn(behind, blanks)])
        return NULL;
    struct strbuf stripped = strbuf_start(arena);
    while (text < stop) {
        size_t length = strcspn(text, blanks);
        if (length > (size_t)(stop - text))
            length = (size_t)(stop - text);
        strbuf_add(&stripped, text, length);
        text += length + strspn(text + length, blanks);
    }
    return stripped.data;
}

static bool read_der(struct arena *arena, const char *text, struct bytes *der_out)
{
    size_t length = strnlen(text, CERTIFICATE_MAX_TEXT + 1);
    char *plain;
    if (length > CERTIFICATE_MAX_TEXT)
        return false;
    /* a '%' is in no PEM: nginx's $ssl_client_escaped_cert */
    if (memchr(text, '%', length)) {
        if (!percent_decode(arena, text, length, false, &plain))
            return false;
        text = plain;
    }
    const char *stripped = strip(arena, text);
    return stripped && base64_decode(arena, stripped, strlen(stripped), der_out);
}

/* --- what is in it --- */

static bool read_time(const ASN1_TIME *time, int64_t *seconds_out)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days, seconds;
    bool read = epoch && time && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    if (read)
        *seconds_out = (int64_t)days * 86400 + seconds;
    ASN1_TIME_free(epoch);
    return read;
}

/* A name as text; NULL for a kind that nobody is registered by, and for one that holds a NUL. */
static const char *read_name(struct arena *arena, const GENERAL_NAME *name, enum certificate_name *kind_out)
{
    static const struct {
        int type;
        enum certificate_name kind;
    } kinds[] = { { GEN_DNS, CERTIFICATE_DNS },
                  { GEN_URI, CERTIFICATE_URI },
                  { GEN_EMAIL, CERTIFICATE_EMAIL } };
    struct ip_address address;
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    const unsigned char *data = type == GEN_IPADD || type == GEN_DNS || type == GEN_URI || type == GEN_EMAIL
                                    ? ASN1_STRING_get0_data(value)
                                    : NULL;
    size_t length = data ? (size_t)ASN1_STRING_length(value) : 0;
    if (type == GEN_IPADD && (length == 4 || length == 16)) {
        if (length == 4)
            ip_from_v4(data, &address);
        else
            memcpy(address.bytes, data, sizeof(address.bytes));
        *kind_out = CERTIFICATE_IP;
        return ip_print(arena, &address);
    }
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (type != kinds[i].type || !length || memchr(data, '\0', length))
            continue;
        *kind_out = kinds[i].kind;
        return arena_strndup(arena, (const char *)data, length);
    }
    return NULL;
}

static void read_names(struct arena *arena, const X509 *x509, struct certificate *certificate)
{
    GENERAL_NAMES *found = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    int count = found ? sk_GENERAL_NAME_num(found) : 0;
    const char **lists[CERTIFICATE_NAMES];
    size_t counts[CERTIFICATE_NAMES] = { 0 };
    for (size_t i = 0; i < CERTIFICATE_NAMES; i++)
        certificate->names[i] = lists[i] = arena_array(arena, (size_t)count + 1, sizeof(*lists[i]));
    for (int i = 0; i < count; i++) {
        enum certificate_name kind;
        const char *name = read_name(arena, sk_GENERAL_NAME_value(found, i), &kind);
        if (name)
            lists[kind][counts[kind]++] = name;
    }
    GENERAL_NAMES_free(found);
}

/* What OpenSSL wrote into memory of its own. */
static bool keep(struct arena *arena, unsigned char *data, int length, struct bytes *kept_out)
{
    if (length > 0)
        *kept_out = arena_copy(arena, data, (size_t)length);
    OPENSSL_free(data);
    return length > 0;
}

static const char *read_certificate(struct arena *arena, X509 *x509, struct certificate *certificate)
{
    unsigned char *subject = NULL, *public_key = NULL, hash[32];
    int subject_length = i2d_X509_NAME(X509_get_subject_name(x509), &subject);
    int key_length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &public_key);
    bool kept = keep(arena, subject, subject_length, &certificate->subject);
    if (!keep(arena, public_key, key_length, &certificate->public_key) || !kept)
        return "the certificate can't be read";
    if (!read_time(X509_get0_notBefore(x509), &certificate->not_before) ||
        !read_time(X509_get0_notAfter(x509), &certificate->not_after))
        return "the certificate's validity can't be read";
    read_names(arena, x509, certificate);
    sha256(certificate->der.data, certificate->der.length, hash);
    certificate->thumbprint = base64url_encode(arena, hash, sizeof(hash));
    return NULL;
}

const struct certificate *certificate_read(struct arena *arena, const char *text, const char **error_out)
{
    struct certificate *certificate = arena_alloc(arena, sizeof(*certificate));
    *error_out = "the certificate isn't one in PEM";
    if (!read_der(arena, text, &certificate->der))
        return NULL;
    const unsigned char *cursor = certificate->der.data;
    X509 *x509 = d2i_X509(NULL, &cursor, (long)certificate->der.length);
    *error_out = "the certificate can't be read";
    if (x509 && cursor == certificate->der.data + certificate->der.length)
        *error_out = read_certificate(arena, x509, certificate);
    X509_free(x509);
    ERR_clear_error();
    return *error_out ? NULL : certificate;
}

/* --- subjects --- */

/* One type and value of a subject as RFC 4514 writes it. */
struct attribute {
    ASN1_OBJECT *type;
    int encoding;
    const unsigned char *value;
    int length;
    bool joined; /* by '+' to the one before */
};

enum { MAX_ATTRIBUTES = 32, MAX_SUBJECT = 2000 };

struct subject_reader {
    struct arena *arena;
    const char *cursor;
    struct attribute attributes[MAX_ATTRIBUTES];
    size_t count;
};

/* RFC 4514 §3 names these in any case; others by OpenSSL's name or by number. */
static ASN1_OBJECT *type_of(struct arena *arena, const char *name, size_t length)
{
    static const struct {
        const char *name;
        int nid;
    } types[] = {
        { "CN", NID_commonName },
        { "L", NID_localityName },
        { "ST", NID_stateOrProvinceName },
        { "O", NID_organizationName },
        { "OU", NID_organizationalUnitName },
        { "C", NID_countryName },
        { "STREET", NID_streetAddress },
        { "DC", NID_domainComponent },
        { "UID", NID_userId },
        { "EMAILADDRESS", NID_pkcs9_emailAddress },
        { "E", NID_pkcs9_emailAddress },
    };
    const char *text = arena_strndup(arena, name, length);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (text_equal_ascii_case(text, types[i].name))
            return OBJ_dup(OBJ_nid2obj(types[i].nid));
    }
    return length ? OBJ_txt2obj(text, 0) : NULL;
}

/* "#" and the DER of a value in hexadecimal (RFC 4514 §2.4). */
static bool read_hex_value(struct subject_reader *reader, struct attribute *attribute)
{
    const char *digits = reader->cursor + 1;
    size_t count = strspn(digits, "0123456789abcdefABCDEF");
    unsigned char *der = arena_alloc(reader->arena, count / 2 + 1);
    const char *text = arena_strndup(reader->arena, digits, count);
    if (!count || count % 2 || !hex_decode(text, der, count / 2))
        return false;
    reader->cursor = digits + count;
    const unsigned char *cursor = der;
    ASN1_TYPE *value = d2i_ASN1_TYPE(NULL, &cursor, (long)(count / 2));
    bool is_string = value && cursor == der + count / 2 && value->type != V_ASN1_BOOLEAN &&
                     value->type != V_ASN1_NULL && value->type != V_ASN1_OBJECT;
    if (is_string) {
        struct bytes kept = arena_copy(reader->arena, ASN1_STRING_get0_data(value->value.asn1_string),
                                       (size_t)ASN1_STRING_length(value->value.asn1_string));
        attribute->encoding = value->type;
        attribute->value = kept.data;
        attribute->length = (int)kept.length;
    }
    ASN1_TYPE_free(value);
    return is_string;
}

/* One character of a value, an escaped one as what it stands for. */
static bool read_character(struct subject_reader *reader, struct strbuf *value)
{
    static const char special[] = " \"#+,;<=>\\";
    const char *at = reader->cursor;
    unsigned char byte;
    if (*at != '\\') {
        strbuf_add_char(value, *at);
        reader->cursor++;
        return !strchr("\";<>", *at);
    }
    if (at[1] && strchr(special, at[1])) {
        strbuf_add_char(value, at[1]);
        reader->cursor += 2;
        return true;
    }
    if (!at[1] || !at[2] || !hex_decode(arena_strndup(reader->arena, at + 1, 2), &byte, 1) || !byte)
        return false;
    strbuf_add_char(value, (char)byte);
    reader->cursor += 3;
    return true;
}

static bool read_value(struct subject_reader *reader, struct attribute *attribute)
{
    struct strbuf value = strbuf_start(reader->arena);
    if (*reader->cursor == '#')
        return read_hex_value(reader, attribute);
    while (*reader->cursor && !strchr(",+", *reader->cursor)) {
        if (!read_character(reader, &value))
            return false;
    }
    attribute->encoding = V_ASN1_UTF8STRING;
    attribute->value = (const unsigned char *)value.data;
    attribute->length = (int)value.length;
    return value.length && text_is_utf8(value.data, value.length);
}

static bool read_attribute(struct subject_reader *reader, bool joined)
{
    if (reader->count >= MAX_ATTRIBUTES)
        return false;
    struct attribute *attribute = &reader->attributes[reader->count++];
    attribute->joined = joined;
    reader->cursor += strspn(reader->cursor, " ");
    size_t length = strcspn(reader->cursor, "=,+ ");
    attribute->type = type_of(reader->arena, reader->cursor, length);
    reader->cursor += length + strspn(reader->cursor + length, " ");
    if (!attribute->type || *reader->cursor != '=')
        return false;
    reader->cursor += 1 + strspn(reader->cursor + 1, " ");
    return read_value(reader, attribute);
}

static bool read_attributes(struct subject_reader *reader)
{
    bool joined = false;
    for (;;) {
        if (!read_attribute(reader, joined))
            return false;
        if (!*reader->cursor)
            return true;
        joined = *reader->cursor == '+';
        if (!joined && *reader->cursor != ',')
            return false;
        reader->cursor++;
    }
}

static bool add_attribute(X509_NAME *name, const struct attribute *attribute, bool joined)
{
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_OBJ(NULL, attribute->type, attribute->encoding,
                                                           attribute->value, attribute->length);
    bool added = entry && X509_NAME_add_entry(name, entry, -1, joined ? -1 : 0) == 1;
    X509_NAME_ENTRY_free(entry);
    return added;
}

/* The string has the last part of the name first (RFC 4514 §2.1). */
static bool add_attributes(X509_NAME *name, const struct subject_reader *reader)
{
    size_t end_of_part = reader->count;
    for (size_t i = reader->count; i-- > 0;) {
        if (reader->attributes[i].joined)
            continue;
        for (size_t j = i; j < end_of_part; j++) {
            if (!add_attribute(name, &reader->attributes[j], j > i))
                return false;
        }
        end_of_part = i;
    }
    return true;
}

/* NULL for what isn't a subject; to be freed. */
static X509_NAME *read_subject(struct arena *arena, const char *text)
{
    struct subject_reader reader = { .arena = arena, .cursor = text };
    X509_NAME *name = X509_NAME_new();
    if (!name)
        fatal("out of memory");
    bool read = strnlen(text, MAX_SUBJECT + 1) <= MAX_SUBJECT && read_attributes(&reader) &&
                add_attributes(name, &reader);
    for (size_t i = 0; i < reader.count; i++)
        ASN1_OBJECT_free(reader.attributes[i].type);
    ERR_clear_error();
    if (read)
        return name;
    X509_NAME_free(name);
    return NULL;
}

bool certificate_subject_is_readable(struct arena *arena, const char *subject)
{
    X509_NAME *name = read_subject(arena, subject);
    X509_NAME_free(name);
    return name != NULL;
}

bool certificate_has_subject(const struct certificate *certificate, struct arena *arena, const char *subject)
{
    const unsigned char *cursor = certificate->subject.data;
    X509_NAME *wanted = read_subject(arena, subject);
    X509_NAME *found = d2i_X509_NAME(NULL, &cursor, (long)certificate->subject.length);
    /* OpenSSL compares the canonical forms: one encoding, lower case, single blanks. */
    bool same = wanted && found && X509_NAME_cmp(wanted, found) == 0;
    X509_NAME_free(wanted);
    X509_NAME_free(found);
    ERR_clear_error();
    return same;
}

/* --- other names, and the key --- */

static bool same_dns(const char *name, const char *wanted)
{
    return text_equal_ascii_case(name, wanted);
}

/* Only the host of an address has no case (RFC 5280 §7.5). */
static bool same_email(const char *name, const char *wanted)
{
    const char *at = strrchr(name, '@'), *wanted_at = strrchr(wanted, '@');
    if (!at || !wanted_at || at - name != wanted_at - wanted)
        return false;
    return memcmp(name, wanted, (size_t)(at - name)) == 0 && text_equal_ascii_case(at, wanted_at);
}

static bool same_ip(const char *name, const char *wanted)
{
    struct ip_address address, wanted_address;
    return ip_parse(name, &address) && ip_parse(wanted, &wanted_address) &&
           memcmp(&address, &wanted_address, sizeof(address)) == 0;
}

bool certificate_has_name(const struct certificate *certificate, enum certificate_name kind, const char *name)
{
    static bool (*const same[CERTIFICATE_NAMES])(const char *name, const char *wanted) = {
        [CERTIFICATE_DNS] = same_dns,
        [CERTIFICATE_URI] = text_equal,
        [CERTIFICATE_IP] = same_ip,
        [CERTIFICATE_EMAIL] = same_email,
    };
    for (const char *const *each = certificate->names[kind]; *each; each++) {
        if (same[kind](*each, name))
            return true;
    }
    return false;
}

bool certificate_has_key(const struct certificate *certificate, const struct json *jwk)
{
    const char *error;
    const unsigned char *cursor = certificate->public_key.data;
    struct jwk *key = jwk_parse(jwk, &error);
    if (!key)
        return false;
    EVP_PKEY *certified = d2i_PUBKEY(NULL, &cursor, (long)certificate->public_key.length);
    bool same = key->pkey && certified && EVP_PKEY_eq(key->pkey, certified) == 1;
    EVP_PKEY_free(certified);
    jwk_free(key);
    ERR_clear_error();
    return same;
}
