/* Scopes of providers, the profile that a person has there, and the address that they are sent to. */
#include "unit.h"

#include "core/text.h"
#include "domain/providers/exchange.h"
#include "domain/providers/profile.h"
#include "domain/providers/provider_scopes.h"

static struct arena *arena;
static struct context context;

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(16 << 20);
    context = (struct context) { .arena = arena, .now = 1800000000 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static void provider_scopes__cover_is_word_by_word_and_missing_tells_each_once(void **state)
{
    (void)state;
    assert_true(provider_scopes_cover("repo read:user", "read:user repo"));
    assert_true(provider_scopes_cover("repo", ""));
    assert_false(provider_scopes_cover("repo:status", "repo"));
    assert_false(provider_scopes_cover("", "repo"));
    assert_string_equal(provider_scopes_missing(arena, "repo", "repo gist read:user gist"), "gist read:user");
    assert_string_equal(provider_scopes_missing(arena, "repo gist", "gist"), "");
}

static void provider_scopes__are_asked_in_the_providers_own_way(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *scopes, *asked;
        bool offline;
    } cases[] = {
        { "facebook", "email public_profile", "email,public_profile", false },
        { "github", "repo read:user", "repo read:user", true },
        { "google", "openid email profile", "openid email profile", true },
        { "google", "https://www.googleapis.com/auth/drive", "openid https://www.googleapis.com/auth/drive",
          false },
        { "microsoft", "Mail.Read", "openid Mail.Read offline_access", true },
        { "oidc", "openid", "openid", false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(provider_scopes_asked(arena, provider_kind_find(cases[i].kind), cases[i].scopes,
                                                  cases[i].offline),
                            cases[i].asked);
}

static void provider_scopes__that_were_given_are_told_in_our_words(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *answered, *asked, *given;
    } cases[] = {
        { "github", "repo,user", "repo read:user user:email", "repo user read:user user:email" },
        { "github", "", "repo", "" },
        { "github", "public_repo", "repo", "public_repo" },
        { "google", "openid https://www.googleapis.com/auth/userinfo.email", "openid email", "openid email" },
        { "google", "openid https://www.googleapis.com/auth/drive", "https://www.googleapis.com/auth/drive",
          "https://www.googleapis.com/auth/drive" },
        { "facebook", NULL, "email public_profile", "email public_profile" },
        { "microsoft", "openid Mail.Read offline_access", "Mail.Read", "Mail.Read" },
        { "microsoft", "https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/User.Read",
          "Mail.Read", "Mail.Read User.Read" },
        { "microsoft", "Mail.Read email openid", "mail.read", "mail.read email" },
        { "microsoft", "Mail.Read", "https://graph.microsoft.com/Mail.Read",
          "https://graph.microsoft.com/Mail.Read" },
        { "microsoft", "https://api.example/Mail.Read", "Mail.Read", "https://api.example/Mail.Read" },
        { "oidc", "a,b c", "openid", "a,b c" },
        { "oidc", "a\x01", "openid", NULL },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *given = provider_scopes_given(arena, provider_kind_find(cases[i].kind), cases[i].answered,
                                                  cases[i].asked);
        if (!text_equal(given, cases[i].given))
            fail_msg("%s %s: %s", cases[i].kind, cases[i].answered, given);
    }
}

static void provider_names__are_those_of_kinds_in_any_case_and_others_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(provider_name_canonical(arena, "GitHub"), "github");
    assert_string_equal(provider_name_canonical(arena, "GOOGLE"), "google");
    assert_string_equal(provider_name_canonical(arena, "Corporate"), "Corporate");
}

static const char *url_of(const char *kind, const struct provider_authorization *authorization)
{
    const struct provider provider = { .name = "p",
                                       .kind = provider_kind_find(kind),
                                       .client_id = "the client",
                                       .client_secret = "very-secret",
                                       .authorization_endpoint = "https://p.example/authorize?x=1" };
    return provider_authorization_url(&context, &provider, authorization);
}

static void provider_authorization_url__holds_what_the_kind_wants_and_no_secret(void **state)
{
    (void)state;
    struct provider_authorization wishes = { .redirect_uri = "https://id.example/api/auth/p/callback",
                                             .state = "st&ate",
                                             .nonce = "once",
                                             .code_verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                                             .scopes = "openid email",
                                             .login_hint = "ann@example.org" };
    const char *url = url_of("google", &wishes);
    assert_string_equal(
        url, "https://p.example/authorize?x=1&response_type=code&client_id=the%20client"
             "&redirect_uri=https%3A%2F%2Fid.example%2Fapi%2Fauth%2Fp%2Fcallback&scope=openid%20email"
             "&state=st%26ate&nonce=once&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
             "&code_challenge_method=S256&login_hint=ann%40example.org&access_type=online");
    wishes.offline = wishes.adding = true;
    wishes.prompt = "select_account";
    url = url_of("google", &wishes);
    assert_non_null(strstr(url, "&include_granted_scopes=true&access_type=offline"));
    assert_non_null(strstr(url, "&prompt=select_account%20consent"));
    wishes.prompt = NULL;
    assert_non_null(strstr(url_of("google", &wishes), "&prompt=consent&"));
    wishes.adding = false;
    assert_null(strstr(url_of("google", &wishes), "include_granted_scopes"));
    url = url_of("github", &wishes);
    assert_non_null(strstr(url, "&login=ann%40example.org"));
    assert_non_null(strstr(url, "code_challenge="));
    assert_null(strstr(url, "nonce="));
    url = url_of("facebook", &wishes);
    assert_null(strstr(url, "ann%40"));
    assert_null(strstr(url, "code_challenge"));
    assert_non_null(strstr(url, "auth_type=rerequest"));
    assert_non_null(strstr(url_of("apple", &wishes), "response_mode=form_post"));
    assert_null(strstr(url, "very-secret"));
}

static struct provider_identity read_profile(const char *kind, const char *text)
{
    const char *error;
    struct provider_identity identity = { .name = "" };
    profile_read(arena, provider_kind_find(kind), json_parse(arena, text, strlen(text), &error), &identity);
    return identity;
}

static void profile__an_address_counts_as_proven_only_where_the_provider_says_so__security_122(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *profile;
        bool vouched;
    } cases[] = {
        { "google", "{\"sub\":\"1\",\"email\":\"a@b.example\",\"email_verified\":true}", true },
        { "google", "{\"sub\":\"1\",\"email\":\"a@b.example\",\"email_verified\":\"true\"}", true },
        { "google", "{\"sub\":\"1\",\"email\":\"a@b.example\",\"email_verified\":\"false\"}", false },
        { "google", "{\"sub\":\"1\",\"email\":\"a@b.example\",\"email_verified\":\"yes\"}", false },
        { "google", "{\"sub\":\"1\",\"email\":\"a@b.example\"}", false },
        { "microsoft", "{\"sub\":\"1\",\"email\":\"a@b.example\",\"email_verified\":true}", false },
        { "microsoft", "{\"sub\":\"1\",\"email\":\"a@b.example\",\"xms_edov\":1}", true },
        { "facebook", "{\"id\":\"1\",\"email\":\"a@b.example\"}", true },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct provider_identity identity = read_profile(cases[i].kind, cases[i].profile);
        assert_string_equal(identity.email, "a@b.example");
        if (identity.email_vouched != cases[i].vouched)
            fail_msg("%s %s", cases[i].kind, cases[i].profile);
    }
}

static void profile__lists_what_was_granted_where_the_provider_says_it_there(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "{\"permissions\":{\"data\":[{\"permission\":\"email\",\"status\":\"granted\"},"
          "{\"permission\":\"user_birthday\",\"status\":\"declined\"},"
          "{\"permission\":\"public_profile\",\"status\":\"granted\"}]}}",
          "email public_profile" },
        { "{\"permissions\":{\"data\":[]}}", "" },
        { "{\"permissions\":{\"data\":[1,null,{},{\"status\":\"granted\"},{\"permission\":1,\"status\":"
          "\"granted\"},"
          "{\"permission\":\"email\"}]}}",
          "" },
        { "{\"permissions\":{\"data\":{}}}", NULL },
        { "{\"permissions\":\"email\"}", NULL },
        { "{\"id\":\"1\"}", NULL },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *error, *told = cases[i][1];
        const struct json *profile = json_parse(arena, cases[i][0], strlen(cases[i][0]), &error);
        const char *granted = profile_permissions(arena, provider_kind_find("facebook"), profile);
        if (!told != !granted || (told && strcmp(told, granted) != 0))
            fail_msg("%s: %s", cases[i][0], granted ? granted : "nothing");
        assert_null(profile_permissions(arena, provider_kind_find("github"), profile));
    }
}

static void profile__takes_numbers_as_subjects_and_leaves_out_what_is_no_address_or_name(void **state)
{
    (void)state;
    struct provider_identity identity = read_profile(
        "github", "{\"id\":583231,\"login\":\"ann\",\"name\":null,\"email\":\"shown@b.example\"}");
    assert_string_equal(identity.subject, "583231");
    assert_string_equal(identity.name, "ann");
    assert_null(identity.email); /* what somebody shows, not what they proved */
    identity = read_profile("facebook", "{\"id\":\"77\",\"name\":\"A\\u0007nn\"}");
    assert_string_equal(identity.name, "");
    assert_null(identity.email);
    identity = read_profile("facebook", "{\"id\":\"77\",\"email\":\"no address\"}");
    assert_null(identity.email);
    static const char *const none[] = { "{\"id\":\"\"}",    "{\"id\":true}",         "{\"id\":1.5}",
                                        "{\"id\":[\"1\"]}", "{\"id\":\"a\\u00e4\"}", "{}" };
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        assert_null(read_profile("facebook", none[i]).subject);
}

static void profile__github_vouches_for_the_primary_address_when_it_is_verified(void **state)
{
    (void)state;
    static const struct {
        const char *list, *email;
        bool vouched;
    } cases[] = {
        { "[{\"email\":\"b@b.example\",\"primary\":false,\"verified\":true},"
          "{\"email\":\"a@b.example\",\"primary\":true,\"verified\":true}]",
          "a@b.example", true },
        { "[{\"email\":\"a@b.example\",\"primary\":true,\"verified\":false}]", "a@b.example", false },
        { "[{\"email\":\"a@b.example\",\"primary\":false,\"verified\":true}]", NULL, false },
        { "[]", NULL, false },
        { "[1,\"a\",null]", NULL, false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *error;
        struct provider_identity identity = { .name = "" };
        profile_read_addresses(arena, json_parse(arena, cases[i].list, strlen(cases[i].list), &error),
                               &identity);
        assert_true(text_equal(identity.email, cases[i].email));
        assert_int_equal(identity.email_vouched, cases[i].vouched);
    }
}

static void profile__apples_name_comes_beside_the_code_and_never_replaces_one(void **state)
{
    (void)state;
    static const char user[] =
        "{\"name\":{\"firstName\":\"Ann\",\"lastName\":\"Ou\"},\"email\":\"x@y.example\"}";
    struct provider_identity identity = { .name = "" };
    profile_read_user(arena, user, &identity);
    assert_string_equal(identity.name, "Ann Ou");
    assert_null(identity.email); /* the browser brought it: nobody has signed it */
    identity.name = "Other";
    profile_read_user(arena, user, &identity);
    assert_string_equal(identity.name, "Other");
    identity.name = "";
    profile_read_user(arena, "not json", &identity);
    profile_read_user(arena, "{\"name\":\"Ann\"}", &identity);
    profile_read_user(arena, NULL, &identity);
    assert_string_equal(identity.name, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(provider_scopes__cover_is_word_by_word_and_missing_tells_each_once),
        TEST(provider_scopes__are_asked_in_the_providers_own_way),
        TEST(provider_scopes__that_were_given_are_told_in_our_words),
        TEST(provider_names__are_those_of_kinds_in_any_case_and_others_as_they_are),
        TEST(provider_authorization_url__holds_what_the_kind_wants_and_no_secret),
        TEST(profile__an_address_counts_as_proven_only_where_the_provider_says_so__security_122),
        TEST(profile__lists_what_was_granted_where_the_provider_says_it_there),
        TEST(profile__takes_numbers_as_subjects_and_leaves_out_what_is_no_address_or_name),
        TEST(profile__github_vouches_for_the_primary_address_when_it_is_verified),
        TEST(profile__apples_name_comes_beside_the_code_and_never_replaces_one),
    };
    return UNIT_RUN(tests);
}
