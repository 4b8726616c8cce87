/*
 * passwords.c: see passwords.h. The order is the protection: at most so many at once (T-97), counted before
 * checked (T-87), and the same work whether the account exists or not (T-86).
 *
 * The list of common passwords is mapped once per process and never again: a changed one counts for
 * processes that start later, as after `doorward reload`.
 */
#include "domain/login/passwords.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "core/uri.h"
#include "crypto/password.h"
#include "domain/login/attempts.h"
#include "domain/login/canonical.h"
#include "store/admins.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { GATE_WAIT_MS = 1000, GATE_PAUSE_MS = 10, GATE_RETRY_S = 2 };
enum {
    PERSONAL_WORD = 3,   /* characters from which a word counts as the person's */
    LITTLE_MORE = 4,     /* characters beside such words that don't yet make a password */
    SHORT_UNIT = 4,      /* what is repeated even once is no password when it's so short … */
    MANY_REPETITIONS = 3 /* … or repeated so often */
};
#define STRUCK '\xff' /* in place of the bytes of a personal word: no byte of UTF-8 */

/* --- the blocklist --- */

static struct {
    bool tried;
    const char *text; /* NULL: none */
    size_t size;
} blocklist;

static bool map_file(const char *path)
{
    struct stat file;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    void *text = MAP_FAILED;
    if (fstat(descriptor, &file) == 0 && S_ISREG(file.st_mode) && file.st_size > 0)
        text = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (text == MAP_FAILED)
        return false;
    blocklist.text = text;
    blocklist.size = (size_t)file.st_size;
    return true;
}

static void load_blocklist(const char *path)
{
    if (blocklist.tried)
        return;
    blocklist.tried = true;
    if (!text_empty(path) && !map_file(path))
        log_error("password_blocklist: can't read %s: no password is refused for being common", path);
}

/* Less than, equal to or greater than 0, as the line at start is to the word; the line's end in *end_out. */
static int compare_line(size_t start, const char *word, size_t length, size_t *end_out)
{
    const char *line = blocklist.text + start;
    const char *newline = memchr(line, '\n', blocklist.size - start);
    size_t line_length = newline == NULL ? blocklist.size - start : (size_t)(newline - line);
    int order = memcmp(line, word, line_length < length ? line_length : length);
    *end_out = start + line_length;
    return order != 0 ? order : (line_length > length) - (line_length < length);
}

/* Bisects by bytes: the line that the middle falls into is compared. */
static bool is_on_blocklist(const char *word)
{
    size_t low = 0, high = blocklist.text == NULL ? 0 : blocklist.size, length = strlen(word);
    while (low < high) {
        size_t start = low + (high - low) / 2, end;
        while (start > low && blocklist.text[start - 1] != '\n')
            start--;
        int order = compare_line(start, word, length, &end);
        if (order == 0)
            return true;
        if (order < 0)
            low = end + 1;
        else
            high = start;
    }
    return false;
}

/* --- what a password must be --- */

/* Whether it is one unit over and over, its last time maybe cut short: "aaaaaaaa", "abc1abc1ab". */
static bool repeats_itself(const char *text)
{
    size_t length = strlen(text);
    for (size_t unit = 1; unit <= SHORT_UNIT || unit * MANY_REPETITIONS <= length; unit++)
        if (unit * 2 <= length && memcmp(text, text + unit, length - unit) == 0)
            return true;
    return false;
}

/* Whether each byte follows its neighbour: "abcdefgh", "87654321". */
static bool is_a_run(const char *text)
{
    int step = text[1] - text[0];
    if (step != 1 && step != -1)
        return false;
    for (size_t i = 1; text[i] != '\0'; i++)
        if (text[i] - text[i - 1] != step)
            return false;
    return true;
}

static bool is_common(struct context *context, const char *folded)
{
    load_blocklist(context->settings->password_blocklist);
    return is_on_blocklist(folded) || repeats_itself(folded) || is_a_run(folded);
}

static void strike(char *text, const char *word)
{
    if (text_characters(word) < PERSONAL_WORD)
        return;
    for (char *at = strstr(text, word); at != NULL; at = strstr(at, word))
        memset(at, STRUCK, strlen(word));
}

/* Strikes the whole, then each of its parts: letters and digits between other signs. */
static void strike_words(struct arena *arena, char *text, const char *words)
{
    if (text_empty(words))
        return;
    struct strbuf word = strbuf_start(arena);
    const char *folded = text_folded(arena, words);
    strike(text, folded);
    for (; *folded != '\0'; folded++) {
        if (strchr(" .-_+@:/,'\"()[]", *folded) == NULL) {
            strbuf_add(&word, folded, 1);
            continue;
        }
        strike(text, word.data);
        word = strbuf_start(arena);
    }
    strike(text, word.data);
}

/* The host that people see in the address bar, without its last label: that one is anybody's. */
static const char *site_words(struct context *context)
{
    struct uri issuer;
    if (!uri_parse(context->arena, context->settings->issuer, &issuer) || issuer.host == NULL)
        return NULL;
    const char *dot = strrchr(issuer.host, '.');
    return dot == NULL ? issuer.host
                       : arena_strndup(context->arena, issuer.host, (size_t)(dot - issuer.host));
}

static bool is_personal(struct context *context, const char *folded, const struct password_owner *owner)
{
    char *text = arena_strdup(context->arena, folded);
    const char *email = owner->email == NULL ? "" : owner->email;
    strike_words(context->arena, text, email);
    strike_words(context->arena, text, owner->name);
    strike_words(context->arena, text, site_words(context));
    if (strchr(text, STRUCK) == NULL)
        return false;
    size_t rest = 0;
    for (const char *at = text; *at != '\0'; at++)
        rest += *at != STRUCK && ((unsigned char)*at & 0xc0) != 0x80;
    return rest <= LITTLE_MORE;
}

enum password_problem password_judge(struct context *context, const char *password,
                                     const struct password_owner *owner, const char **prepared_out)
{
    *prepared_out = NULL;
    if (text_empty(password))
        return PASSWORD_TOO_SHORT;
    if (strlen(password) > PASSWORD_MAX_BYTES)
        return PASSWORD_TOO_LONG;
    const char *prepared = password_normalise(context->arena, password);
    if (prepared == NULL)
        return text_is_utf8(password, strlen(password)) ? PASSWORD_TOO_LONG : PASSWORD_NOT_TEXT;
    if (text_characters(prepared) < PASSWORD_MIN_CHARACTERS)
        return PASSWORD_TOO_SHORT;
    const char *folded = text_folded(context->arena, prepared);
    if (is_common(context, folded))
        return PASSWORD_COMMON;
    if (is_personal(context, folded, owner))
        return PASSWORD_PERSONAL;
    *prepared_out = prepared;
    return PASSWORD_FINE;
}

const char *password_problem_words(enum password_problem problem)
{
    static const char *const words[] = {
        [PASSWORD_FINE] = "the password is fine",
        [PASSWORD_TOO_SHORT] = "the password is shorter than 8 characters",
        [PASSWORD_TOO_LONG] = "the password is longer than 1024 bytes",
        [PASSWORD_NOT_TEXT] = "the password is not text in UTF-8",
        [PASSWORD_COMMON] = "the password is one of those that are tried first",
        [PASSWORD_PERSONAL] = "the password is little more than the address, the name or the site",
    };
    return words[problem];
}

/* --- hashing --- */

static struct scrypt_cost wanted_cost(const struct settings *settings)
{
    return (struct scrypt_cost) { settings->scrypt_log_n, settings->scrypt_r, settings->scrypt_p };
}

/* Hashing is what a flood of sign-ins would exhaust the machine with, so only so many at once. A few
 * people who sign in in the same moment wait for one another; a flood is told to come back. */
static enum outcome enter_gate(struct context *context)
{
    static const struct timespec pause = { .tv_nsec = GATE_PAUSE_MS * 1000000L };
    int64_t until_ms = clock_mono_ms() + GATE_WAIT_MS;
    while (!shared_gate_enter(context->shared, context->settings->max_concurrent_hashes)) {
        if (clock_mono_ms() >= until_ms) {
            context->retry_after_s = GATE_RETRY_S;
            return refuse(context, OUTCOME_UNAVAILABLE, "too many passwords are being checked");
        }
        nanosleep(&pause, NULL);
    }
    return OUTCOME_OK;
}

enum outcome password_hash_new(struct context *context, const char *prepared, const char **hash_out)
{
    struct scrypt_cost cost = wanted_cost(context->settings);
    enum outcome entered = enter_gate(context);
    if (entered != OUTCOME_OK)
        return entered;
    *hash_out = password_hash(context->arena, prepared, &cost);
    shared_gate_leave(context->shared);
    return OUTCOME_OK;
}

/* The same work for each kind of mismatch; true only for an active user with this password. */
static bool check(struct context *context, const struct user_row *user, const char *password)
{
    struct scrypt_cost cost = wanted_cost(context->settings);
    if (user == NULL || text_empty(user->password_hash)) {
        password_check_nobody(context->arena, password, &cost);
        return false;
    }
    return password_check(context->arena, password, user->password_hash) &&
           text_equal(user->status, "active");
}

/* A sign-in is the one moment at which a hash can be made stronger. A failure leaves the old one. */
static void upgrade_hash(struct context *context, const struct password_guess *guess, const char *password)
{
    const struct user_row *user = guess->user;
    struct scrypt_cost cost = wanted_cost(context->settings);
    if (!password_is_outdated(user->password_hash, &cost))
        return;
    const char *hash = password_hash(context->arena, password, &cost);
    enum store_result upgraded = guess->is_admin
                                     ? admins_upgrade_hash(context->db, user->id, user->password_hash, hash)
                                     : users_upgrade_hash(context->db, user->id, user->password_hash, hash);
    if (upgraded != STORE_OK)
        log_warn("password.upgrade_failed");
}

/* --- guesses --- */

static const char attempts_kind[] = "password", admin_attempts_kind[] = "admin password";

static struct attempt_limit limit_of(struct context *context, const struct password_guess *guess)
{
    const char *subject = guess->email_key;
    if (guess->known_browser != NULL)
        subject = arena_printf(context->arena, "%s %s", guess->email_key, guess->known_browser);
    return (struct attempt_limit) { .kind = guess->is_admin ? admin_attempts_kind : attempts_kind,
                                    .subject = subject,
                                    .limit = context->settings->sign_in_limit_per_account,
                                    .window_s = context->settings->sign_in_window_s,
                                    .grows = true };
}

/* Inside the gate: what waits for it isn't counted yet, and what is given up there never is. */
static enum outcome try_inside(struct context *context, struct password_guess *guess, const char *password)
{
    struct attempt attempt;
    struct attempt_limit limit = limit_of(context, guess);
    enum outcome counted = attempt_begin(context, &limit, &attempt);
    if (counted != OUTCOME_OK)
        return counted;
    guess->right = check(context, guess->user, password);
    guess->locked_now = attempt.locked_now && !guess->right;
    if (guess->right) {
        upgrade_hash(context, guess, password);
        attempt_right(context, &attempt);
    }
    return OUTCOME_OK;
}

enum outcome password_try(struct context *context, struct password_guess *guess)
{
    const char *password = password_normalise(context->arena, guess->password);
    guess->right = guess->locked_now = false;
    if (password == NULL)
        return OUTCOME_OK;
    enum outcome outcome = enter_gate(context);
    if (outcome != OUTCOME_OK)
        return outcome;
    outcome = try_inside(context, guess, password);
    shared_gate_leave(context->shared);
    return outcome;
}

enum outcome password_unlock(struct context *context, const char *email_key)
{
    return attempts_forget(context, attempts_kind, email_key);
}

enum outcome password_unlock_admin(struct context *context, const char *email_key)
{
    return attempts_forget(context, admin_attempts_kind, email_key);
}
