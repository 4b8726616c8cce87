/* profile.c: see profile.h. */
#include "domain/providers/profile.h"

#include "core/strbuf.h"
#include "core/text.h"
#include "domain/login/canonical.h"

enum { SUBJECT_MAX = 255, NAME_MAX_CHARACTERS = 200, USER_MAX_BYTES = 4096 };

/* "data.id": the member id of the member data. */
static const struct json *follow(struct arena *arena, const struct json *profile, const char *path,
                                 size_t length)
{
    const char *cursor = arena_strndup(arena, path, length), *word;
    size_t word_length;
    while (profile && text_next_word(&cursor, '.', &word, &word_length))
        profile = json_member(profile, arena_strndup(arena, word, word_length));
    return profile;
}

/* The first of the words that leads to something. A name with a dot in it (a URL, as namespaced claims have)
 * is tried as it is before. */
static const struct json *find(struct arena *arena, const struct json *profile, const char *paths)
{
    const char *word;
    size_t length;
    while (paths && text_next_word(&paths, ' ', &word, &length)) {
        const struct json *value = json_member(profile, arena_strndup(arena, word, length));
        if (!value)
            value = follow(arena, profile, word, length);
        if (value)
            return value;
    }
    return NULL;
}

/* True, as providers have written it: true, "true", 1, "1". */
static bool is_true(const struct json *value)
{
    bool boolean;
    int64_t integer;
    const char *text = json_text(value);
    if (json_boolean(value, &boolean))
        return boolean;
    if (json_integer(value, &integer))
        return integer == 1;
    return text_equal(text, "true") || text_equal(text, "1");
}

const char *profile_subject(struct arena *arena, const struct provider_kind *kind, const struct json *profile)
{
    int64_t number;
    const struct json *value = find(arena, profile, kind->subject);
    const char *text = json_text(value);
    if (json_integer(value, &number))
        text = arena_printf(arena, "%lld", (long long)number);
    return !text_empty(text) && strlen(text) <= SUBJECT_MAX && text_is_printable(text) ? text : NULL;
}

static void take_name(const char *name, struct provider_identity *identity)
{
    if (text_empty(identity->name) && name && person_name_is_plain(name, 1, NAME_MAX_CHARACTERS))
        identity->name = name;
}

static void take_address(struct arena *arena, const char *email, bool vouched,
                         struct provider_identity *identity)
{
    if (identity->email || !email || !email_canonical_new(arena, email))
        return;
    identity->email = email;
    identity->email_vouched = vouched;
}

void profile_read(struct arena *arena, const struct provider_kind *kind, const struct json *profile,
                  struct provider_identity *identity)
{
    if (!identity->subject)
        identity->subject = profile_subject(arena, kind, profile);
    if (!identity->name)
        identity->name = "";
    take_name(json_text(find(arena, profile, kind->name_member)), identity);
    bool vouched = kind->vouches || is_true(find(arena, profile, kind->email_verified));
    take_address(arena, json_text(find(arena, profile, kind->email)), vouched, identity);
}

const char *profile_permissions(struct arena *arena, const struct provider_kind *kind,
                                const struct json *profile)
{
    const struct json *list = find(arena, profile, kind->permissions);
    struct strbuf granted = strbuf_start(arena);
    if (json_kind(list) != JSON_ARRAY)
        return NULL;
    for (size_t i = 0; i < json_count(list); i++) {
        const char *word = json_member_text(json_item(list, i), "permission");
        if (word && text_equal(json_member_text(json_item(list, i), "status"), "granted"))
            strbuf_add_format(&granted, "%s%s", granted.length ? " " : "", word);
    }
    return granted.data;
}

void profile_read_addresses(struct arena *arena, const struct json *list, struct provider_identity *identity)
{
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *address = json_item(list, i);
        if (is_true(json_member(address, "primary")))
            take_address(arena, json_member_text(address, "email"), is_true(json_member(address, "verified")),
                         identity);
    }
}

void profile_read_user(struct arena *arena, const char *user, struct provider_identity *identity)
{
    const char *error;
    size_t length = user ? strlen(user) : 0;
    if (!length || length > USER_MAX_BYTES)
        return;
    const struct json *name = json_member(json_parse(arena, user, length, &error), "name");
    const char *first = json_member_text(name, "firstName"), *last = json_member_text(name, "lastName");
    const char *joint = text_empty(first) || text_empty(last) ? "" : " ";
    take_name(arena_printf(arena, "%s%s%s", first ? first : "", joint, last ? last : ""), identity);
}
