/*
 * login_probe.c: the sign-in rules at the end of a pipe, for tests that have many processes, or several
 * machines, ask them at the same moment.
 *
 *   login_probe CONFIG SHARED   reads commands on standard input, answers each with a line; SHARED is the
 *                               shared page of the machine that it plays
 *   … race PROCESSES TIMES COMMAND…   has that many processes run a command so often each; tells how often
 * each answer came
 */
#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "domain/directory.h"
#include "domain/login/browser.h"
#include "domain/login/canonical.h"
#include "domain/login/device.h"
#include "domain/login/passwords.h"
#include "domain/login/return_to.h"
#include "domain/login/sign_in.h"
#include "store/challenges.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARENA_LIMIT = 64 * 1024 * 1024, LINE = 2048, MAX_WORDS = 8, MAX_ANSWERS = 16, ANSWER = 40 };

struct probe {
    struct arena *settings_arena;
    struct context context;
    const char *words[MAX_WORDS + 1];
    char answer[LINE];
};

static const char *const outcome_names[OUTCOME_COUNT] = {
    [OUTCOME_OK] = "OK",
    [OUTCOME_WRONG_PASSWORD] = "WRONG_PASSWORD",
    [OUTCOME_PASSWORD_NOT_SET] = "PASSWORD_NOT_SET",
    [OUTCOME_EMAIL_NOT_VERIFIED] = "EMAIL_NOT_VERIFIED",
    [OUTCOME_WRONG_PIN] = "WRONG_PIN",
    [OUTCOME_PIN_SPENT] = "PIN_SPENT",
    [OUTCOME_PIN_NOT_FOUND] = "PIN_NOT_FOUND",
    [OUTCOME_FLOW_ENDED] = "FLOW_ENDED",
    [OUTCOME_INVALID_REQUEST] = "INVALID_REQUEST",
    [OUTCOME_FORBIDDEN] = "FORBIDDEN",
    [OUTCOME_TOO_MANY_REQUESTS] = "TOO_MANY_REQUESTS",
    [OUTCOME_UNAVAILABLE] = "UNAVAILABLE",
};

static void tell(struct probe *probe, enum outcome outcome, const char *more)
{
    const char *name = outcome_names[outcome];
    snprintf(probe->answer, sizeof(probe->answer), "%s%s%s", name == NULL ? "OTHER" : name,
             *more == '\0' ? "" : " ", more);
}

/* A word of the command; "-" is NULL. */
static const char *word(const struct probe *probe, int index)
{
    const char *text = index > MAX_WORDS ? NULL : probe->words[index];
    return text == NULL || text_equal(text, "-") ? NULL : text;
}

static struct sign_in_place place_of(const struct probe *probe, int browser)
{
    return (struct sign_in_place) { .browser = word(probe, browser),
                                    .devices =
                                        word(probe, browser) == NULL ? NULL : word(probe, browser + 1) };
}

static void tell_signed_in(struct probe *probe, enum outcome outcome, const struct signed_in *signed_in)
{
    tell(probe, outcome, outcome != OUTCOME_OK ? "" : signed_in->needs_pin ? "needs_pin" : signed_in->method);
}

/* password EMAIL PASSWORD BROWSER DEVICES */
static void try_password(struct probe *probe)
{
    struct signed_in signed_in;
    const struct sign_in_place place = place_of(probe, 3);
    enum outcome outcome =
        sign_in_by_password(&probe->context, word(probe, 1), word(probe, 2), &place, &signed_in);
    tell_signed_in(probe, outcome, &signed_in);
}

/* pin|mailed-pin EMAIL PIN BROWSER */
static void try_pin(struct probe *probe)
{
    struct signed_in signed_in;
    const struct sign_in_place place = place_of(probe, 3);
    tell_signed_in(probe, sign_in_by_pin(&probe->context, word(probe, 1), word(probe, 2), &place, &signed_in),
                   &signed_in);
}

static void try_mailed_pin(struct probe *probe)
{
    struct signed_in signed_in;
    const struct sign_in_place place = place_of(probe, 3);
    tell_signed_in(probe,
                   sign_in_by_mailed_pin(&probe->context, word(probe, 1), word(probe, 2), &place, &signed_in),
                   &signed_in);
}

/* link TOKEN */
static void use_link(struct probe *probe)
{
    struct signed_in signed_in;
    tell_signed_in(probe, sign_in_by_magic_link(&probe->context, word(probe, 1), &signed_in), &signed_in);
}

/* request EMAIL BROWSER */
static void request_link(struct probe *probe)
{
    const struct sign_in_place place = place_of(probe, 2);
    tell(probe, magic_link_request(&probe->context, word(probe, 1), &place), "");
}

/* begin magic_link|pin EMAIL BROWSER: makes a challenge and tells what would be mailed */
static enum store_result store_challenge(struct db *db, void *argument)
{
    return challenge_store(db, argument);
}

static void begin(struct probe *probe)
{
    struct context *context = &probe->context;
    struct user_row user;
    struct challenge challenge;
    struct challenge_row row;
    const char *email_key = email_canonical(context->arena, word(probe, 2));
    if (users_find_by_email_key(context->db, context->arena, email_key, &user) != STORE_OK)
        fatal("no such user");
    const struct new_challenge wanted = {
        .kind = text_equal(word(probe, 1), "pin") ? CHALLENGE_PIN : CHALLENGE_MAGIC_LINK,
        .user_id = user.id,
        .email = user.email,
        .email_key = user.email_key,
        .browser = word(probe, 3),
    };
    challenge_make(context, &wanted, &challenge, &row);
    if (db_transact(context->db, store_challenge, &row) != STORE_OK)
        fatal("the challenge was not stored");
    tell(probe, OUTCOME_OK,
         arena_printf(context->arena, "%s %s", challenge.token == NULL ? "-" : challenge.token,
                      challenge.pin == NULL ? "-" : challenge.pin));
}

static void new_browser(struct probe *probe)
{
    tell(probe, OUTCOME_OK, browser_new(&probe->context));
}

/* devices EMAIL BROWSER */
static void devices(struct probe *probe)
{
    tell(probe, OUTCOME_OK, device_remember(&probe->context, word(probe, 2), NULL, word(probe, 1)));
}

/* unlock EMAIL */
static void unlock(struct probe *probe)
{
    tell(probe, password_unlock(&probe->context, word(probe, 1)), "");
}

/* return-to ADDRESS */
static void return_to(struct probe *probe)
{
    const char *safe;
    enum outcome outcome = return_to_check(&probe->context, word(probe, 1), &safe);
    tell(probe, outcome, safe == NULL ? "nowhere" : safe);
}

static const struct {
    const char *name;
    void (*run)(struct probe *probe);
} commands[] = {
    { "password", try_password }, { "pin", try_pin },          { "mailed-pin", try_mailed_pin },
    { "link", use_link },         { "request", request_link }, { "begin", begin },
    { "browser", new_browser },   { "devices", devices },      { "unlock", unlock },
    { "return-to", return_to },
};

static void run_command(struct probe *probe)
{
    struct context *context = &probe->context;
    context->now_ms = clock_now_ms();
    context->now = context->now_ms / 1000;
    context->retry_after_s = 0;
    if (directory_refresh(context) != OUTCOME_OK)
        fatal("the database is away");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (text_equal(commands[i].name, probe->words[0])) {
            commands[i].run(probe);
            return;
        }
    }
    fatal("no such command");
}

/* --- races --- */

struct race {
    _Atomic int ready, go;
    _Atomic int counts[MAX_ANSWERS];
    _Atomic int taken[MAX_ANSWERS]; /* 0: free, 1: being written, 2: there */
    char answers[MAX_ANSWERS][ANSWER];
};

static void count_answer(struct race *race, const char *answer)
{
    for (size_t i = 0; i < MAX_ANSWERS; i++) {
        int expected = 0;
        if (atomic_compare_exchange_strong(&race->taken[i], &expected, 1)) {
            snprintf(race->answers[i], ANSWER, "%.*s", ANSWER - 1, answer);
            atomic_store(&race->taken[i], 2);
        }
        while (atomic_load(&race->taken[i]) != 2)
            continue;
        if (text_equal(race->answers[i], answer)) {
            atomic_fetch_add(&race->counts[i], 1);
            return;
        }
    }
    fatal("too many different answers");
}

static void race_once(struct probe *probe, struct race *race, int64_t times)
{
    if (!db_connect(probe->context.db))
        fatal("the database is away");
    atomic_fetch_add(&race->ready, 1);
    while (!atomic_load(&race->go))
        usleep(1000);
    for (int64_t i = 0; i < times; i++) {
        run_command(probe);
        count_answer(race, probe->answer);
        arena_reset(probe->context.arena);
    }
    db_disconnect(probe->context.db);
    exit(0);
}

static void write_counts(struct probe *probe, const struct race *race)
{
    size_t length = 0;
    probe->answer[0] = '\0';
    for (size_t i = 0; i < MAX_ANSWERS && race->counts[i] > 0; i++)
        length += (size_t)snprintf(probe->answer + length, sizeof(probe->answer) - length, "%s%s=%d",
                                   i == 0 ? "" : ",", race->answers[i], race->counts[i]);
}

static void run_race(struct probe *probe)
{
    int64_t processes, times;
    struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (race == MAP_FAILED || !text_to_int(probe->words[1], 1, 200, &processes) ||
        !text_to_int(probe->words[2], 1, 1000, &times))
        fatal("no such race");
    memmove(probe->words, probe->words + 3, sizeof(probe->words) - 3 * sizeof(*probe->words));
    db_disconnect(probe->context.db);
    for (int64_t i = 0; i < processes; i++)
        if (fork() == 0)
            race_once(probe, race, times);
    while (atomic_load(&race->ready) < processes)
        usleep(1000);
    atomic_store(&race->go, 1);
    for (int64_t i = 0; i < processes; i++) {
        int status;
        if (wait(&status) < 0 || status != 0)
            fatal("a racer fell");
    }
    write_counts(probe, race);
    munmap(race, sizeof(*race));
}

/* --- the dialogue --- */

static void split(struct probe *probe, char *line)
{
    char *rest = NULL;
    memset(probe->words, 0, sizeof(probe->words));
    line[strcspn(line, "\n")] = '\0';
    char *at = strtok_r(line, " ", &rest);
    for (int i = 0; i < MAX_WORDS && at != NULL; i++, at = strtok_r(NULL, " ", &rest))
        probe->words[i] = at;
}

static void open_probe(struct probe *probe, const char *config, const char *shared)
{
    const char *error;
    struct context *context = &probe->context;
    probe->settings_arena = arena_make(ARENA_LIMIT);
    context->arena = arena_make(ARENA_LIMIT);
    context->settings = settings_load(probe->settings_arena, config, &error);
    if (context->settings == NULL)
        fatal("%s", error);
    context->keyfile = keyfile_load(context->settings->key_file, &error);
    if (context->keyfile == NULL)
        fatal("%s", error);
    context->db = db_make(context->settings);
    context->shared = shared_map(shared);
    context->directory = directory_make();
    context->request_id = context->user_agent = context->languages = "";
    context->address = "192.0.2.1";
}

static void close_probe(struct probe *probe)
{
    struct context *context = &probe->context;
    directory_free(context->directory);
    shared_unmap(context->shared);
    db_destroy(context->db);
    keyfile_free((struct keyfile *)(uintptr_t)context->keyfile);
    arena_destroy(context->arena);
    arena_destroy(probe->settings_arena);
}

int main(int argc, char **argv)
{
    static struct probe probe;
    char line[LINE];
    if (argc != 3)
        fatal("usage: login_probe CONFIG SHARED");
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_probe(&probe, argv[1], argv[2]);
    while (fgets(line, sizeof(line), stdin)) {
        split(&probe, line);
        if (text_equal(probe.words[0], "race"))
            run_race(&probe);
        else
            run_command(&probe);
        printf("%s\n", probe.answer);
        arena_reset(probe.context.arena);
    }
    close_probe(&probe);
    return 0;
}
