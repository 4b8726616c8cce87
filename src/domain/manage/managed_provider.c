/* managed_provider.c: see managed_provider.h. */
#include "domain/manage/managed_provider.h"

#include "core/text.h"
#include "crypto/secret.h"
#include "domain/manage/change.h"
#include "domain/precondition.h"
#include "domain/providers/configured.h"
#include "domain/providers/disconnect.h"
#include "domain/providers/journey.h"
#include "domain/providers/provider_metadata.h"
#include "domain/providers/stored.h"

enum { MAX_PROVIDERS = 500, AT_ONCE = 100 };

static const char unknown[] = "no such provider";

static enum outcome refuse_metadata(struct context *context, const char *error)
{
    return refuse(context, OUTCOME_INVALID_REQUEST, error);
}

/* --- what is there --- */

/* The version stands for the secret, whose sealed bytes are others under another key. The rest is for an
 * older program beside this one, which counts nothing. */
static const char *tag_of(struct arena *arena, const struct provider_row *row)
{
    return precondition_tag_of_text(arena,
                                    arena_printf(arena, "%s\n%s\n%lld %lld", row->status, row->metadata,
                                                 (long long)row->updated_at, (long long)row->version));
}

static void take_row(struct context *context, const struct provider_row *row,
                     struct managed_provider *provider_out)
{
    *provider_out = (struct managed_provider) { .kind_name = row->kind,
                                                .created_at = row->created_at,
                                                .updated_at = row->updated_at,
                                                .tag = tag_of(context->arena, row) };
    if (stored_provider_read(context, context->arena, row, &provider_out->provider, &provider_out->error))
        return;
    provider_out->provider = (struct provider) { .name = row->name,
                                                 .display_name = row->name,
                                                 .client_secret = "",
                                                 .active = text_equal(row->status, "active") };
}

static const struct provider *find_configured(const struct context *context, const char *name)
{
    const struct configured_providers *configured = context->configured_providers;
    for (size_t i = 0; configured && i < configured->count; i++) {
        if (text_equal(configured->providers[i].name, name))
            return &configured->providers[i];
    }
    return NULL;
}

static struct managed_provider from_file(const struct provider *provider)
{
    return (struct managed_provider) { .provider = *provider,
                                       .kind_name = provider->kind->name,
                                       .from_file = true };
}

static enum outcome find_row(struct context *context, const char *name, struct provider_row *row_out)
{
    if (!text_is_printable(name) || strlen(name) > PROVIDER_NAME_MAX)
        return refuse(context, OUTCOME_NOT_FOUND, unknown);
    const char *canonical = provider_name_canonical(context->arena, name);
    return store_outcome(context, providers_find(context->db, context->arena, canonical, row_out),
                         OUTCOME_NOT_FOUND, unknown);
}

enum outcome managed_provider_find(struct context *context, const char *name,
                                   struct managed_provider *provider_out)
{
    struct provider_row row;
    const struct provider *configured =
        find_configured(context, provider_name_canonical(context->arena, name));
    if (configured) {
        *provider_out = from_file(configured);
        return OUTCOME_OK;
    }
    enum outcome outcome = find_row(context, name, &row);
    if (outcome == OUTCOME_OK)
        take_row(context, &row, provider_out);
    return outcome;
}

enum outcome managed_provider_list(struct context *context, struct managed_provider **providers_out,
                                   size_t *count_out)
{
    struct provider_row *rows;
    size_t count;
    const struct configured_providers *configured = context->configured_providers;
    size_t configured_count = configured ? configured->count : 0;
    enum store_result result = providers_list(context->db, context->arena, MAX_PROVIDERS, &rows, &count);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_SERVER_ERROR, "the providers could not be read");
    struct managed_provider *all = arena_array(context->arena, configured_count + count + 1, sizeof(*all));
    for (size_t i = 0; i < configured_count; i++)
        all[i] = from_file(&configured->providers[i]);
    for (size_t i = 0; i < count; i++) {
        take_row(context, &rows[i], &all[configured_count + i]);
        all[configured_count + i].shadowed = find_configured(context, rows[i].name) != NULL;
    }
    *providers_out = all;
    *count_out = configured_count + count;
    return OUTCOME_OK;
}

/* --- history --- */

/* What has no column of its own. */
static void write_member(const char *name, struct json *member, void *context)
{
    static const char elsewhere[] = "name kind client_secret client_secret_file";
    struct json_writer *writer = context;
    if (!text_has_word(elsewhere, ' ', name))
        json_write_value(writer, name, member);
}

/* changes: what was said of it, NULL: nothing. */
static struct record record_of(struct context *context, const char *type, const struct provider_row *row,
                               const struct json *changes, bool secret_changed)
{
    struct json_writer data = json_writer_start(context->arena);
    json_open_object(&data, NULL);
    json_write_text(&data, "name", row->name);
    json_write_text(&data, "kind", row->kind);
    json_each(changes, write_member, &data);
    if (secret_changed)
        json_write_boolean(&data, "secret_changed", true);
    json_close_object(&data);
    return (struct record) { .type = type, .subject = row->name, .data = data.text.data };
}

/* --- adding --- */

/* What the row holds as JSON. */
static const char *kept_metadata(struct arena *arena, const struct json *object)
{
    struct json_writer writer = json_writer_start(arena);
    json_open_object(&writer, NULL);
    json_each(object, write_member, &writer);
    json_close_object(&writer);
    return writer.text.data;
}

/* Checks the object and its secret, or the one that the row has (old, "" for none). */
static enum outcome read_wish(struct context *context, const struct json *object,
                              const struct provider_wish *wish, const char *old,
                              struct provider_metadata *metadata_out)
{
    const char *error;
    struct arena *arena = context->arena;
    if (!wish->may_read_files && json_has_member(wish->metadata, "client_secret_file"))
        return refuse_metadata(context, "client_secret_file can only be given on the command line and in the "
                                        "file of the configuration");
    if (!provider_metadata_read(arena, context->settings, object, metadata_out, &error) ||
        !provider_metadata_read_secret(arena, metadata_out, &error))
        return refuse_metadata(context, error);
    const char *secret = metadata_out->secret ? metadata_out->secret : old;
    return provider_metadata_take_secret(arena, metadata_out, secret, &error)
               ? OUTCOME_OK
               : refuse_metadata(context, error);
}

static struct bytes bytes_of(const char *text)
{
    return (struct bytes) { (const unsigned char *)text, strlen(text) };
}

/* old: the secret that the row has; NULL: it doesn't open. The same again isn't sealed again. */
static void fill_row(struct context *context, const struct json *object,
                     const struct provider_metadata *metadata, const char *old, struct provider_row *row)
{
    const struct provider *provider = &metadata->provider;
    row->name = provider->name;
    row->kind = metadata->kind->name;
    row->metadata = kept_metadata(context->arena, object);
    if (!old || !secret_equal(bytes_of(old), bytes_of(provider->client_secret)))
        row->secret_sealed = stored_provider_seal(context, provider->name, provider->client_secret);
}

static enum store_result add(struct db *db, void *argument)
{
    return providers_add(db, argument);
}

enum outcome managed_provider_add(struct context *context, const struct provider_wish *wish,
                                  struct managed_provider *provider_out)
{
    struct provider_metadata metadata;
    /* one that takes another's place counts on from where that can't have come */
    struct provider_row row = {
        .status = "active", .version = context->now_ms, .created_at = context->now, .updated_at = context->now
    };
    enum outcome outcome = read_wish(context, wish->metadata, wish, "", &metadata);
    if (outcome != OUTCOME_OK)
        return outcome;
    fill_row(context, wish->metadata, &metadata, "", &row);
    if (find_configured(context, row.name))
        return refuse(context, OUTCOME_ALREADY_EXISTS, "the configuration has a provider of this name");
    const struct record record =
        record_of(context, "provider.created", &row, wish->metadata, row.secret_sealed.length > 0);
    enum store_result result = change_recorded(context, &record, add, &row);
    if (result == STORE_UNCERTAIN)
        result = providers_find(context->db, context->arena, row.name, &row);
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS, "there is a provider of this name");
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_SERVER_ERROR, "the provider was not added");
    take_row(context, &row, provider_out);
    return OUTCOME_OK;
}

/* Those of the file are as it says. */
static enum outcome find_changeable(struct context *context, const char *name, struct provider_row *row_out)
{
    if (find_configured(context, provider_name_canonical(context->arena, name)))
        return refuse(context, OUTCOME_ALREADY_EXISTS,
                      "the provider is in the file of the configuration: change it there");
    return find_row(context, name, row_out);
}

static void put_member(const char *name, struct json *member, void *merged)
{
    json_put(merged, name, member);
}

/* A null took the member's place: gone with it. */
static void put_unless_null(const char *name, struct json *member, void *merged)
{
    if (json_kind(member) != JSON_NULL)
        json_put(merged, name, member);
}

static const struct json *merge(struct context *context, const struct provider_row *row,
                                const struct json *wanted)
{
    struct json *object = stored_provider_object(context->arena, row);
    struct json *merged = json_new_object(context->arena);
    if (!object)
        return NULL;
    json_each(wanted, put_member, object);
    json_each(object, put_unless_null, merged);
    return merged;
}

/*
 * (provider, subject) is who somebody is (T-82): another kind, issuer or member for the subject under the
 * same name would make strangers of those who are connected, or give their accounts to others.
 */
static enum outcome check_identity(struct context *context, const struct provider_row *row,
                                   const struct provider *wanted)
{
    int64_t count;
    const char *error;
    struct provider old;
    if (!text_equal(row->name, wanted->name) || !text_equal(row->kind, wanted->kind->name))
        return refuse_metadata(context, "name and kind can't be changed");
    if (!stored_provider_read(context, context->arena, row, &old, &error))
        return OUTCOME_OK;
    if (text_equal(old.issuer, wanted->issuer) && text_equal(old.kind->subject, wanted->kind->subject) &&
        old.kind->is_oidc == wanted->kind->is_oidc)
        return OUTCOME_OK;
    enum store_result result = providers_count_connections(context->db, context->arena, row->name, &count);
    if (result != STORE_OK)
        return store_outcome(context, result, OUTCOME_SERVER_ERROR, unknown);
    return count ? refuse(context, OUTCOME_ALREADY_EXISTS,
                          "issuer and profile.subject can't be changed while accounts are connected")
                 : OUTCOME_OK;
}

/* --- changing --- */

struct provider_change {
    struct context *context;
    const char *name;
    const struct provider_wish *wish;
    struct provider_row row;        /* out: as it becomes */
    struct record record, switched; /* out */
    enum outcome outcome;           /* out: why it wasn't done */
};

static enum outcome edit_metadata(struct context *context, const struct provider_wish *wish,
                                  struct provider_row *row)
{
    struct provider_metadata metadata;
    if (json_kind(wish->metadata) != JSON_OBJECT)
        return refuse_metadata(context, "a provider must be a JSON object");
    const struct json *object = merge(context, row, wish->metadata);
    const char *old = stored_provider_secret(context, context->arena, row);
    bool drops = json_has_member(wish->metadata, "client_secret") &&
                 json_kind(json_member(wish->metadata, "client_secret")) == JSON_NULL;
    if (!object)
        return refuse(context, OUTCOME_SERVER_ERROR, "its metadata are broken");
    enum outcome outcome = read_wish(context, object, wish, old && !drops ? old : "", &metadata);
    if (outcome == OUTCOME_OK)
        outcome = check_identity(context, row, &metadata.provider);
    if (outcome == OUTCOME_OK)
        fill_row(context, object, &metadata, old, row);
    return outcome;
}

static enum outcome edit(struct provider_change *change)
{
    struct context *context = change->context;
    const struct provider_wish *wish = change->wish;
    struct provider_row *row = &change->row;
    if (!precondition_holds(wish->if_match, tag_of(context->arena, row)))
        return refuse(context, OUTCOME_PRECONDITION_FAILED, "the provider has changed since");
    if (wish->status)
        row->status = wish->status;
    return wish->metadata ? edit_metadata(context, wish, row) : OUTCOME_OK;
}

/* What has changed: nothing where it is as before. */
static void note(struct provider_change *change, const struct provider_row *before)
{
    struct context *context = change->context;
    const struct provider_row *row = &change->row;
    bool other_secret = row->secret_sealed.data != before->secret_sealed.data;
    bool updated = other_secret || !text_equal(row->metadata, before->metadata);
    bool active = text_equal(row->status, "active"), same = text_equal(row->status, before->status);
    change->record =
        record_of(context, updated ? "provider.updated" : NULL, row, change->wish->metadata, other_secret);
    change->switched =
        record_of(context, active ? "provider.enabled" : "provider.disabled", row, NULL, false);
    change->record.also = same ? NULL : &change->switched;
}

static enum store_result change_in_transaction(struct db *db, void *argument)
{
    struct provider_change *change = argument;
    enum store_result result = providers_lock(db, change->context->arena, change->name, &change->row);
    if (result != STORE_OK)
        return result;
    const struct provider_row before = change->row;
    change->outcome = edit(change);
    if (change->outcome != OUTCOME_OK)
        return STORE_NOT_FOUND; /* anything but OK rolls back */
    note(change, &before);
    if (record_is_empty(&change->record))
        return STORE_OK;
    change->row.updated_at = change->context->now;
    change->row.version++;
    return providers_set(db, &change->row);
}

enum outcome managed_provider_change(struct context *context, const char *name,
                                     const struct provider_wish *wish, struct managed_provider *provider_out)
{
    struct provider_row row;
    enum outcome outcome = find_changeable(context, name, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct provider_change change = { .context = context, .name = row.name, .wish = wish };
    enum store_result result = change_recorded(context, &change.record, change_in_transaction, &change);
    if (change.outcome != OUTCOME_OK)
        return change.outcome;
    if (result == STORE_OK)
        take_row(context, &change.row, provider_out);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

enum outcome managed_provider_set_active(struct context *context, const char *name, bool active)
{
    struct managed_provider provider;
    const struct provider_wish wish = { .status = active ? "active" : "disabled" };
    return managed_provider_change(context, name, &wish, &provider);
}

/* --- removing --- */

struct removal {
    struct context *context;
    const char *name;
    bool with_connections;
    int64_t disconnected; /* out */
};

/* Some of its accounts, with what is to be revoked. */
static enum store_result disconnect(struct db *db, void *argument)
{
    struct removal *removal = argument;
    struct context *context = removal->context;
    struct connection_row *rows;
    size_t count = 0;
    enum store_result result =
        connections_lock_of_provider(db, context->arena, removal->name, AT_ONCE, &rows, &count);
    if (result == STORE_OK)
        result = disconnect_accounts(db, context, rows, count, context->actor);
    removal->disconnected = (int64_t)count;
    return result;
}

/* A part whose fate isn't known is gone, or is found again by the next. */
enum outcome managed_provider_disconnect(struct context *context, const char *name, int64_t *count_out)
{
    struct provider_row row;
    enum outcome outcome = find_changeable(context, name, &row);
    *count_out = 0;
    if (outcome != OUTCOME_OK)
        return outcome;
    enum store_result result = STORE_OK;
    struct removal removal = { .context = context, .name = row.name, .disconnected = 1 };
    while (result == STORE_OK && removal.disconnected) {
        result = db_transact(context->db, disconnect, &removal);
        *count_out += removal.disconnected;
        if (result == STORE_UNCERTAIN)
            result = STORE_OK;
    }
    disconnect_wake(context);
    return store_outcome(context, result, OUTCOME_SERVER_ERROR, unknown);
}

static enum store_result disconnect_rest(struct db *db, struct removal *removal)
{
    enum store_result result = disconnect(db, removal);
    while (result == STORE_OK && removal->disconnected)
        result = disconnect(db, removal);
    return result;
}

/* Counted inside the transaction; whoever connects at the same moment finds no provider any more. */
static enum store_result remove_row(struct db *db, void *argument)
{
    struct removal *removal = argument;
    int64_t count = 0;
    enum store_result result = providers_remove(db, removal->name);
    if (result == STORE_OK && removal->with_connections)
        return disconnect_rest(db, removal);
    if (result == STORE_OK)
        result = providers_count_connections(db, removal->context->arena, removal->name, &count);
    return result == STORE_OK && count ? STORE_CONFLICT : result;
}

enum outcome managed_provider_remove(struct context *context, const char *name, bool with_connections)
{
    struct provider_row row;
    enum outcome outcome = find_changeable(context, name, &row);
    if (outcome != OUTCOME_OK)
        return outcome;
    struct removal removal = { .context = context, .name = row.name, .with_connections = with_connections };
    const struct record record = record_of(context, "provider.removed", &row, NULL, false);
    enum store_result result = change_recorded(context, &record, remove_row, &removal);
    if (result == STORE_CONFLICT)
        return refuse(context, OUTCOME_ALREADY_EXISTS,
                      "accounts are connected by the provider: switch it off instead");
    disconnect_wake(context);
    return store_outcome(context, result, OUTCOME_NOT_FOUND, unknown);
}

/* --- telling --- */

const char *managed_provider_status(const struct managed_provider *provider)
{
    if (provider->error)
        return "broken";
    return provider->provider.active && !provider->shadowed ? "active" : "disabled";
}

const char *managed_provider_callback(struct context *context, const struct managed_provider *provider)
{
    return journey_callback(context, &provider->provider);
}

static void write_profile(struct json_writer *writer, const struct provider_kind *kind)
{
    json_open_object(writer, "profile");
    json_write_text(writer, "subject", kind->subject);
    json_write_text(writer, "name", kind->name_member);
    json_write_text(writer, "email", kind->email);
    json_write_text(writer, "email_verified", kind->email_verified);
    json_write_text(writer, "picture", kind->picture);
    json_close_object(writer);
}

static void write_facts(struct json_writer *writer, const struct provider *provider)
{
    json_write_text(writer, "client_id", provider->client_id);
    json_write_boolean(writer, "has_client_secret", *provider->client_secret);
    json_write_text(writer, "token_endpoint_auth_method", provider->token_auth_method);
    json_write_text(writer, "issuer", provider->issuer);
    json_write_text(writer, "authorization_endpoint", provider->authorization_endpoint);
    json_write_text(writer, "token_endpoint", provider->token_endpoint);
    json_write_text(writer, "userinfo_endpoint", provider->userinfo_endpoint);
    json_write_text(writer, "emails_endpoint", provider->emails_endpoint);
    json_write_text(writer, "revocation_endpoint", provider->revocation_endpoint);
    json_write_text(writer, "jwks_uri", provider->jwks_uri);
    json_write_words(writer, "scopes", provider->sign_in_scopes, ' ');
    json_write_boolean(writer, "sign_in", provider->offers_sign_in);
    json_write_boolean(writer, "pkce", provider->kind->has_pkce);
    json_write_boolean(writer, "addresses_verified", provider->kind->vouches);
    json_write_text(writer, "team_id", provider->team_id);
    json_write_text(writer, "key_id", provider->key_id);
    write_profile(writer, provider->kind);
}

void managed_provider_write(struct context *context, struct json_writer *writer,
                            const struct managed_provider *provider)
{
    json_open_object(writer, NULL);
    json_write_text(writer, "name", provider->provider.name);
    json_write_text(writer, "kind", provider->kind_name);
    json_write_text(writer, "display_name", provider->provider.display_name);
    json_write_text(writer, "status", managed_provider_status(provider));
    json_write_text(writer, "error", provider->error);
    json_write_text(writer, "source", provider->from_file ? "file" : "database");
    if (!provider->error)
        write_facts(writer, &provider->provider);
    json_write_text(writer, "callback_url", managed_provider_callback(context, provider));
    if (!provider->from_file) {
        json_write_time(writer, "created_at", provider->created_at);
        json_write_time(writer, "updated_at", provider->updated_at);
    }
    json_close_object(writer);
}
