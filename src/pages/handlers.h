/* handlers.h: the handlers behind pages.c's table, each in the file of its page. */
#ifndef DOORWARD_PAGES_HANDLERS_H
#define DOORWARD_PAGES_HANDLERS_H

#include "app/call.h"

enum outcome any_authorize(struct call *call); /* authorize_page.c */
enum outcome get_login(struct call *call);     /* login_page.c */
enum outcome post_login(struct call *call);
enum outcome get_register(struct call *call); /* register_page.c */
enum outcome post_register(struct call *call);
enum outcome get_link(struct call *call); /* link_page.c */
enum outcome post_link(struct call *call);
enum outcome get_link_sent(struct call *call);
enum outcome post_link_pin(struct call *call);
enum outcome get_pin(struct call *call); /* pin_page.c */
enum outcome post_pin(struct call *call);
enum outcome post_pin_send(struct call *call);
enum outcome get_proof(struct call *call); /* proof_page.c */
enum outcome post_proof(struct call *call);
enum outcome get_magic_login(struct call *call); /* magic_login_page.c */
enum outcome post_magic_login(struct call *call);
enum outcome get_forgot_password(struct call *call); /* recovery_page.c */
enum outcome post_forgot_password(struct call *call);
enum outcome get_reset_password(struct call *call);
enum outcome post_reset_password(struct call *call);
enum outcome get_confirm(struct call *call); /* confirm_page.c */
enum outcome post_confirm(struct call *call);
enum outcome post_confirm_send(struct call *call);
enum outcome get_unlock(struct call *call); /* unlock_page.c */
enum outcome post_unlock(struct call *call);
enum outcome get_consent(struct call *call); /* consent_page.c */
enum outcome post_consent(struct call *call);
enum outcome get_request_access(struct call *call); /* request_access_page.c */
enum outcome post_request_access(struct call *call);
enum outcome get_select(struct call *call); /* select_page.c */
enum outcome post_select(struct call *call);
enum outcome any_logout(struct call *call); /* logout_page.c */
enum outcome get_signed_out(struct call *call);
enum outcome get_start(struct call *call);         /* start_page.c */
enum outcome get_asset(struct call *call);         /* assets.c */
enum outcome get_service_asset(struct call *call); /* assets.c */

#endif
