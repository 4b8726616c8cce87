/*
 * seed.c: fills the database with approved authorizations, as many as a benchmark uses up, and prints a
 * code or a refresh token for each. Going through the real flow would take a sign-in per line; handles
 * carry a MAC, so SQL alone can't make them.
 *
 *   bench-seed CONFIG CLIENT_ID EMAIL SCOPE COUNT code|refresh
 */
#include "core/clock.h"
#include "crypto/handle.h"
#include "crypto/random.h"
#include "domain/login/canonical.h"
#include "store/authorizations.h"
#include "store/clients.h"
#include "store/grants.h"
#include "store/sessions.h"
#include "store/users.h"

#include <stdlib.h>

enum { ARENA_LIMIT = 256 * 1024 * 1024, BATCH = 500, HOUR = 3600, MONTH = 30 * 24 * HOUR };

struct seed {
    struct arena *arena;
    struct db *db;
    struct keyfile *keyfile;
    struct client_row client;
    struct user_row user;
    struct session_row session; /* that all was approved in */
    struct grant_row grant;
    const char *redirect_uri;
    bool with_refresh;
    int64_t now;
    size_t batch;
    struct handle handles[BATCH];
};

static void fail(const char *what)
{
    fprintf(stderr, "bench-seed: %s\n", what);
    exit(1);
}

static enum store_result put_grant(struct db *db, void *argument)
{
    struct seed *seed = argument;
    enum store_result result = sessions_add(db, &seed->session);
    return result == STORE_OK ? grants_put(db, seed->arena, &seed->grant) : result;
}

/* A row whose code hasn't been redeemed yet. */
static enum store_result add_authorization(struct seed *seed, struct handle *code_out)
{
    struct authorization_row row = {
        .client_number = seed->client.number,
        .scope = seed->grant.scope,
        .redirect_uri = seed->redirect_uri,
        .redirect_uri_sent = true,
        .auth_time = seed->now,
        .amr = "pwd",
        .code_expires_at = seed->now + HOUR,
        .created_at = seed->now,
        .expires_at = seed->now + MONTH,
    };
    random_bytes(row.id, sizeof(row.id));
    memcpy(row.sid, seed->session.sid, sizeof(row.sid));
    memcpy(row.grant_id, seed->grant.id, sizeof(row.grant_id));
    memcpy(row.user_id, seed->user.id, sizeof(row.user_id));
    handle_make(HANDLE_CODE, row.id, 0, code_out);
    memcpy(row.code_hash, code_out->hash, sizeof(row.code_hash));
    return authorizations_add(seed->db, &row);
}

/* Redeems a row's code: what is left is its first refresh token. */
static enum store_result redeem(struct seed *seed, struct handle *handle)
{
    struct handle code = *handle;
    handle_make(HANDLE_REFRESH_TOKEN, code.id, 1, handle);
    struct authorization_redemption redemption = {
        .now = seed->now,
        .refresh_hash = handle->hash,
        .refresh_generation = 1,
        .expires_at = seed->now + MONTH,
        .bound_to = "",
    };
    return authorizations_redeem(seed->db, code.id, code.hash, &redemption);
}

static enum store_result add_batch(struct db *db, void *argument)
{
    (void)db;
    struct seed *seed = argument;
    for (size_t i = 0; i < seed->batch; i++) {
        enum store_result result = add_authorization(seed, &seed->handles[i]);
        if (result == STORE_OK && seed->with_refresh)
            result = redeem(seed, &seed->handles[i]);
        if (result != STORE_OK)
            return result;
    }
    return STORE_OK;
}

/* The parts that all rows share: client, person, and what the person allowed the client. */
static void find_parties(struct seed *seed, const char *client_id, const char *email, const char *scope)
{
    const char *key = email_canonical(seed->arena, email);
    if (clients_find(seed->db, seed->arena, client_id, &seed->client) != STORE_OK)
        fail("no such client");
    if (!key || users_find_by_email_key(seed->db, seed->arena, key, &seed->user) != STORE_OK)
        fail("no such user");
    seed->session = (struct session_row) { .created_at = seed->now,
                                           .authenticated_at = seed->now,
                                           .seen_at = seed->now,
                                           .method = "pwd",
                                           .address = "",
                                           .user_agent = "",
                                           .expires_at = seed->now + MONTH };
    random_bytes(seed->session.id_hash, sizeof(seed->session.id_hash));
    random_bytes(seed->session.sid, sizeof(seed->session.sid));
    memcpy(seed->session.user_id, seed->user.id, sizeof(seed->session.user_id));
    seed->grant = (struct grant_row) {
        .client_number = seed->client.number,
        .scope = scope,
        .created_at = seed->now,
        .updated_at = seed->now,
    };
    random_bytes(seed->grant.id, sizeof(seed->grant.id));
    memcpy(seed->grant.user_id, seed->user.id, sizeof(seed->user.id));
    if (db_transact(seed->db, put_grant, seed) != STORE_OK)
        fail("the grant could not be stored");
}

static void print_handles(const struct seed *seed)
{
    struct arena *arena = arena_make(ARENA_LIMIT);
    for (size_t i = 0; i < seed->batch; i++)
        puts(handle_print(seed->keyfile, arena, &seed->handles[i]));
    arena_destroy(arena);
}

int main(int argc, char **argv)
{
    if (argc != 7)
        fail("usage: bench-seed CONFIG CLIENT_ID EMAIL SCOPE COUNT code|refresh");
    const char *error = NULL;
    static struct seed seed;
    seed.arena = arena_make(ARENA_LIMIT);
    struct settings *settings = settings_load(seed.arena, argv[1], &error);
    if (!settings)
        fail(error);
    seed.keyfile = keyfile_load(settings->key_file, &error);
    if (!seed.keyfile)
        fail(error);
    seed.db = db_make(settings);
    seed.now = clock_now_s();
    seed.redirect_uri = getenv("REDIRECT_URI") ? getenv("REDIRECT_URI") : "https://client.example/cb";
    seed.with_refresh = argv[6][0] == 'r';
    find_parties(&seed, argv[2], argv[3], argv[4]);
    size_t left = (size_t)strtoul(argv[5], NULL, 10);
    while (left) {
        seed.batch = left < BATCH ? left : BATCH;
        if (db_transact(seed.db, add_batch, &seed) != STORE_OK)
            fail("the rows could not be stored");
        print_handles(&seed);
        left -= seed.batch;
    }
    db_destroy(seed.db);
    keyfile_free(seed.keyfile);
    arena_destroy(seed.arena);
    return 0;
}
