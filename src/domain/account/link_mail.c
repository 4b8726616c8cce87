/* link_mail.c: see link_mail.h. */
#include "domain/account/link_mail.h"

#include "core/encode.h"
#include "core/text.h"

static const char no_mail[] = "this installation sends no mail";

/* The mail of each kind of link, and the page that it leads to. */
static const struct {
    const char *template, *page;
} links[CHALLENGE_KINDS] = {
    [CHALLENGE_VERIFY_EMAIL] = { MAIL_VERIFY_EMAIL, "/confirm" },
    [CHALLENGE_ADD_PASSWORD] = { MAIL_ADD_PASSWORD, "/confirm" },
    [CHALLENGE_RESET_PASSWORD] = { MAIL_RESET_PASSWORD, "/reset-password" },
    [CHALLENGE_CONFIRM_OLD_EMAIL] = { MAIL_CONFIRM_OLD_EMAIL, "/confirm" },
    [CHALLENGE_CONFIRM_NEW_EMAIL] = { MAIL_CONFIRM_NEW_EMAIL, "/confirm" },
    [CHALLENGE_INVITE] = { MAIL_INVITE, "/reset-password" },
    [CHALLENGE_UNLOCK] = { MAIL_UNLOCK, "/unlock" },
};

/* Whom a mail greets: a name that the owner of the address is known to have chosen. Else whoever types
 * other people's addresses could have us mail them words of their choice (T-64). */
static const char *name_for(const struct user_row *user, const char *email_key)
{
    bool is_own = user && user->email_verified && text_equal(user->email_key, email_key);
    return is_own ? user->name : NULL;
}

static struct json *data_of(struct context *context, const struct link_mail *wanted)
{
    struct json *data = wanted->data ? wanted->data : json_new_object(context->arena);
    if (wanted->place && wanted->place->flow)
        json_put_text(data, "flow", wanted->place->flow);
    if (wanted->place && wanted->place->return_to)
        json_put_text(data, "return_to", wanted->place->return_to);
    return data;
}

static enum outcome prepare_mail(struct context *context, const struct link_mail *wanted, const char *token,
                                 struct outbox_row *row_out)
{
    const struct sign_in_place *place = wanted->place;
    struct mail mail = {
        .template = links[wanted->kind].template,
        .email = wanted->email,
        .email_key = wanted->email_key,
        .name = name_for(wanted->user, wanted->email_key),
        .service_id = place && place->service ? place->service->id : wanted->service_id,
        .service_name = wanted->service_name,
        .of_another = wanted->service_name != NULL,
        .languages = place ? place->languages : wanted->languages,
        .link = arena_printf(context->arena, "%s?token=%s", links[wanted->kind].page,
                             percent_encode(context->arena, token)),
        .new_email = wanted->new_email,
        .lasts_s = challenge_lasts_s(wanted->kind),
        .for_nobody = wanted->for_nobody || !wanted->user,
    };
    return mail_prepare(context, &mail, row_out);
}

enum outcome link_mail_prepare(struct context *context, const struct link_mail *wanted,
                               struct link_mail_rows *rows_out)
{
    struct challenge challenge;
    const struct new_challenge new_challenge = { .kind = wanted->kind,
                                                 .user_id = wanted->user ? wanted->user->id : NULL,
                                                 .email = wanted->email,
                                                 .email_key = wanted->email_key,
                                                 .data = data_of(context, wanted) };
    if (!mail_is_possible(context))
        return refuse(context, OUTCOME_FORBIDDEN, no_mail);
    challenge_make(context, &new_challenge, &challenge, &rows_out->challenge);
    enum outcome outcome = prepare_mail(context, wanted, challenge.token, &rows_out->mail);
    /* What nobody will read replaces nothing: else strangers could take the link in the last mail away. */
    if (outcome == OUTCOME_OK && text_equal(rows_out->mail.state, "dropped"))
        memset(rows_out->challenge.user_id, 0, sizeof(rows_out->challenge.user_id));
    return outcome;
}

enum store_result link_mail_add(struct db *db, const struct link_mail_rows *rows)
{
    enum store_result result = challenge_store(db, &rows->challenge);
    return result == STORE_OK ? outbox_add(db, &rows->mail) : result;
}

static enum store_result add_in_transaction(struct db *db, void *argument)
{
    return link_mail_add(db, argument);
}

/* After a commit of which nobody knows: whether it happened. */
static enum store_result look_up(struct context *context, const struct challenge_row *row)
{
    struct challenge_row there;
    enum store_result result = challenges_find(context->db, context->arena, row->id, row->kind, &there);
    return result == STORE_OK ? STORE_OK : STORE_FAILED;
}

enum outcome link_mail_store(struct context *context, const struct link_mail_rows *rows)
{
    struct link_mail_rows work = *rows;
    enum store_result result = db_transact(context->db, add_in_transaction, &work);
    if (result == STORE_UNCERTAIN)
        result = look_up(context, &rows->challenge);
    enum outcome outcome =
        store_outcome(context, result, OUTCOME_UNAUTHENTICATED, "the account has been removed");
    if (outcome == OUTCOME_OK)
        mail_wake(context);
    return outcome;
}

enum outcome link_mail_send(struct context *context, const struct link_mail *wanted)
{
    struct link_mail_rows rows;
    enum outcome outcome = link_mail_prepare(context, wanted, &rows);
    if (outcome == OUTCOME_OK)
        outcome = link_mail_store(context, &rows);
    return outcome == OUTCOME_UNAUTHENTICATED ? OUTCOME_OK : outcome;
}

static enum outcome prepare_notice(struct context *context, const struct user_row *user, struct mail *mail,
                                   struct notice *notice_out)
{
    mail->email = user->email;
    mail->email_key = user->email_key;
    mail->name = name_for(user, user->email_key);
    notice_out->wanted = mail_is_possible(context);
    return notice_out->wanted ? mail_prepare(context, mail, &notice_out->row) : OUTCOME_OK;
}

enum outcome notice_prepare(struct context *context, const char *template, const struct user_row *user,
                            const char *link, const char *new_email, struct notice *notice_out)
{
    struct mail mail = { .template = template, .link = link, .new_email = new_email };
    return prepare_notice(context, user, &mail, notice_out);
}

enum outcome notice_prepare_connection(struct context *context, const char *template,
                                       const struct user_row *user, const char *provider,
                                       struct notice *notice_out)
{
    struct mail mail = { .template = template, .provider = provider, .link = "/account/connections" };
    return prepare_notice(context, user, &mail, notice_out);
}

enum store_result notice_add(struct db *db, const struct notice *notice)
{
    return notice->wanted ? outbox_add(db, &notice->row) : STORE_OK;
}

void notice_wake(struct context *context, const struct notice *notice)
{
    if (notice->wanted)
        mail_wake(context);
}
