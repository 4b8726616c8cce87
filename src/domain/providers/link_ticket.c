/* link_ticket.c: see link_ticket.h. Sealed, so that nothing is stored for who never comes. */
#include "domain/providers/link_ticket.h"

#include "core/encode.h"
#include "core/json_writer.h"

enum { GOOD_FOR_S = 10 * 60, MAX_BYTES = 8 * 1024 };

static const char bound_to[] = "connect.link";

const char *link_ticket_print(struct context *context, const struct link_ticket *ticket)
{
    struct json_writer writer = json_writer_start(context->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "user", ticket->user_id);
    json_write_text(&writer, "provider", ticket->provider);
    json_write_text(&writer, "scopes", ticket->scopes);
    json_write_text(&writer, "return_to", ticket->return_to);
    json_write_integer(&writer, "until", context->now + GOOD_FOR_S);
    json_close_object(&writer);
    const struct bytes plain = { (const unsigned char *)writer.text.data, writer.text.length };
    struct bytes sealed = keyfile_seal(context->keyfile, context->arena, bound_to, plain);
    return base64url_encode(context->arena, sealed.data, sealed.length);
}

static bool open_ticket(struct context *context, const char *text, struct link_ticket *ticket_out)
{
    struct bytes sealed, plain;
    const char *error;
    int64_t until;
    size_t length = strlen(text);
    if (length > MAX_BYTES || !base64url_decode(context->arena, text, length, &sealed) ||
        !keyfile_open(context->keyfile, context->arena, bound_to, sealed, &plain))
        return false;
    const struct json *json = json_parse(context->arena, (const char *)plain.data, plain.length, &error);
    *ticket_out =
        (struct link_ticket) { json_member_text(json, "user"), json_member_text(json, "provider"),
                               json_member_text(json, "scopes"), json_member_text(json, "return_to") };
    return ticket_out->user_id && ticket_out->provider && ticket_out->scopes &&
           json_integer(json_member(json, "until"), &until) && until > context->now;
}

enum outcome link_ticket_read(struct context *context, const char *text, struct link_ticket *ticket_out)
{
    return open_ticket(context, text, ticket_out)
               ? OUTCOME_OK
               : refuse(context, OUTCOME_NOT_FOUND, "the address is too old, or none of ours");
}
