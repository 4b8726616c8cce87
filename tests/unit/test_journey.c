/* People sent to a provider and back: what came back is taken in its browser, of its provider, in time, and
 * once; all else is refused. */
#include "unit.h"

#include "core/encode.h"
#include "core/json.h"
#include "core/settings.h"
#include "core/text.h"
#include "domain/providers/journey.h"
#include "keyfiles.h"
#include "store/used_ids.h"

enum { NOW = 1800000000 };

/* --- what stands in for the talk and the table --- */

static struct provider_authorization sent;

const char *provider_authorization_url(struct context *context, const struct provider *provider,
                                       const struct provider_authorization *authorization)
{
    (void)context;
    sent = *authorization;
    return provider->authorization_endpoint;
}

static unsigned char used[32];
static bool is_used;

enum store_result used_ids_add(struct db *db, const unsigned char id[32], int64_t expires_at)
{
    (void)db;
    assert_true(expires_at > NOW + JOURNEY_STATE_S);
    if (is_used && memcmp(used, id, sizeof(used)) == 0)
        return STORE_CONFLICT;
    memcpy(used, id, sizeof(used));
    is_used = true;
    return STORE_OK;
}

static const struct provider_kind kind = { .name = "google" };
static const struct provider google = { .name = "google",
                                        .kind = &kind,
                                        .authorization_endpoint = "https://accounts.example/authorize",
                                        .sign_in_scopes = "openid email" };

static int set_up(void **state)
{
    static struct context context;
    static struct settings settings = { .issuer = "https://id.example" };
    context = (struct context) { .arena = arena_make(16 << 20),
                                 .keyfile = keyfile_with(KEY_LINE_OLD),
                                 .settings = &settings,
                                 .now = NOW };
    is_used = false;
    *state = &context;
    return 0;
}

static int tear_down(void **state)
{
    struct context *context = *state;
    keyfile_free((struct keyfile *)(uintptr_t)context->keyfile);
    arena_destroy(context->arena);
    return 0;
}

static const char own_cookie[] = "the cookie of this browser alone";

static enum outcome read_in(struct context *context, const char *provider, const char *state,
                            const char *cookie, const char *own, struct journey *journey_out)
{
    const struct journey_browser browser = { .csrf = cookie, .own = own };
    return journey_read(context, provider, state, &browser, journey_out);
}

static enum outcome read_back(struct context *context, const char *provider, const char *state,
                              const char *cookie, struct journey *journey_out)
{
    return read_in(context, provider, state, cookie, own_cookie, journey_out);
}

/* Sends somebody out in this browser; the cookie it then has. */
static const char *begin(struct context *context, const struct journey *journey, const char *cookie)
{
    const char *url, *kept;
    const struct journey_browser browser = { .csrf = cookie, .own = own_cookie };
    assert_int_equal(journey_start(context, &google, journey, NULL, &browser, &url, &kept), OUTCOME_OK);
    assert_string_equal(url, google.authorization_endpoint);
    return kept;
}

static const struct journey sign_in = { .purpose = JOURNEY_SIGN_IN, .flow = "dwt_flow", .return_to = "/x" };

static void journey__comes_back_as_it_was_sent_out(void **state)
{
    struct context *context = *state;
    struct journey back;
    const struct journey out = { .purpose = JOURNEY_LINK, .user_id = "somebody", .scopes = "openid" };
    const char *cookie = begin(context, &out, NULL);
    assert_string_equal(sent.redirect_uri, "https://id.example/api/auth/google/callback");
    assert_string_equal(sent.scopes, "openid");
    assert_int_equal(read_back(context, "google", sent.state, cookie, &back), OUTCOME_OK);
    assert_int_equal(back.purpose, JOURNEY_LINK);
    assert_string_equal(back.user_id, "somebody");
    assert_null(back.flow);
    assert_string_equal(back.nonce, sent.nonce);
    assert_string_equal(back.code_verifier, sent.code_verifier);
    assert_true(strlen(back.nonce) >= 43 && strlen(back.code_verifier) >= 43);
    assert_int_equal(back.began_at, NOW);
}

static void journey__state_tells_nothing_of_where_it_began(void **state)
{
    struct context *context = *state;
    struct bytes text;
    const char *cookie = begin(context, &sign_in, NULL), *error;
    assert_true(base64url_decode(context->arena, sent.state, strlen(sent.state), &text));
    const struct json *object = json_parse(context->arena, (const char *)text.data, text.length, &error);
    assert_int_equal(json_count(object), 2);
    assert_string_equal(json_member_text(object, "csrf"), cookie);
    assert_non_null(json_member_text(object, "journey"));
    assert_null(strstr((const char *)text.data, "dwt_flow"));
}

static void journey__is_taken_once_however_its_state_is_spelled_72(void **state)
{
    struct context *context = *state;
    struct journey back, again;
    struct bytes text;
    const char *cookie = begin(context, &sign_in, NULL);
    assert_true(base64url_decode(context->arena, sent.state, strlen(sent.state), &text));
    const char *spaced = arena_printf(context->arena, "%s ", (const char *)text.data);
    const char *other = base64url_encode(context->arena, spaced, strlen(spaced));
    assert_int_equal(read_back(context, "google", sent.state, cookie, &back), OUTCOME_OK);
    assert_int_equal(read_back(context, "google", other, cookie, &again), OUTCOME_OK);
    assert_int_equal(journey_use(context, &back), OUTCOME_OK);
    assert_int_equal(journey_use(context, &back), OUTCOME_FLOW_ENDED);
    assert_int_equal(journey_use(context, &again), OUTCOME_FLOW_ENDED);
}

static void journey__of_another_browser_is_refused_122(void **state)
{
    struct context *context = *state;
    struct journey back;
    const char *theirs = begin(context, &sign_in, NULL);
    const char *stolen = sent.state, *own = begin(context, &sign_in, NULL);
    assert_string_not_equal(theirs, own);
    assert_int_equal(read_back(context, "google", stolen, own, &back), OUTCOME_FOREIGN_FORM);
    assert_string_equal(back.flow, "dwt_flow"); /* for the way on; that flow has its own check */
    assert_null(back.nonce);
    assert_null(back.code_verifier);
    assert_int_equal(read_back(context, "google", stolen, NULL, &back), OUTCOME_FOREIGN_FORM);
    assert_int_equal(read_back(context, "google", stolen, "", &back), OUTCOME_FOREIGN_FORM);
}

/* A neighbour under the same domain has planted its own csrf-token, with the answer that belongs to it. */
static void journey__planted_by_a_neighbour_is_refused_83_122(void **state)
{
    struct context *context = *state;
    struct journey back;
    const char *planted = begin(context, &sign_in, NULL);
    assert_int_equal(read_in(context, "google", sent.state, planted, "another browser's cookie", &back),
                     OUTCOME_FOREIGN_FORM);
    assert_null(back.nonce);
    assert_int_equal(read_in(context, "google", sent.state, planted, NULL, &back), OUTCOME_OK);
    assert_int_equal(read_in(context, "google", sent.state, planted, own_cookie, &back), OUTCOME_OK);
}

static void journey__by_another_providers_callback_is_refused_38(void **state)
{
    struct context *context = *state;
    struct journey back;
    const char *cookie = begin(context, &sign_in, NULL);
    assert_int_equal(read_back(context, "github", sent.state, cookie, &back), OUTCOME_FOREIGN_FORM);
    assert_null(back.nonce);
}

static void journey__is_good_for_ten_minutes(void **state)
{
    struct context *context = *state;
    struct journey back;
    const char *cookie = begin(context, &sign_in, NULL);
    context->now = NOW + JOURNEY_STATE_S;
    assert_int_equal(read_back(context, "google", sent.state, cookie, &back), OUTCOME_OK);
    context->now = NOW + JOURNEY_STATE_S + 1;
    assert_int_equal(read_back(context, "google", sent.state, cookie, &back), OUTCOME_FOREIGN_FORM);
    context->now = NOW - 3600;
    assert_int_equal(read_back(context, "google", sent.state, cookie, &back), OUTCOME_FOREIGN_FORM);
}

static void journey__every_changed_character_is_refused(void **state)
{
    struct context *context = *state;
    struct journey back;
    const char *cookie = begin(context, &sign_in, NULL);
    for (size_t i = 0; sent.state[i] != '\0'; i++) {
        char *changed = arena_strdup(context->arena, sent.state);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_not_equal(read_back(context, "google", changed, cookie, &back), OUTCOME_OK);
    }
    for (size_t i = 0; cookie[i] != '\0'; i++) {
        char *changed = arena_strdup(context->arena, cookie);
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        assert_int_equal(read_back(context, "google", sent.state, changed, &back), OUTCOME_FOREIGN_FORM);
    }
}

static void journey__what_is_no_state_is_malformed(void **state)
{
    struct context *context = *state;
    struct journey back;
    static const char *const texts[] = { "", "x", "!!", "bm90IEpTT04", "W10", "IiI", "bnVsbA" };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_int_equal(read_back(context, "google", texts[i], NULL, &back), OUTCOME_MALFORMED);
    assert_int_equal(read_back(context, "google", NULL, NULL, &back), OUTCOME_MALFORMED);
    /* {"csrf":"x"} could be somebody's */
    assert_int_equal(read_back(context, "google", "eyJjc3JmIjoieCJ9", "x", &back), OUTCOME_FOREIGN_FORM);
}

static void journey__keeps_a_good_cookie_and_replaces_any_other(void **state)
{
    struct context *context = *state;
    const char *cookie = begin(context, &sign_in, NULL);
    assert_int_equal(strlen(cookie), 129);
    assert_string_equal(begin(context, &sign_in, cookie), cookie);
    char *forged = arena_strdup(context->arena, cookie);
    forged[128] = forged[128] == '0' ? '1' : '0';
    assert_string_not_equal(begin(context, &sign_in, forged), forged);
    assert_string_not_equal(begin(context, &sign_in, "chosen"), "chosen");
}

static void journey__each_has_a_nonce_and_a_verifier_of_its_own(void **state)
{
    struct context *context = *state;
    const char *cookie = begin(context, &sign_in, NULL);
    struct provider_authorization first = sent;
    begin(context, &sign_in, cookie);
    assert_string_not_equal(first.nonce, sent.nonce);
    assert_string_not_equal(first.code_verifier, sent.code_verifier);
    assert_string_not_equal(first.state, sent.state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(journey__comes_back_as_it_was_sent_out),
        TEST(journey__state_tells_nothing_of_where_it_began),
        TEST(journey__is_taken_once_however_its_state_is_spelled_72),
        TEST(journey__of_another_browser_is_refused_122),
        TEST(journey__planted_by_a_neighbour_is_refused_83_122),
        TEST(journey__by_another_providers_callback_is_refused_38),
        TEST(journey__is_good_for_ten_minutes),
        TEST(journey__every_changed_character_is_refused),
        TEST(journey__what_is_no_state_is_malformed),
        TEST(journey__keeps_a_good_cookie_and_replaces_any_other),
        TEST(journey__each_has_a_nonce_and_a_verifier_of_its_own),
    };
    return UNIT_RUN(tests);
}
