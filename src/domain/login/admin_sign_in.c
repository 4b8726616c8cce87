/* admin_sign_in.c: see admin_sign_in.h. */
#include "domain/login/admin_sign_in.h"

#include "core/encode.h"
#include "core/json.h"
#include "core/json_writer.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/totp.h"
#include "domain/events/record.h"
#include "domain/login/attempts.h"
#include "domain/login/canonical.h"
#include "domain/login/passwords.h"
#include "domain/sealed.h"

enum { CODE_TRIES = 10, RECOVERY_BYTES = 10, RECOVERY_LETTERS = 16, PRINT_BYTES = 16, MAX_RETURN_TO = 300 };

#define METHOD_PASSWORD "pwd"
#define METHOD_APP "otp"
#define METHOD_RECOVERY "kba"

/* --- the password --- */

/* Only a path of the console: letters that can't lead anywhere else (T-65). */
static const char *console_path(const char *path)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_/";
    bool good = path && text_starts(path, "/admin/") && strlen(path) <= MAX_RETURN_TO &&
                strspn(path, allowed) == strlen(path) && !strstr(path, "//");
    return good ? path : NULL;
}

/* What password_try() needs of an admin. */
static void as_user(const struct admin_row *admin, struct user_row *user_out)
{
    *user_out = (struct user_row) { .email = admin->email,
                                    .email_key = admin->email_key,
                                    .name = admin->name,
                                    .password_hash = admin->password_hash,
                                    .status = admin->status };
    memcpy(user_out->id, admin->id, sizeof(user_out->id));
}

static enum outcome check_password(struct context *context, const char *email_key, const char *password,
                                   struct admin_row *admin_out)
{
    struct user_row user;
    enum store_result found = admins_find_by_email_key(context->db, context->arena, email_key, admin_out);
    if (found != STORE_OK && found != STORE_NOT_FOUND)
        return store_outcome(context, found, OUTCOME_WRONG_PASSWORD, "no such admin");
    if (found == STORE_OK)
        as_user(admin_out, &user);
    struct password_guess guess = { .user = found == STORE_OK ? &user : NULL,
                                    .is_admin = true,
                                    .email_key = email_key,
                                    .password = password };
    enum outcome tried = password_try(context, &guess);
    if (tried != OUTCOME_OK || guess.right)
        return tried;
    return refuse(context, OUTCOME_WRONG_PASSWORD, "wrong address or password");
}

/* Who has no second step yet gets its secret. */
static void prepare_enrolment(struct context *context, struct admin_step *step)
{
    unsigned char secret[TOTP_SECRET_BYTES];
    if (!admin_step_enrols(step))
        return;
    random_bytes(secret, sizeof(secret));
    step->secret = arena_copy(context->arena, secret, sizeof(secret));
}

enum outcome admin_step_begin(struct context *context, const char *email, const char *password,
                              const char *return_to, struct admin_step *step_out)
{
    const char *email_key = text_empty(email) ? NULL : email_canonical(context->arena, email);
    *step_out = (struct admin_step) { .return_to = console_path(return_to), .method = METHOD_PASSWORD };
    if (email_key == NULL)
        return refuse(context, OUTCOME_WRONG_PASSWORD, "no usable address was sent");
    enum outcome outcome =
        check_password(context, email_key, password == NULL ? "" : password, &step_out->admin);
    /* its hash may just have been made stronger: what is sealed next is bound to the one that stands */
    if (outcome == OUTCOME_OK)
        outcome = store_outcome(
            context, admins_find_by_email_key(context->db, context->arena, email_key, &step_out->admin),
            OUTCOME_WRONG_PASSWORD, "the admin has been removed");
    if (outcome == OUTCOME_OK)
        prepare_enrolment(context, step_out);
    return outcome;
}

enum outcome admin_step_by_provider(struct context *context, const char *email, const char *provider,
                                    const char *return_to, struct admin_step *step_out)
{
    static const char nobody[] = "no administrator has this address";
    const char *email_key = email_canonical(context->arena, email);
    *step_out = (struct admin_step) { .return_to = console_path(return_to), .method = provider };
    if (email_key == NULL)
        return refuse(context, OUTCOME_FORBIDDEN, nobody);
    enum outcome outcome = store_outcome(
        context, admins_find_by_email_key(context->db, context->arena, email_key, &step_out->admin),
        OUTCOME_FORBIDDEN, nobody);
    if (outcome == OUTCOME_OK && !text_equal(step_out->admin.status, "active"))
        return refuse(context, OUTCOME_FORBIDDEN, "the administrator is disabled");
    if (outcome == OUTCOME_OK)
        prepare_enrolment(context, step_out);
    return outcome;
}

bool admin_step_enrols(const struct admin_step *step)
{
    return step->admin.totp_sealed.length == 0;
}

/* --- between password and code --- */

static bool open_secret(struct context *context, const struct admin_row *admin, struct bytes *secret_out)
{
    return sealed_open(context->keyfile, context->arena, SEALED_SECOND_STEP, sealed_by_id(admin->id),
                       admin->totp_sealed, secret_out);
}

static const char *bound_to_browser(struct context *context, const char *browser)
{
    return arena_printf(context->arena, "admin.step:%s", browser);
}

/* The second step's own secret: as what it is sealed changes with the key. "" for none; one that doesn't open
 * is what it is. */
static const char *second_step_of(struct context *context, const struct admin_row *admin)
{
    struct bytes secret = admin->totp_sealed;
    if (secret.length > 0 && !open_secret(context, admin, &secret))
        secret = admin->totp_sealed;
    return hex_encode(context->arena, secret.data, secret.length);
}

/* Moves with the password and with the second step. */
static const char *print_of(struct context *context, const struct admin_row *admin)
{
    unsigned char hash[32];
    sha256_text(arena_printf(context->arena, "%s %s", admin->password_hash, second_step_of(context, admin)),
                hash);
    return hex_encode(context->arena, hash, PRINT_BYTES);
}

const char *admin_step_seal(struct context *context, const struct admin_step *step, const char *browser)
{
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "admin", uuid_encode(context->arena, step->admin.id));
    json_write_text(&writer, "print", print_of(context, &step->admin));
    json_write_integer(&writer, "at", context->now);
    json_write_text(&writer, "secret", hex_encode(context->arena, step->secret.data, step->secret.length));
    json_write_text(&writer, "return_to", step->return_to);
    json_write_text(&writer, "method", step->method);
    json_close_object(&writer);
    struct bytes plain = { (const unsigned char *)writer.text.data, writer.text.length };
    struct bytes sealed =
        keyfile_seal(context->keyfile, context->arena, bound_to_browser(context, browser), plain);
    return base64url_encode(context->arena, sealed.data, sealed.length);
}

static const struct json *unseal(struct context *context, const char *text, const char *browser)
{
    struct bytes sealed, plain;
    const char *error;
    if (text == NULL || browser == NULL || !base64url_decode(context->arena, text, strlen(text), &sealed) ||
        !keyfile_open(context->keyfile, context->arena, bound_to_browser(context, browser), sealed, &plain))
        return NULL;
    return json_parse(context->arena, (const char *)plain.data, plain.length, &error);
}

static void read_secret(struct context *context, const char *hex, struct admin_step *step)
{
    unsigned char secret[TOTP_SECRET_BYTES];
    if (!text_empty(hex) && hex_decode(hex, secret, sizeof(secret)))
        step->secret = arena_copy(context->arena, secret, sizeof(secret));
}

enum outcome admin_step_open(struct context *context, const char *text, const char *browser,
                             struct admin_step *step_out)
{
    static const char ended[] = "the sign-in has ended";
    unsigned char id[16];
    int64_t at;
    const struct json *read = unseal(context, text, browser);
    if (read == NULL || !json_integer(json_member(read, "at"), &at) ||
        context->now - at > ADMIN_STEP_LIFETIME_S || !uuid_decode(json_member_text(read, "admin"), id))
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    *step_out = (struct admin_step) { .return_to = json_member_text(read, "return_to"),
                                      .method = json_member_text(read, "method") };
    enum outcome found = store_outcome(
        context, admins_find(context->db, context->arena, id, &step_out->admin), OUTCOME_FLOW_ENDED, ended);
    if (found != OUTCOME_OK)
        return found;
    read_secret(context, json_member_text(read, "secret"), step_out);
    if (!text_equal(step_out->admin.status, "active") ||
        !text_equal(print_of(context, &step_out->admin), json_member_text(read, "print")) ||
        step_out->method == NULL || admin_step_enrols(step_out) != (step_out->secret.length > 0))
        return refuse(context, OUTCOME_FLOW_ENDED, ended);
    return OUTCOME_OK;
}

/* --- the code --- */

/* As it was meant: without what people put between groups, in capitals. */
static const char *normalise(struct context *context, const char *code)
{
    struct strbuf out = strbuf_start(context->arena);
    for (; code && *code && out.length < 2 * RECOVERY_LETTERS; code++) {
        if (*code == ' ' || *code == '-')
            continue;
        strbuf_add_char(&out, *code >= 'a' && *code <= 'z' ? (char)(*code - 'a' + 'A') : *code);
    }
    return out.data;
}

static enum outcome count_try(struct context *context, const struct admin_row *admin,
                              struct attempt *attempt_out)
{
    const struct attempt_limit limit = { .kind = "admin code",
                                         .subject = uuid_encode(context->arena, admin->id),
                                         .limit = CODE_TRIES,
                                         .window_s = context->settings->sign_in_window_s };
    return attempt_begin(context, &limit, attempt_out);
}

static const char wrong_code[] = "wrong or used code";

static enum outcome use_app_code(struct context *context, const struct admin_row *admin, const char *code)
{
    struct bytes secret;
    if (!open_secret(context, admin, &secret))
        return refuse(context, OUTCOME_SERVER_ERROR, "the second step's secret doesn't open");
    int64_t step = totp_match(context->arena, secret, context->now, admin->totp_step, code);
    if (step < 0)
        return refuse(context, OUTCOME_WRONG_PIN, wrong_code);
    return store_outcome(context, admins_use_step(context->db, admin->id, step), OUTCOME_WRONG_PIN,
                         wrong_code);
}

static const char *hash_of_recovery(struct context *context, const char *code)
{
    unsigned char hash[32];
    sha256_text(code, hash);
    return hex_encode(context->arena, hash, sizeof(hash));
}

/* A change that an admin makes to the account on the way in. */
struct own_change {
    struct admin_row row; /* as it becomes */
    const char *recovery_before;
};

static enum outcome change_own(struct context *context, const char *type, struct own_change *change,
                               db_work_fn work, enum outcome otherwise, const char *reason)
{
    const struct record record = record_of_admin(context, type, change->row.id, change->row.email);
    struct context own = *context;
    own.actor = arena_printf(context->arena, "admin:%s", change->row.email);
    enum store_result result = record_change(&own, &record, work, change);
    return store_outcome(context, result, otherwise, reason);
}

static enum store_result take_recovery_code(struct db *db, void *argument)
{
    const struct own_change *change = argument;
    return admins_use_recovery(db, change->row.id, change->recovery_before, change->row.recovery_hashes);
}

static enum store_result enrol(struct db *db, void *argument)
{
    const struct own_change *change = argument;
    return admins_enrol(db, &change->row);
}

/* 80 random bits each: a plain hash can't be searched through. */
static enum outcome use_recovery_code(struct context *context, const struct admin_row *admin,
                                      const char *code)
{
    const char *hash = hash_of_recovery(context, code);
    const char *list = admin->recovery_hashes, *word;
    struct bytes typed = { (const unsigned char *)hash, strlen(hash) };
    struct strbuf left = strbuf_start(context->arena);
    size_t length;
    bool found = false;
    while (!text_empty(list) && text_next_word(&list, ' ', &word, &length)) {
        if (secret_equal(typed, (struct bytes) { (const unsigned char *)word, length })) {
            found = true;
            continue;
        }
        strbuf_add_text(&left, left.length > 0 ? " " : "");
        strbuf_add(&left, word, length);
    }
    if (!found)
        return refuse(context, OUTCOME_WRONG_PIN, wrong_code);
    struct own_change change = { *admin, admin->recovery_hashes };
    change.row.recovery_hashes = left.data;
    return change_own(context, "admin.recovery_code_used", &change, take_recovery_code, OUTCOME_WRONG_PIN,
                      wrong_code);
}

/* Both steps, as sessions have it: "pwd otp". */
static const char *method_of(struct context *context, const struct admin_step *step, const char *second)
{
    return arena_printf(context->arena, "%s %s", step->method, second);
}

enum outcome admin_step_finish(struct context *context, const struct admin_step *step, const char *code,
                               const char **method_out)
{
    struct attempt attempt;
    const char *typed = normalise(context, code);
    bool by_app = strlen(typed) == TOTP_DIGITS;
    enum outcome outcome = count_try(context, &step->admin, &attempt);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome =
        by_app ? use_app_code(context, &step->admin, typed) : use_recovery_code(context, &step->admin, typed);
    *method_out = method_of(context, step, by_app ? METHOD_APP : METHOD_RECOVERY);
    if (outcome == OUTCOME_OK)
        attempt_right(context, &attempt);
    return outcome;
}

/* --- setting it up --- */

static const char *make_recovery_codes(struct context *context, const char *codes_out[ADMIN_RECOVERY_CODES])
{
    struct strbuf hashes = strbuf_start(context->arena);
    for (size_t i = 0; i < ADMIN_RECOVERY_CODES; i++) {
        unsigned char bytes[RECOVERY_BYTES];
        random_bytes(bytes, sizeof(bytes));
        const char *code = base32_encode(context->arena, (struct bytes) { bytes, sizeof(bytes) });
        strbuf_add_format(&hashes, "%s%s", i > 0 ? " " : "", hash_of_recovery(context, code));
        codes_out[i] =
            arena_printf(context->arena, "%.4s-%.4s-%.4s-%.4s", code, code + 4, code + 8, code + 12);
    }
    return hashes.data;
}

enum outcome admin_step_enrol(struct context *context, const struct admin_step *step, const char *code,
                              const char *codes_out[ADMIN_RECOVERY_CODES], const char **method_out)
{
    struct attempt attempt;
    struct own_change change = { .row = step->admin };
    struct admin_row *row = &change.row;
    enum outcome outcome = count_try(context, &step->admin, &attempt);
    if (outcome != OUTCOME_OK)
        return outcome;
    row->totp_step = totp_match(context->arena, step->secret, context->now, 0, normalise(context, code));
    if (row->totp_step < 0)
        return refuse(context, OUTCOME_WRONG_PIN, wrong_code);
    row->totp_sealed = sealed_seal(context->keyfile, context->arena, SEALED_SECOND_STEP,
                                   sealed_by_id(row->id), step->secret);
    row->recovery_hashes = make_recovery_codes(context, codes_out);
    row->updated_at = context->now;
    *method_out = method_of(context, step, METHOD_APP);
    outcome = change_own(context, "admin.second_step_set", &change, enrol, OUTCOME_FLOW_ENDED,
                         "the second step has been set up elsewhere");
    if (outcome == OUTCOME_OK)
        attempt_right(context, &attempt);
    return outcome;
}
