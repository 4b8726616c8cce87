/*
 * sso_api.c: who is signed in in this browser, an administrator or a person, for other programs of the same
 * site: asked with the cookies that the browser sent them. Its row: public_family.c.
 */
#include "api/public_family.h"

#include "app/admin_side.h"
#include "core/encode.h"

static struct json_writer start_user(struct call *call, const char *type, const unsigned char id[16],
                                     const char *email, const char *name)
{
    struct json_writer writer = json_writer_start(call->arena);
    json_open_object(&writer, NULL);
    json_write_boolean(&writer, "isValid", true);
    json_write_text(&writer, "userType", type);
    json_open_object(&writer, "user");
    json_write_text(&writer, "id", uuid_encode(call->arena, id));
    json_write_text(&writer, "email", email);
    json_write_text(&writer, "name", name);
    return writer;
}

static void finish_user(struct call *call, struct json_writer *writer)
{
    json_close_object(writer);
    public_finish(call, 200, writer);
}

/* The administrator's session counts before the person's. */
enum outcome get_sso_validate(struct call *call)
{
    struct json_writer writer;
    const struct session *session = call->session;
    enum outcome outcome = admin_side_find(call);
    if (outcome == OUTCOME_OK) {
        const struct admin_session *admin = call->admin;
        writer = start_user(call, "admin", admin->admin_id, admin->email, admin->name);
        json_write_text(&writer, "role", "admin");
        json_write_words(&writer, "permissions", "manage_permissions", ' ');
        finish_user(call, &writer);
        return OUTCOME_OK;
    }
    if (outcome != OUTCOME_UNAUTHENTICATED || !session)
        return outcome;
    writer = start_user(call, "public", session->user_id, session->user_email, session->user_name);
    finish_user(call, &writer);
    return OUTCOME_OK;
}
