/*
 * provider_probe.c: the talk with providers at the end of a pipe, for tests of it alone. Each line of input
 * is a JSON object, each line of output what came of it.
 *
 *   provider_probe CONFIG SHARED
 *
 * {"do": "url" | "redeem" | "refresh" | "revoke", "provider": NAME, ...} with members of the structs of
 * exchange.h; "token" is what is refreshed or revoked.
 */
#include "core/clock.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/directory.h"
#include "domain/providers/configured.h"
#include "domain/providers/exchange.h"
#include "net/outgoing.h"

enum { ARENA_LIMIT = 64 * 1024 * 1024, LINE = 64 * 1024 };

#define CALLBACK "https://127.0.0.1:4433/api/auth/x/callback"

static const char *outcome_word(struct arena *arena, enum outcome outcome)
{
    switch ((int)outcome) {
    case OUTCOME_OK:
        return "ok";
    case OUTCOME_PROVIDER_REFUSED:
        return "refused";
    case OUTCOME_PROVIDER_FAILED:
        return "failed";
    case OUTCOME_NOT_FOUND:
        return "not_found";
    default:
        return arena_printf(arena, "%d", (int)outcome);
    }
}

static bool flag(const struct json *words, const char *name)
{
    bool value;
    return json_boolean(json_member(words, name), &value) && value;
}

static void write_tokens(struct json_writer *writer, const struct provider_tokens *tokens)
{
    json_write_text(writer, "access_token", tokens->access_token);
    json_write_text(writer, "refresh_token", tokens->refresh_token);
    json_write_text(writer, "scopes", tokens->scopes);
    json_write_integer(writer, "expires_at", tokens->expires_at);
}

static enum outcome make_url(struct context *context, const struct provider *provider,
                             const struct json *words, struct json_writer *writer)
{
    const struct provider_authorization authorization = {
        .redirect_uri = CALLBACK,
        .state = json_member_text(words, "state"),
        .nonce = json_member_text(words, "nonce"),
        .code_verifier = json_member_text(words, "code_verifier"),
        .scopes = json_member_text(words, "scopes"),
        .login_hint = json_member_text(words, "login_hint"),
        .prompt = json_member_text(words, "prompt"),
        .offline = flag(words, "offline"),
    };
    json_write_text(writer, "url", provider_authorization_url(context, provider, &authorization));
    json_write_boolean(writer, "answers_iss", provider->answers_iss);
    return OUTCOME_OK;
}

static enum outcome redeem(struct context *context, const struct provider *provider, const struct json *words,
                           struct json_writer *writer)
{
    struct provider_tokens tokens;
    struct provider_identity identity;
    const struct provider_code code = {
        .code = json_member_text(words, "code"),
        .redirect_uri = CALLBACK,
        .code_verifier = json_member_text(words, "code_verifier"),
        .nonce = json_member_text(words, "nonce"),
        .scopes = json_member_text(words, "scopes"),
        .user = json_member_text(words, "user"),
        .lasting = flag(words, "lasting"),
    };
    enum outcome outcome = provider_redeem(context, provider, &code, &tokens, &identity);
    if (outcome != OUTCOME_OK)
        return outcome;
    write_tokens(writer, &tokens);
    json_write_text(writer, "subject", identity.subject);
    json_write_text(writer, "email", identity.email);
    json_write_boolean(writer, "email_vouched", identity.email_vouched);
    json_write_text(writer, "name", identity.name);
    return outcome;
}

static enum outcome refresh(struct context *context, const struct provider *provider,
                            const struct json *words, struct json_writer *writer)
{
    struct provider_tokens tokens;
    const struct provider_refreshing refreshing = { .token = json_member_text(words, "token"),
                                                    .subject = json_member_text(words, "subject"),
                                                    .scopes = json_member_text(words, "scopes") };
    enum outcome outcome = provider_refresh(context, provider, &refreshing, &tokens);
    if (outcome == OUTCOME_OK)
        write_tokens(writer, &tokens);
    return outcome;
}

static enum outcome revoke(struct context *context, const struct provider *provider, const struct json *words,
                           struct json_writer *writer)
{
    (void)writer;
    return provider_revoke(context, provider, json_member_text(words, "token"));
}

static const struct {
    const char *word;
    enum outcome (*act)(struct context *context, const struct provider *provider, const struct json *words,
                        struct json_writer *writer);
} acts[] = { { "url", make_url }, { "redeem", redeem }, { "refresh", refresh }, { "revoke", revoke } };

static enum outcome act(struct context *context, const struct json *words, struct json_writer *writer)
{
    const struct provider *provider;
    enum outcome outcome = provider_find(context, json_member_text(words, "provider"), &provider);
    for (size_t i = 0; outcome == OUTCOME_OK && i < ARRAY_SIZE(acts); i++) {
        if (text_equal(acts[i].word, json_member_text(words, "do")))
            return acts[i].act(context, provider, words, writer);
    }
    return outcome;
}

static void answer(struct context *context, const char *line)
{
    const char *error;
    const struct json *words = json_parse(context->arena, line, strlen(line), &error);
    struct json_writer writer = json_writer_start(context->arena);
    context->now_ms = clock_now_ms();
    context->now = context->now_ms / 1000;
    context->reason = NULL;
    json_open_object(&writer, NULL);
    enum outcome outcome = directory_refresh(context);
    if (outcome == OUTCOME_OK)
        outcome = act(context, words, &writer);
    json_write_text(&writer, "outcome", outcome_word(context->arena, outcome));
    json_write_text(&writer, "reason", context->reason);
    json_close_object(&writer);
    printf("%s\n", writer.text.data);
}

static void open_context(struct context *context, struct arena *arena, const char *config, const char *shared)
{
    const char *error;
    context->settings = settings_load(arena, config, &error);
    context->keyfile = context->settings ? keyfile_load(context->settings->key_file, &error) : NULL;
    if (!context->keyfile)
        fatal("%s", error);
    context->configured_providers = configured_providers_load(arena, context->settings, &error);
    if (!context->configured_providers)
        fatal("%s", error);
    context->arena = arena_make(ARENA_LIMIT);
    context->db = db_make(context->settings);
    context->shared = shared_map(shared);
    context->directory = directory_make();
    context->outgoing = outgoing_make(context->settings);
    context->request_id = context->address = context->user_agent = context->languages = "";
}

int main(int argc, char **argv)
{
    static char line[LINE];
    struct context context = { .arena = NULL };
    struct arena *arena = arena_make(ARENA_LIMIT);
    if (argc != 3)
        fatal("usage: provider_probe CONFIG SHARED");
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_context(&context, arena, argv[1], argv[2]);
    while (fgets(line, sizeof(line), stdin)) {
        answer(&context, line);
        arena_reset(context.arena);
    }
    outgoing_free(context.outgoing);
    directory_free(context.directory);
    shared_unmap(context.shared);
    db_destroy(context.db);
    keyfile_free((struct keyfile *)(uintptr_t)context.keyfile);
    arena_destroy(context.arena);
    arena_destroy(arena);
    return EXIT_SUCCESS;
}
