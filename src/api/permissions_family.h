/*
 * permissions_family.h: what the files of the family "permissions" share: who may do what with the record
 * of a user at a client, and how answers look. For applications, with access tokens, and for
 * administrators, with a session.
 */
#ifndef DOORWARD_API_PERMISSIONS_FAMILY_H
#define DOORWARD_API_PERMISSIONS_FAMILY_H

#include "app/route.h"
#include "core/json_writer.h"
#include "domain/permissions/permission.h"

/* --- permissions_family.c: answers --- */

/* A refusal in words of the handler's own: {"error", "message"}, or an administrator's {"error": {"code",
 * "message"}}; message may be NULL. The outcome is returned, for the handler to return. */
enum outcome permissions_refuse(struct call *call, enum outcome outcome, const char *error,
                                const char *message);

/* The members of a record, into an open object. */
void permissions_write_record(struct json_writer *writer, struct call *call,
                              const struct permission *permission);

void permissions_finish(struct call *call, int status, struct json_writer *writer);

/* --- permissions_api.c: the handlers behind the table --- */

enum outcome check_permission_body(struct call *call);
enum outcome get_permission(struct call *call);
enum outcome get_permission_history(struct call *call);
enum outcome put_permission(struct call *call);
enum outcome delete_permission(struct call *call);
enum outcome post_request_permission(struct call *call);
enum outcome put_permission_by_admin(struct call *call);
enum outcome delete_permission_by_admin(struct call *call);

#endif
