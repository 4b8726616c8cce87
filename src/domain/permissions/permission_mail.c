/* permission_mail.c: see permission_mail.h. */
#include "domain/permissions/permission_mail.h"

#include "core/text.h"
#include "domain/mail/mail.h"
#include "domain/permissions/permission.h"
#include "store/admins.h"

enum { MAX_ADMINS = 50 };

static enum outcome start(struct context *context, size_t count, struct permission_mail *mail_out)
{
    *mail_out =
        (struct permission_mail) { .rows = arena_array(context->arena, count + 1, sizeof(*mail_out->rows)) };
    return OUTCOME_OK;
}

/* Who is told of it is not whoever caused the mail, so their browser and address aren't the reader's. */
static struct mail about(const struct client *client, const char *template)
{
    return (struct mail) {
        .template = template,
        .service_id = client->service->id,
        .application = permission_app_name(client),
        .of_another = true,
    };
}

enum outcome permission_mail_requested(struct context *context, const struct client *client,
                                       const struct user_row *user, struct permission_mail *mail_out)
{
    const struct page page = { .limit = MAX_ADMINS };
    struct admin_row *admins;
    size_t count;
    const char *link = arena_printf(context->arena, "/admin/services/%s/requests", client->service->id_text);
    start(context, 0, mail_out);
    if (!mail_is_possible(context))
        return OUTCOME_OK;
    enum store_result result = admins_list(context->db, context->arena, &page, &admins, &count);
    enum outcome outcome = store_outcome(context, result, OUTCOME_NOT_FOUND, "no administrators were found");
    if (outcome == OUTCOME_OK)
        start(context, count, mail_out);
    for (size_t i = 0; outcome == OUTCOME_OK && i < count; i++) {
        if (!text_equal(admins[i].status, "active"))
            continue;
        struct mail mail = about(client, MAIL_ACCESS_REQUESTED);
        mail.email = admins[i].email;
        mail.email_key = admins[i].email_key;
        mail.name = admins[i].name;
        mail.languages = ""; /* an administrator's aren't known; the request has the person's */
        mail.link = link;
        mail.person = user->email;
        outcome = mail_prepare(context, &mail, &mail_out->rows[mail_out->count++]);
    }
    return outcome;
}

enum outcome permission_mail_decided(struct context *context, const struct client *client,
                                     const struct user_row *user, bool granted,
                                     struct permission_mail *mail_out)
{
    start(context, 1, mail_out);
    if (!mail_is_possible(context))
        return OUTCOME_OK;
    struct mail mail = about(client, granted ? MAIL_ACCESS_GRANTED : MAIL_ACCESS_REFUSED);
    mail.email = user->email;
    mail.email_key = user->email_key;
    mail.name = user->name;
    mail.languages = user->languages ? user->languages : "";
    return mail_prepare(context, &mail, &mail_out->rows[mail_out->count++]);
}

enum store_result permission_mail_add(struct db *db, const struct permission_mail *mail)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; result == STORE_OK && i < mail->count; i++)
        result = outbox_add(db, &mail->rows[i]);
    return result;
}

void permission_mail_wake(struct context *context, const struct permission_mail *mail)
{
    if (mail->count)
        mail_wake(context);
}
