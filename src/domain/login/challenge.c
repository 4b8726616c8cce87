/* challenge.c: see challenge.h. One row a kind. */
#include "domain/login/challenge.h"

#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/handle.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "store/challenges.h"

enum { PIN_DIGITS = 6, PIN_COUNT = 1000000, PIN_TRIES = 3 };
enum { MINUTE = 60, HOUR = 60 * MINUTE, PIN_LONGEST = 10 * MINUTE };

static const char pin_purpose[] = "pin";

static const struct {
    const char *name;
    enum handle_kind handle;
    int64_t lasts_s;
    bool has_link, has_pin;
} kinds[] = {
    [CHALLENGE_MAGIC_LINK] = { "magic_link", HANDLE_MAGIC_LINK, 15 * MINUTE, .has_link = true,
                               .has_pin = true },
    [CHALLENGE_PIN] = { "pin", .lasts_s = 5 * MINUTE, .has_pin = true },
    [CHALLENGE_VERIFY_EMAIL] = { "verify_email", HANDLE_VERIFY_EMAIL, 24 * HOUR, .has_link = true },
    [CHALLENGE_ADD_PASSWORD] = { "add_password", HANDLE_ADD_PASSWORD, 24 * HOUR, .has_link = true },
    [CHALLENGE_RESET_PASSWORD] = { "reset_password", HANDLE_RESET_PASSWORD, HOUR, .has_link = true },
    [CHALLENGE_CONFIRM_OLD_EMAIL] = { "confirm_old_email", HANDLE_CONFIRM_OLD_EMAIL, 24 * HOUR,
                                      .has_link = true },
    [CHALLENGE_CONFIRM_NEW_EMAIL] = { "confirm_new_email", HANDLE_CONFIRM_NEW_EMAIL, 24 * HOUR,
                                      .has_link = true },
    [CHALLENGE_UNLOCK] = { "unlock", HANDLE_UNLOCK, 24 * HOUR, .has_link = true },
    [CHALLENGE_INVITE] = { "invite", HANDLE_INVITE, 7 * 24 * HOUR, .has_link = true },
    [CHALLENGE_CONNECTION] = { "connection", HANDLE_CONNECTION, 30 * MINUTE, .has_link = true },
};
_Static_assert(ARRAY_SIZE(kinds) == CHALLENGE_KINDS, "a kind of challenge without its row");

int64_t challenge_lasts_s(enum challenge_kind kind)
{
    return kinds[kind].lasts_s;
}

int64_t challenge_pin_lasts_s(enum challenge_kind kind)
{
    return kinds[kind].lasts_s < PIN_LONGEST ? kinds[kind].lasts_s : PIN_LONGEST;
}

const char *challenge_kind_name(enum challenge_kind kind)
{
    return kinds[kind].name;
}

/* --- making --- */

/* Six digits, each of the million as likely: what doesn't divide evenly is drawn again. */
static const char *new_pin(struct context *context)
{
    uint32_t number;
    do {
        random_bytes(&number, sizeof(number));
    } while (number >= UINT32_MAX - UINT32_MAX % PIN_COUNT);
    return arena_printf(context->arena, "%0*u", PIN_DIGITS, (unsigned)(number % PIN_COUNT));
}

/* What a PIN's MAC is over: the id is of fixed length. */
static struct bytes pin_text(struct context *context, const unsigned char id[16], const char *pin)
{
    size_t length = strlen(pin);
    unsigned char *text = arena_alloc(context->arena, 16 + length);
    memcpy(text, id, 16);
    memcpy(text + 16, pin, length);
    return (struct bytes) { text, 16 + length };
}

static void add_link(struct context *context, struct challenge *challenge, struct challenge_row *row)
{
    struct handle handle;
    handle_make(kinds[challenge->kind].handle, row->id, 0, &handle);
    memcpy(row->secret_hash, handle.hash, sizeof(row->secret_hash));
    challenge->token = handle_print(context->keyfile, context->arena, &handle);
}

static void add_pin(struct context *context, struct challenge *challenge, const char *browser,
                    struct challenge_row *row)
{
    challenge->pin = new_pin(context);
    struct bytes text = pin_text(context, row->id, challenge->pin);
    keyfile_sign(context->keyfile, pin_purpose, text.data, text.length, row->pin_mac, sizeof(row->pin_mac));
    sha256_text(browser, row->browser_hash);
    row->tries_left = PIN_TRIES;
}

void challenge_make(struct context *context, const struct new_challenge *wanted,
                    struct challenge *challenge_out, struct challenge_row *row_out)
{
    struct json *data = wanted->data == NULL ? json_new_object(context->arena) : wanted->data;
    *row_out = (struct challenge_row) { .kind = kinds[wanted->kind].name,
                                        .email = wanted->email,
                                        .email_key = wanted->email_key,
                                        .data = json_print(context->arena, data),
                                        .created_at = context->now,
                                        .expires_at = context->now + kinds[wanted->kind].lasts_s };
    random_uuid_timed(context->now_ms, row_out->id);
    *challenge_out = (struct challenge) { .kind = wanted->kind,
                                          .has_user = wanted->user_id != NULL,
                                          .email = wanted->email,
                                          .email_key = wanted->email_key,
                                          .data = data,
                                          .created_at = row_out->created_at,
                                          .expires_at = row_out->expires_at };
    memcpy(challenge_out->id, row_out->id, sizeof(challenge_out->id));
    if (wanted->user_id != NULL) {
        memcpy(row_out->user_id, wanted->user_id, sizeof(row_out->user_id));
        memcpy(challenge_out->user_id, wanted->user_id, sizeof(challenge_out->user_id));
    }
    if (kinds[wanted->kind].has_link)
        add_link(context, challenge_out, row_out);
    if (kinds[wanted->kind].has_pin && wanted->browser != NULL)
        add_pin(context, challenge_out, wanted->browser, row_out);
}

enum store_result challenge_store(struct db *db, const struct challenge_row *row)
{
    enum store_result result = challenges_add(db, row);
    if (result == STORE_OK)
        result = challenges_replace_user(db, row);
    if (result == STORE_OK && row->tries_left > 0)
        result = challenges_replace_browser(db, row);
    return result;
}

/* --- reading --- */

static bool is_nobody(const unsigned char user_id[16])
{
    static const unsigned char nobody[16];
    return memcmp(user_id, nobody, sizeof(nobody)) == 0;
}

static void from_row(struct context *context, enum challenge_kind kind, const struct challenge_row *row,
                     struct challenge *challenge_out)
{
    const char *error;
    const struct json *data = json_parse(context->arena, row->data, strlen(row->data), &error);
    *challenge_out = (struct challenge) { .kind = kind,
                                          .has_user = !is_nobody(row->user_id),
                                          .email = row->email,
                                          .email_key = row->email_key,
                                          .data = data == NULL ? json_new_object(context->arena) : data,
                                          .created_at = row->created_at,
                                          .expires_at = row->expires_at };
    memcpy(challenge_out->id, row->id, sizeof(challenge_out->id));
    memcpy(challenge_out->user_id, row->user_id, sizeof(challenge_out->user_id));
}

enum outcome challenge_look(struct context *context, enum challenge_kind kind, const char *token,
                            struct challenge *challenge_out)
{
    static const char ended[] = "the link has been used or has expired";
    struct handle handle;
    struct challenge_row row;
    if (!kinds[kind].has_link ||
        !handle_parse(context->keyfile, context->arena, kinds[kind].handle, token, &handle))
        return refuse(context, OUTCOME_FLOW_ENDED, "the link is not one of ours, or not whole");
    enum outcome found = store_outcome(
        context, challenges_find(context->db, context->arena, handle.id, kinds[kind].name, &row),
        OUTCOME_FLOW_ENDED, ended);
    if (found != OUTCOME_OK)
        return found;
    if (!secret_equal_hash(handle.hash, row.secret_hash) || context->now >= row.expires_at)
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    from_row(context, kind, &row, challenge_out);
    return OUTCOME_OK;
}

enum store_result challenge_use(struct db *db, const struct challenge *challenge)
{
    return challenges_use(db, challenge->id, kinds[challenge->kind].name);
}

/* --- PINs --- */

static enum outcome find_pin(struct context *context, enum challenge_kind kind, const char *browser,
                             const char *email_key, struct challenge_row *row_out)
{
    static const char nothing[] = "no PIN waits in this browser";
    unsigned char browser_hash[32];
    if (text_empty(browser) || !kinds[kind].has_pin)
        return refuse(context, OUTCOME_PIN_NOT_FOUND, nothing);
    sha256_text(browser, browser_hash);
    int64_t link_outlasts_s = kinds[kind].lasts_s - challenge_pin_lasts_s(kind);
    return store_outcome(context,
                         challenges_find_pin(context->db, context->arena, kinds[kind].name, browser_hash,
                                             email_key, context->now + link_outlasts_s, row_out),
                         OUTCOME_PIN_NOT_FOUND, nothing);
}

/* Whether the digits are the row's; those of nobody never are. The same work for all that is six digits. */
static bool pin_is_right(struct context *context, const struct challenge_row *row, const char *pin)
{
    if (text_empty(pin) || strlen(pin) != PIN_DIGITS || strspn(pin, "0123456789") != PIN_DIGITS)
        return false;
    struct bytes text = pin_text(context, row->id, pin);
    bool right = keyfile_verify(context->keyfile, pin_purpose, text.data, text.length, row->pin_mac,
                                sizeof(row->pin_mac));
    return right && !is_nobody(row->user_id);
}

/* A race for the last try is lost as if it had been lost before. */
static enum outcome take_try(struct context *context, const struct challenge_row *row)
{
    return store_outcome(context, challenges_take_try(context->db, row->id, context->now), OUTCOME_PIN_SPENT,
                         "too many wrong PINs");
}

enum outcome challenge_try_pin(struct context *context, enum challenge_kind kind, const char *browser,
                               const char *email_key, const char *pin, struct challenge *challenge_out)
{
    struct challenge_row row;
    enum outcome outcome = find_pin(context, kind, browser, email_key, &row);
    if (outcome == OUTCOME_OK)
        outcome = take_try(context, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    if (!pin_is_right(context, &row, pin))
        return refuse(context, OUTCOME_WRONG_PIN, "wrong PIN");
    from_row(context, kind, &row, challenge_out);
    return store_outcome(context, challenge_use(context->db, challenge_out), OUTCOME_PIN_NOT_FOUND,
                         "the PIN has just been used");
}

enum outcome challenge_of_browser(struct context *context, enum challenge_kind kind, const char *browser,
                                  struct challenge *challenge_out)
{
    struct challenge_row row;
    enum outcome outcome = find_pin(context, kind, browser, NULL, &row);
    if (outcome == OUTCOME_OK)
        from_row(context, kind, &row, challenge_out);
    return outcome;
}
