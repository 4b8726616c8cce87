/*
 * public_family.h: what the files of the family "public" share: how its answers look, and the handlers
 * behind its one table (public_family.c). The family is for scripts of one's own sign-in pages, with the
 * person's cookies: JSON objects in, {"success", "message", ...} or {"error", "message"} out.
 */
#ifndef DOORWARD_API_PUBLIC_FAMILY_H
#define DOORWARD_API_PUBLIC_FAMILY_H

#include "app/route.h"
#include "core/json_writer.h"
#include "domain/account/account.h"

/* An answer that begins with success and message; public_finish() closes and sends it. */
struct json_writer public_start(struct call *call, bool success, const char *message);
void public_finish(struct call *call, int status, struct json_writer *writer);
enum outcome public_success(struct call *call, const char *message);

/*
 * A refusal in words of the handler's own instead of the family's table; message may be NULL. Between
 * start and finish further members can be written. The outcome is returned, for the handler to return.
 */
struct json_writer public_refusal_start(struct call *call, const char *error, const char *message);
enum outcome public_refusal_finish(struct call *call, enum outcome outcome, struct json_writer *writer);
enum outcome public_refuse(struct call *call, enum outcome outcome, const char *error, const char *message);

/* A text member of the body, NULL when it is missing, empty or no text. */
const char *public_text(const struct call *call, const char *name);

/* The refusal of a new password, with why. */
enum outcome public_refuse_password(struct call *call, enum password_problem problem);

/* public_api.c: becoming somebody, and signing in */
enum outcome post_public_register(struct call *call);
enum outcome post_public_login(struct call *call);
enum outcome post_public_request_magic_link(struct call *call);
enum outcome post_public_verify_pin(struct call *call);
enum outcome get_public_session(struct call *call);
enum outcome post_public_logout(struct call *call);
enum outcome post_public_forgot_password(struct call *call);
enum outcome post_public_reset_password(struct call *call);
enum outcome post_public_verify_email(struct call *call);
enum outcome post_public_resend_verification(struct call *call);

/* account_api.c: what a signed-in person does with their account */
enum outcome post_public_change_password(struct call *call);
enum outcome post_public_change_email(struct call *call);
enum outcome patch_public_profile(struct call *call);
enum outcome delete_public_account(struct call *call);
enum outcome delete_public_connection(struct call *call);
enum outcome get_public_authorizations(struct call *call);
enum outcome delete_public_authorization(struct call *call);
enum outcome get_public_sessions(struct call *call);
enum outcome delete_public_session(struct call *call);

/* sso_api.c: who is signed in, for other programs of the same site */
enum outcome get_sso_validate(struct call *call);

#endif
