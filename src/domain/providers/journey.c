/* journey.c: see journey.h. */
#include "domain/providers/journey.h"

#include "core/encode.h"
#include "core/json_writer.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "store/used_ids.h"

enum {
    RANDOM_BYTES = 32,
    MAC_BYTES = 32,
    COOKIE_CHARACTERS = 2 * RANDOM_BYTES + 1 + 2 * MAC_BYTES,
    SKEW_S = 60 /* between the clocks of two machines */
};

static const char cookie_purpose[] = "provider.csrf";

static const char *const purposes[] = {
    [JOURNEY_SIGN_IN] = "sign_in",
    [JOURNEY_ADMIN_SIGN_IN] = "admin_sign_in",
    [JOURNEY_LINK] = "link",
    [JOURNEY_CONNECT] = "connect",
};
_Static_assert(ARRAY_SIZE(purposes) == JOURNEY_PURPOSES, "a purpose without its word");

/* Text members of a journey as they travel: one list for writing and reading. */
static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "provider", offsetof(struct journey, provider) },      { "flow", offsetof(struct journey, flow) },
    { "return_to", offsetof(struct journey, return_to) },    { "request", offsetof(struct journey, request) },
    { "pending", offsetof(struct journey, pending) },        { "user", offsetof(struct journey, user_id) },
    { "scopes", offsetof(struct journey, scopes) },          { "nonce", offsetof(struct journey, nonce) },
    { "verifier", offsetof(struct journey, code_verifier) }, { "prompt", offsetof(struct journey, prompt) },
    { "browser", offsetof(struct journey, browser) },
};

static const char **member_of(struct journey *journey, size_t index)
{
    return (const char **)(void *)((char *)journey + members[index].offset);
}

/* --- the cookie --- */

static const char *new_cookie(struct context *context)
{
    unsigned char value[RANDOM_BYTES], mac[MAC_BYTES];
    random_bytes(value, sizeof(value));
    const char *token = hex_encode(context->arena, value, sizeof(value));
    keyfile_sign(context->keyfile, cookie_purpose, token, strlen(token), mac, sizeof(mac));
    return arena_printf(context->arena, "%s.%s", token, hex_encode(context->arena, mac, sizeof(mac)));
}

/* One that we have made: <64 hex digits>.<their MAC>. */
static bool cookie_is_good(struct context *context, const char *cookie)
{
    unsigned char mac[MAC_BYTES];
    if (!cookie || strlen(cookie) != COOKIE_CHARACTERS || cookie[2 * RANDOM_BYTES] != '.' ||
        strspn(cookie, "0123456789abcdef") != 2 * RANDOM_BYTES ||
        !hex_decode(cookie + 2 * RANDOM_BYTES + 1, mac, sizeof(mac)))
        return false;
    return keyfile_verify(context->keyfile, cookie_purpose, cookie, 2 * RANDOM_BYTES, mac, sizeof(mac));
}

/* The browser's own cookie, as a journey has it. */
static const char *print_of(struct context *context, const char *own)
{
    unsigned char hash[32];
    sha256_text(arena_printf(context->arena, "provider journey of %s", own), hash);
    return hex_encode(context->arena, hash, sizeof(hash));
}

/* A browser that has no such cookie of its own has the other one alone. */
static bool is_of_browser(struct context *context, const struct journey *journey, const char *own)
{
    return !own || text_equal(journey->browser, print_of(context, own));
}

/* --- the way out --- */

static const char *bound_to(struct context *context, const char *csrf)
{
    return arena_printf(context->arena, "provider.journey:%s", csrf);
}

static const char *seal(struct context *context, struct journey *journey, const char *csrf)
{
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "purpose", purposes[journey->purpose]);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        json_write_text(&writer, members[i].name, *member_of(journey, i));
    json_write_integer(&writer, "at", journey->began_at);
    json_close_object(&writer);
    struct bytes plain = { (const unsigned char *)writer.text.data, writer.text.length };
    struct bytes sealed = keyfile_seal(context->keyfile, context->arena, bound_to(context, csrf), plain);
    return base64url_encode(context->arena, sealed.data, sealed.length);
}

static const char *print_state(struct context *context, struct journey *journey, const char *csrf)
{
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "csrf", csrf);
    json_write_text(&writer, "journey", seal(context, journey, csrf));
    json_close_object(&writer);
    return base64url_encode(context->arena, writer.text.data, writer.text.length);
}

const char *journey_callback(struct context *context, const struct provider *provider)
{
    return arena_printf(context->arena, "%s/api/auth/%s/callback", context->settings->issuer, provider->name);
}

enum outcome journey_start(struct context *context, const struct provider *provider,
                           const struct journey *journey, const struct provider_authorization *wishes,
                           const struct journey_browser *browser, const char **url_out,
                           const char **cookie_out)
{
    struct journey begun = *journey;
    struct provider_authorization authorization =
        wishes ? *wishes : (struct provider_authorization) { .state = NULL };
    *cookie_out = cookie_is_good(context, browser->csrf) ? browser->csrf : new_cookie(context);
    begun.provider = provider->name;
    begun.scopes = journey->scopes ? journey->scopes : provider->sign_in_scopes;
    /* whose kind doesn't take it is asked for what comes next to it, and can't be held to it */
    begun.prompt = provider->kind->prompts ? NULL : authorization.prompt;
    begun.browser = print_of(context, browser->own);
    begun.nonce = random_text(context->arena, RANDOM_BYTES);
    begun.code_verifier = random_text(context->arena, RANDOM_BYTES);
    begun.began_at = context->now;

    authorization.redirect_uri = journey_callback(context, provider);
    authorization.state = print_state(context, &begun, *cookie_out);
    authorization.nonce = begun.nonce;
    authorization.code_verifier = begun.code_verifier;
    authorization.scopes = begun.scopes;
    *url_out = provider_authorization_url(context, provider, &authorization);
    return OUTCOME_OK;
}

/* --- the way back --- */

bool journey_is_stale(const struct journey *journey, const struct provider_identity *identity)
{
    return text_has_word(journey->prompt ? journey->prompt : "", ' ', "login") && identity->auth_time &&
           identity->auth_time < journey->began_at - SKEW_S;
}

static enum outcome foreign(struct context *context, const char *reason)
{
    return refuse(context, OUTCOME_FOREIGN_FORM, reason);
}

static bool read_purpose(const char *word, struct journey *journey)
{
    for (size_t i = 0; i < ARRAY_SIZE(purposes); i++) {
        if (!text_equal(word, purposes[i]))
            continue;
        journey->purpose = (enum journey_purpose)i;
        return true;
    }
    return false;
}

/* What was sealed for this csrf; false: not by us. */
static bool open_sealed(struct context *context, const char *text, const char *csrf, struct journey *journey)
{
    const char *error;
    struct bytes sealed, plain;
    struct journey read = { .purpose = JOURNEY_SIGN_IN };
    if (!text || !base64url_decode(context->arena, text, strlen(text), &sealed) ||
        !keyfile_open(context->keyfile, context->arena, bound_to(context, csrf), sealed, &plain))
        return false;
    const struct json *object = json_parse(context->arena, (const char *)plain.data, plain.length, &error);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        *member_of(&read, i) = json_member_text(object, members[i].name);
    if (!json_integer(json_member(object, "at"), &read.began_at) ||
        !read_purpose(json_member_text(object, "purpose"), &read) || !read.provider || !read.nonce ||
        !read.code_verifier)
        return false;
    *journey = read;
    return true;
}

static enum outcome check(struct context *context, const char *provider, const char *csrf,
                          const struct journey_browser *browser, const struct journey *journey)
{
    const char *cookie = browser->csrf;
    int64_t age = context->now - journey->began_at;
    if (!cookie_is_good(context, cookie) ||
        !secret_equal((struct bytes) { (const unsigned char *)csrf, strlen(csrf) },
                      (struct bytes) { (const unsigned char *)cookie, strlen(cookie) }))
        return foreign(context, "the state belongs to another browser");
    if (!is_of_browser(context, journey, browser->own))
        return foreign(context, "the state was planted in this browser");
    /* RFC 9700 §4.4: an answer that comes by another provider's callback is never that provider's */
    if (!text_equal(journey->provider, provider))
        return foreign(context, "the state belongs to another provider");
    if (age > JOURNEY_STATE_S || age < -SKEW_S)
        return foreign(context, "the state has expired");
    return OUTCOME_OK;
}

enum outcome journey_read(struct context *context, const char *provider, const char *state,
                          const struct journey_browser *browser, struct journey *journey_out)
{
    const char *error;
    struct bytes text;
    struct journey journey;
    *journey_out = (struct journey) { .purpose = JOURNEY_SIGN_IN };
    const struct json *object = NULL;
    if (state && base64url_decode(context->arena, state, strlen(state), &text))
        object = json_parse(context->arena, (const char *)text.data, text.length, &error);
    if (json_kind(object) != JSON_OBJECT)
        return refuse(context, OUTCOME_MALFORMED, "state can't be read");
    const char *csrf = json_member_text(object, "csrf");
    if (!csrf || !open_sealed(context, json_member_text(object, "journey"), csrf, &journey))
        return foreign(context, "the state is not one of ours");
    enum outcome outcome = check(context, provider, csrf, browser, &journey);
    if (outcome == OUTCOME_OK)
        *journey_out = journey;
    else
        *journey_out = (struct journey) { .purpose = journey.purpose,
                                          .flow = journey.flow,
                                          .return_to = journey.return_to,
                                          .request = journey.request };
    return outcome;
}

/* By its nonce: the same journey in a state that is spelled otherwise is still the same one. */
enum outcome journey_use(struct context *context, const struct journey *journey)
{
    unsigned char id[32];
    sha256_text(arena_printf(context->arena, "provider journey %s", journey->nonce), id);
    enum store_result added = used_ids_add(context->db, id, journey->began_at + JOURNEY_STATE_S + 2 * SKEW_S);
    if (added == STORE_CONFLICT)
        return refuse(context, OUTCOME_FLOW_ENDED, "the state has been used");
    return store_outcome(context, added, OUTCOME_SERVER_ERROR, NULL);
}
