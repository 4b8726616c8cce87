/* webhook_secret.c: see webhook_secret.h. What is sealed is "SECRET" or, for a day, "SECRET OLD UNTIL". */
#include "domain/events/webhook_secret.h"

#include "core/encode.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "domain/sealed.h"

enum { SECRET_BYTES = 32, MAC_BYTES = 32, OVERLAP_S = 24 * 3600 };

static const char prefix[] = "whsec_";

struct secrets {
    const char *current, *old; /* "" for none that still counts */
};

static const char *make_secret(struct arena *arena)
{
    unsigned char *bytes = arena_alloc(arena, SECRET_BYTES);

    random_bytes(bytes, SECRET_BYTES);
    return arena_printf(arena, "%s%s", prefix, base64_encode(arena, bytes, SECRET_BYTES));
}

static void seal(struct context *context, struct webhook_row *row, const char *text)
{
    row->sealed = sealed_seal_text(context->keyfile, context->arena, SEALED_WEBHOOK_SECRET,
                                   sealed_by_id(row->id), text);
}

/* The next word of what is sealed, "" at its end. */
static const char *next_word(struct arena *arena, const char **cursor)
{
    const char *word;
    size_t length;

    return text_next_word(cursor, ' ', &word, &length) ? arena_strndup(arena, word, length) : "";
}

static const char *open_text(struct context *context, const struct webhook_row *row)
{
    return sealed_open_text(context->keyfile, context->arena, SEALED_WEBHOOK_SECRET, sealed_by_id(row->id),
                            row->sealed);
}

static bool open_secrets(struct context *context, const struct webhook_row *row, struct secrets *secrets_out)
{
    struct arena *arena = context->arena;
    int64_t until = 0;
    const char *cursor = open_text(context, row);

    if (!cursor)
        return false;
    secrets_out->current = next_word(arena, &cursor);
    secrets_out->old = next_word(arena, &cursor);
    if (!text_to_int(next_word(arena, &cursor), 0, INT64_MAX, &until) || until <= context->now)
        secrets_out->old = "";
    return true;
}

const char *webhook_secret_make(struct context *context, struct webhook_row *row)
{
    const char *secret = make_secret(context->arena);

    seal(context, row, secret);
    return secret;
}

const char *webhook_secret_rotate(struct context *context, struct webhook_row *row)
{
    const char *secret = make_secret(context->arena);
    struct secrets had;

    if (!open_secrets(context, row, &had))
        return NULL;
    seal(context, row,
         arena_printf(context->arena, "%s %s %lld", secret, had.current,
                      (long long)(context->now + OVERLAP_S)));
    return secret;
}

const char *webhook_secret_state(struct context *context, const struct webhook_row *row)
{
    const char *text = open_text(context, row);

    return text ? text : hex_encode(context->arena, row->sealed.data, row->sealed.length);
}

static void add_signature(struct strbuf *out, const char *secret, const struct strbuf *text)
{
    unsigned char mac[64];
    const char *encoded = secret + strlen(prefix);
    struct bytes key;

    if (!text_starts(secret, prefix) || !base64_decode(out->arena, encoded, strlen(encoded), &key))
        bug("webhooks: a secret was sealed that is none");
    hmac_sha2(256, key, text->data, text->length, mac);
    strbuf_add_format(out, "%sv1,%s", out->length ? " " : "", base64_encode(out->arena, mac, MAC_BYTES));
}

const char *webhook_sign(struct context *context, const struct webhook_row *row, const char *id,
                         int64_t timestamp, const char *payload)
{
    struct strbuf text = strbuf_start(context->arena), signatures = strbuf_start(context->arena);
    struct secrets secrets;

    if (!open_secrets(context, row, &secrets))
        return NULL;
    strbuf_add_format(&text, "%s.%lld.%s", id, (long long)timestamp, payload);
    add_signature(&signatures, secrets.current, &text);
    if (*secrets.old)
        add_signature(&signatures, secrets.old, &text);
    return signatures.data;
}
