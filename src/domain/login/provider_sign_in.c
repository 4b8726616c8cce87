/* provider_sign_in.c: see provider_sign_in.h. */
#include "domain/login/provider_sign_in.h"

#include "core/log.h"
#include "core/text.h"
#include "crypto/random.h"
#include "domain/account/account.h"
#include "domain/account/link_mail.h"
#include "domain/analytics/usage.h"
#include "domain/login/canonical.h"
#include "store/connections.h"

enum { MAX_SUBJECT = 255, TRIES = 3 };

/* What is known of somebody who comes back from a provider. */
struct arriving {
    const struct provider *provider;
    const struct provider_identity *identity;
    const struct sign_in_place *place;
    const char *email_key; /* NULL: no usable address */
};

/* --- who is known --- */

static bool same(const char *a, const char *b)
{
    return text_equal(a ? a : "", b ? b : "");
}

/* What the person sees of the account there follows what the provider tells; a failure changes nothing. */
static void follow_profile(struct context *context, const struct arriving *arriving,
                           const struct connection_row *there)
{
    struct connection_row row;
    linking_row(context, there->provider, arriving->identity, there->user_id, &row);
    memcpy(row.id, there->id, sizeof(row.id));
    if (same(row.email, there->email) && same(row.label, there->label) &&
        same(row.display_name, there->display_name) && row.email_verified == there->email_verified)
        return;
    enum store_result changed = connections_change_profile(context->db, &row);
    if (changed != STORE_OK && changed != STORE_NOT_FOUND)
        log_warn("provider.profile_not_noted");
}

static enum outcome wait_for_proof(struct context *context, const struct arriving *arriving,
                                   const struct user_row *user, struct provider_arrival *arrival_out)
{
    arrival_out->arrival = ARRIVAL_PROOF_NEEDED;
    return linking_begin(context, arriving->provider, arriving->identity, user, arriving->place->browser,
                         &arrival_out->pending);
}

/* The account's own address, which the provider has proven meanwhile, needn't be confirmed by a mail. */
static void take_proof_of_address(struct context *context, const struct arriving *arriving,
                                  struct user_row *user)
{
    if (user->email_verified || !arriving->identity->email_vouched ||
        !text_equal(arriving->email_key, user->email_key))
        return;
    user->email_verified =
        users_verify_email(context->db, user->id, user->email_key, context->now) == STORE_OK;
}

static enum outcome sign_in_known(struct context *context, const struct arriving *arriving,
                                  const struct connection_row *connection,
                                  struct provider_arrival *arrival_out)
{
    struct user_row user;
    enum outcome outcome =
        store_outcome(context, users_find(context->db, context->arena, connection->user_id, &user),
                      OUTCOME_WRONG_PASSWORD, "the account has been removed");
    if (outcome != OUTCOME_OK)
        return outcome;
    /* connected for its tokens alone: its owner says whether it is to open the account, too */
    if (!connection->sign_in)
        return wait_for_proof(context, arriving, &user, arrival_out);
    take_proof_of_address(context, arriving, &user);
    arrival_out->arrival = ARRIVAL_KNOWN;
    arrival_out->signed_in.email = user.email;
    outcome =
        sign_in_behind(context, &user, arriving->provider->name, arriving->place, &arrival_out->signed_in);
    if (outcome == OUTCOME_OK)
        follow_profile(context, arriving, connection);
    if (outcome == OUTCOME_WRONG_PASSWORD || outcome == OUTCOME_EMAIL_NOT_VERIFIED)
        usage_note_failure(context, arriving->place->service, arriving->provider->name);
    return outcome;
}

/* --- who is new --- */

/* A name that can be shown; the address' own part, or all of it, for who has none there. */
static const char *name_for(struct context *context, const struct provider_identity *identity)
{
    size_t length = strcspn(identity->email, "@");
    const char *const candidates[] = { identity->name, arena_strndup(context->arena, identity->email, length),
                                       identity->email };
    for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
        const char *name = account_clean_name(context->arena, candidates[i]);
        if (name)
            return name;
    }
    return "-";
}

struct newcomer_work {
    struct user_row user;
    struct connection_row connection;
    const struct link_mail_rows *mail; /* NULL: the address is proven, or no mail is sent */
};

static enum store_result add_in_transaction(struct db *db, void *argument)
{
    const struct newcomer_work *work = argument;
    enum store_result result = users_add(db, &work->user);
    if (result == STORE_OK)
        result = connections_add(db, &work->connection);
    return result == STORE_OK && work->mail ? link_mail_add(db, work->mail) : result;
}

static enum store_result add_account(struct context *context, struct newcomer_work *work)
{
    struct user_row there;
    enum store_result result = db_transact(context->db, add_in_transaction, work);
    if (result == STORE_UNCERTAIN)
        result = users_find(context->db, context->arena, work->user.id, &there);
    return result;
}

static void make_newcomer(struct context *context, const struct arriving *arriving,
                          struct newcomer_work *work_out)
{
    const struct provider_identity *identity = arriving->identity;
    *work_out = (struct newcomer_work) { .user = { .email = identity->email,
                                                   .email_key = arriving->email_key,
                                                   .email_verified = identity->email_vouched,
                                                   .name = name_for(context, identity),
                                                   .status = "active",
                                                   .created_at = context->now,
                                                   .updated_at = context->now,
                                                   .self_registered = true,
                                                   .languages = context->languages } };
    random_uuid_timed(context->now_ms, work_out->user.id);
    linking_row(context, arriving->provider->name, identity, work_out->user.id, &work_out->connection);
}

static void tell_newcomer(const struct arriving *arriving, const struct newcomer_work *work,
                          struct provider_arrival *arrival_out)
{
    arrival_out->arrival = ARRIVAL_NEW;
    arrival_out->is_unverified = !work->user.email_verified;
    arrival_out->signed_in = (struct signed_in) { .email = work->user.email,
                                                  .email_key = work->user.email_key,
                                                  .method = arriving->provider->name,
                                                  .flow = arriving->place->flow,
                                                  .return_to = arriving->place->return_to };
    memcpy(arrival_out->signed_in.user_id, work->user.id, sizeof(work->user.id));
}

/* ALREADY_EXISTS when somebody was faster, with the address or with the account there. */
static enum outcome sign_up(struct context *context, const struct arriving *arriving,
                            struct provider_arrival *arrival_out)
{
    struct newcomer_work work;
    struct link_mail_rows mail;
    if (!context->settings->registration) {
        arrival_out->arrival = ARRIVAL_CLOSED;
        return OUTCOME_OK;
    }
    make_newcomer(context, arriving, &work);
    if (!work.user.email_verified && mail_is_possible(context)) {
        const struct link_mail wanted = { .kind = CHALLENGE_VERIFY_EMAIL,
                                          .user = &work.user,
                                          .email = work.user.email,
                                          .email_key = work.user.email_key,
                                          .place = arriving->place };
        enum outcome prepared = link_mail_prepare(context, &wanted, &mail);
        if (prepared != OUTCOME_OK)
            return prepared;
        work.mail = &mail;
    }
    enum outcome outcome =
        store_outcome(context, add_account(context, &work), OUTCOME_UNAVAILABLE, "no account was added");
    if (outcome != OUTCOME_OK)
        return outcome;
    if (work.mail)
        mail_wake(context);
    tell_newcomer(arriving, &work, arrival_out);
    return OUTCOME_OK;
}

/* --- all of them --- */

static enum store_result find_connection(struct context *context, const struct arriving *arriving,
                                         struct connection_row *connection_out)
{
    return connections_find_by_subject(context->db, context->arena, arriving->provider->name,
                                       arriving->identity->subject, connection_out);
}

/* Somebody here has the address: who came themselves, perhaps, by another tab and just now, between the look
 * for the connection and the one for the address. */
static enum outcome meet_account(struct context *context, const struct arriving *arriving,
                                 const struct user_row *user, struct provider_arrival *arrival_out)
{
    struct connection_row connection;
    enum store_result found = find_connection(context, arriving, &connection);
    if (found == STORE_OK)
        return sign_in_known(context, arriving, &connection, arrival_out);
    if (found == STORE_NOT_FOUND && arriving->identity->email_vouched)
        return wait_for_proof(context, arriving, user, arrival_out);
    arrival_out->arrival = ARRIVAL_ADDRESS_TAKEN;
    return found == STORE_NOT_FOUND ? OUTCOME_OK : store_outcome(context, found, OUTCOME_UNAVAILABLE, NULL);
}

static enum outcome meet_address(struct context *context, const struct arriving *arriving,
                                 struct provider_arrival *arrival_out)
{
    struct user_row user;
    if (!arriving->email_key) {
        arrival_out->arrival = ARRIVAL_NO_ADDRESS;
        return OUTCOME_OK;
    }
    enum store_result found =
        users_find_by_email_key(context->db, context->arena, arriving->email_key, &user);
    if (found == STORE_NOT_FOUND)
        return sign_up(context, arriving, arrival_out);
    if (found == STORE_OK)
        return meet_account(context, arriving, &user, arrival_out);
    return store_outcome(context, found, OUTCOME_UNAVAILABLE, NULL);
}

static enum outcome arrive(struct context *context, const struct arriving *arriving,
                           struct provider_arrival *arrival_out)
{
    struct connection_row connection;
    enum store_result found = find_connection(context, arriving, &connection);
    if (found == STORE_OK)
        return sign_in_known(context, arriving, &connection, arrival_out);
    if (found != STORE_NOT_FOUND)
        return store_outcome(context, found, OUTCOME_UNAVAILABLE, NULL);
    return meet_address(context, arriving, arrival_out);
}

enum outcome provider_sign_in(struct context *context, const struct provider *provider,
                              const struct provider_identity *identity, const struct sign_in_place *place,
                              struct provider_arrival *arrival_out)
{
    enum outcome outcome = OUTCOME_ALREADY_EXISTS;
    const struct arriving arriving = { .provider = provider,
                                       .identity = identity,
                                       .place = place,
                                       .email_key = identity->email
                                                        ? email_canonical(context->arena, identity->email)
                                                        : NULL };
    if (text_empty(identity->subject) || strlen(identity->subject) > MAX_SUBJECT)
        return refuse(context, OUTCOME_PROVIDER_FAILED, "the provider's subject is empty or too long");
    for (int i = 0; i < TRIES && outcome == OUTCOME_ALREADY_EXISTS; i++) {
        *arrival_out = (struct provider_arrival) { .email = identity->email };
        outcome = arrive(context, &arriving, arrival_out);
    }
    return outcome;
}

enum outcome provider_admin_step(struct context *context, const struct provider *provider,
                                 const struct provider_identity *identity, const char *return_to,
                                 struct admin_step *step_out)
{
    if (!identity->email_vouched || !identity->email)
        return refuse(context, OUTCOME_FORBIDDEN, "the provider vouches for no address");
    return admin_step_by_provider(context, identity->email, provider->name, return_to, step_out);
}
