/*
 * store_probe.c: the store at the end of a pipe, for tests that pull the database from under it.
 *
 *   store_probe DIALOGUE SOCKET DATABASE    reads commands on standard input, answers each with a line
 *   store_probe statements SOCKET DATABASE  prepares every statement of the program
 *   store_probe race-redeem|race-rotate SOCKET DATABASE  lets processes race; the number of winners
 */
#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "store/authorizations.h"
#include "store/housekeeping.h"
#include "store/migrations.h"
#include "store/services.h"
#include "store/sessions.h"
#include "store/tables.h"
#include "store/tickets.h"
#include "store/users.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARENA_LIMIT = 16 * 1024 * 1024, LINE = 512, MAX_WORDS = 5, RACERS = 16, ROUNDS = 20, TIMEOUT_S = 2 };

struct probe {
    struct arena *arena;
    struct settings settings;
    struct db *db;
    const char *words[MAX_WORDS];
    int tries;
};

static const char *const result_names[] = { [STORE_OK] = "OK",
                                            [STORE_NOT_FOUND] = "NOT_FOUND",
                                            [STORE_CONFLICT] = "CONFLICT",
                                            [STORE_FAILED] = "FAILED",
                                            [STORE_UNCERTAIN] = "UNCERTAIN" };

static void answer(enum store_result result)
{
    printf("%s\n", result_names[result]);
}

static void read_id(const char *text, unsigned char id_out[16])
{
    if (!text || !uuid_decode(text, id_out))
        fatal("no id");
}

/* Has the test catch up: tells a word and waits for a line. */
static void meet(const char *word)
{
    char line[LINE];
    printf("%s\n", word);
    if (!fgets(line, sizeof(line), stdin))
        exit(0);
}

/* --- services: one row written and read --- */

static struct service_row service_of(const struct probe *probe)
{
    struct service_row row = { .name = probe->words[2],
                               .created_at = 1,
                               .updated_at = 1,
                               .pin_gate = "",
                               .sign_in_form = "",
                               .service_type = "web" };
    read_id(probe->words[1], row.id);
    return row;
}

static void find(struct probe *probe)
{
    struct service_row row;
    unsigned char id[16];
    read_id(probe->words[1], id);
    answer(services_find(probe->db, probe->arena, id, &row));
}

static void add(struct probe *probe)
{
    struct service_row row = service_of(probe);
    answer(services_add(probe->db, &row));
}

static enum store_result add_work(struct db *db, void *argument)
{
    struct probe *probe = argument;
    struct service_row row = service_of(probe);
    probe->tries++;
    return services_add(db, &row);
}

static void transact(struct probe *probe)
{
    answer(db_transact(probe->db, add_work, probe));
}

/* Adds, then waits for the test to do something to the connection, then reads in the same transaction. */
static enum store_result paused_work(struct db *db, void *argument)
{
    struct probe *probe = argument;
    struct service_row row = service_of(probe), found;
    enum store_result result = services_add(db, &row);
    if (probe->tries++ == 0)
        meet("paused");
    return result == STORE_OK ? services_find(db, probe->arena, row.id, &found) : result;
}

static void transact_paused(struct probe *probe)
{
    enum store_result result = db_transact(probe->db, paused_work, probe);
    printf("%s %d\n", result_names[result], probe->tries);
}

static enum store_result set_status(struct probe *probe, const unsigned char id[16])
{
    struct service_row row;
    enum store_result result = services_find(probe->db, probe->arena, id, &row);
    row.status = probe->words[3];
    return result == STORE_OK ? services_set(probe->db, &row) : result;
}

/* Changes two rows with a pause between them: two of these crosswise are a deadlock. */
static enum store_result cross_work(struct db *db, void *argument)
{
    struct probe *probe = argument;
    (void)db;
    unsigned char first[16], second[16];
    read_id(probe->words[1], first);
    read_id(probe->words[2], second);
    enum store_result result = set_status(probe, first);
    if (probe->tries++ == 0)
        meet("paused");
    return result == STORE_OK ? set_status(probe, second) : result;
}

static void cross(struct probe *probe)
{
    enum store_result result = db_transact(probe->db, cross_work, probe);
    printf("%s %d\n", result_names[result], probe->tries);
}

/* --- what else a test asks for --- */

static void count_users(struct probe *probe)
{
    int64_t count = -1;
    enum store_result result = users_count(probe->db, probe->arena, NULL, &count);
    printf("%s %lld\n", result_names[result], (long long)count);
}

static void revoke_one(struct probe *probe)
{
    unsigned char id[16];
    read_id(probe->words[1], id);
    answer(authorizations_revoke(probe->db, id, 7));
}

/* A row with a long text, an empty one and bytes, there and back. */
static void carry(struct probe *probe)
{
    enum { LONG = 60000 };
    struct ticket_row row = { .client_number = INT64_MAX, .created_at = -5, .expires_at = 9 }, found;
    char *request = arena_alloc(probe->arena, LONG + 1);
    memset(request, 'x', LONG);
    read_id(probe->words[1], row.id);
    memset(row.secret_hash, 0xe2, sizeof(row.secret_hash));
    row.request = request;
    enum store_result result = tickets_add(probe->db, &row);
    if (result == STORE_OK)
        result = tickets_find(probe->db, probe->arena, row.id, &found);
    bool same = result == STORE_OK && text_equal(found.request, request) &&
                found.client_number == INT64_MAX && found.created_at == -5 &&
                memcmp(found.secret_hash, row.secret_hash, 32) == 0 && memcmp(found.id, row.id, 16) == 0;
    if (result == STORE_OK)
        result = tickets_change_request(probe->db, row.id, "", 1);
    if (result == STORE_OK)
        result = tickets_find(probe->db, probe->arena, row.id, &found);
    printf("%s %s\n", result_names[result], same && text_equal(found.request, "") ? "same" : "different");
}

static void housekeep(struct probe *probe)
{
    struct housekeeping report;
    int64_t now = 0;
    if (!text_to_int(probe->words[1], 0, INT64_MAX, &now))
        fatal("no time");
    enum store_result result = housekeeping_run(probe->db, now, 1000, &report);
    printf("%s %lld %d\n", result_names[result], (long long)report.deleted, report.more);
}

static void counts(struct probe *probe)
{
    struct db_counts counted = db_counts(probe->db);
    printf("%llu %llu %llu\n", (unsigned long long)counted.statements,
           (unsigned long long)counted.round_trips, (unsigned long long)counted.commits);
}

static void schema(struct probe *probe)
{
    const char *reason = NULL;
    enum store_result result = schema_is_known(probe->db, probe->arena, &reason);
    printf("%s %s\n", result_names[result], reason ? reason : "known");
}

static const struct {
    const char *name;
    void (*run)(struct probe *probe);
} commands[] = {
    { "find", find },           { "add", add },
    { "transact", transact },   { "transact-paused", transact_paused },
    { "cross", cross },         { "count-users", count_users },
    { "revoke", revoke_one },   { "carry", carry },
    { "housekeep", housekeep }, { "counts", counts },
    { "schema", schema },
};

static void run_line(struct probe *probe, const char *line)
{
    const char *cursor = line, *word;
    size_t length, count = 0;
    memset(probe->words, 0, sizeof(probe->words));
    probe->tries = 0;
    while (count < MAX_WORDS && text_next_word(&cursor, ' ', &word, &length))
        probe->words[count++] = arena_strndup(probe->arena, word, length);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (text_equal(commands[i].name, probe->words[0])) {
            commands[i].run(probe);
            return;
        }
    }
    fatal("no command");
}

static int dialogue(struct probe *probe)
{
    char line[LINE];
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        run_line(probe, line);
        arena_reset(probe->arena);
    }
    return 0;
}

/* --- every statement --- */

static int statements(struct probe *probe)
{
    int count = 0, wrong = 0;
    for (size_t i = 0; store_tables[i]; i++) {
        for (size_t j = 0; j < store_tables[i]->count; j++, count++) {
            const char *error = NULL;
            const struct statement *statement = &store_tables[i]->rows[j];
            if (db_check_statement(probe->db, probe->arena, statement, &error))
                continue;
            printf("%s: %s\n", statement->name, error);
            wrong++;
        }
    }
    printf("%d statements, %d wrong\n", count, wrong);
    return wrong != 0;
}

/* --- races --- */

struct race {
    unsigned char user[16], id[16], hash[32];
};

static void prepare_race(struct probe *probe, struct race *race, unsigned char round)
{
    memset(race, round + 1, sizeof(*race));
    memset(race->user, 0xaa, sizeof(race->user));
    struct user_row user = { .email = "a@b", .email_key = "a@b", .name = "A" };
    memcpy(user.id, race->user, sizeof(user.id));
    enum store_result result = users_add(probe->db, &user);
    struct session_row session = { .method = "pwd", .address = "", .user_agent = "" };
    memcpy(session.user_id, race->user, sizeof(session.user_id));
    if (result == STORE_OK)
        result = sessions_add(probe->db, &session);
    struct authorization_row row = { .scope = "openid", .redirect_uri = "https://a/", .amr = "pwd" };
    memcpy(row.id, race->id, sizeof(row.id));
    memcpy(row.user_id, race->user, sizeof(row.user_id));
    memcpy(row.code_hash, race->hash, sizeof(row.code_hash));
    if ((result != STORE_OK && result != STORE_CONFLICT) || authorizations_add(probe->db, &row) != STORE_OK)
        fatal("the race can't be prepared");
    db_disconnect(probe->db);
}

static enum store_result redeem(struct db *db, const struct race *race)
{
    struct authorization_redemption redemption = { .now = 5, .expires_at = 9, .bound_to = "" };
    return authorizations_redeem(db, race->id, race->hash, &redemption);
}

static enum store_result rotate(struct db *db, const struct race *race)
{
    struct authorization_rotation rotation = { .refresh_hash = race->hash, .now_ms = 5, .expires_at = 9 };
    return authorizations_rotate(db, race->id, &rotation);
}

/* A racer connects, waits until all are there, and tries. */
static _Noreturn void run_racer(struct probe *probe, const struct race *race, atomic_int *arrived,
                                enum store_result (*try)(struct db *db, const struct race *race))
{
    struct db *db = db_make(&probe->settings);
    if (!db_connect(db))
        _exit(STORE_FAILED);
    atomic_fetch_add(arrived, 1);
    while (atomic_load(arrived) < RACERS)
        usleep(100);
    enum store_result result = try(db, race);
    db_destroy(db);
    _exit((int)result);
}

static int run_round(struct probe *probe, const struct race *race,
                     enum store_result (*try)(struct db *db, const struct race *race))
{
    int winners = 0, status;
    atomic_int *arrived =
        mmap(NULL, sizeof(*arrived), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (arrived == MAP_FAILED)
        fatal("no memory");
    for (int i = 0; i < RACERS; i++)
        if (fork() == 0)
            run_racer(probe, race, arrived, try);
    for (int i = 0; i < RACERS; i++) {
        wait(&status);
        if (!WIFEXITED(status) || (WEXITSTATUS(status) != STORE_OK && WEXITSTATUS(status) != STORE_NOT_FOUND))
            fatal("a racer ended with status %d", status);
        winners += WEXITSTATUS(status) == STORE_OK;
    }
    munmap(arrived, sizeof(*arrived));
    return winners;
}

static int race(struct probe *probe, enum store_result (*try)(struct db *db, const struct race *race))
{
    int good = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct race one;
        prepare_race(probe, &one, (unsigned char)round);
        good += run_round(probe, &one, try) == 1;
    }
    printf("one winner in %d of %d rounds\n", good, ROUNDS);
    return good != ROUNDS;
}

static int run(struct probe *probe, const char *what)
{
    if (text_equal(what, "statements"))
        return statements(probe);
    if (text_equal(what, "race-redeem"))
        return race(probe, redeem);
    if (text_equal(what, "race-rotate"))
        return race(probe, rotate);
    return dialogue(probe);
}

int main(int count, char **words)
{
    if (count != 4)
        fatal("store_probe WHAT SOCKET DATABASE");
    log_open("stderr", "warn");
    struct probe probe = { .arena = arena_make(ARENA_LIMIT),
                           .settings = { .database_socket = words[2],
                                         .database_name = words[3],
                                         .database_user = "root",
                                         .database_password = "",
                                         .database_tls_ca = "",
                                         .database_timeout_s = TIMEOUT_S } };
    probe.db = db_make(&probe.settings);
    int status = run(&probe, words[1]);
    db_destroy(probe.db);
    arena_destroy(probe.arena);
    return status;
}
