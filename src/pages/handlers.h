/* handlers.h: the handlers behind pages.c's table, each in the file of its page. */
#ifndef DOORWARD_PAGES_HANDLERS_H
#define DOORWARD_PAGES_HANDLERS_H

#include "app/call.h"

enum outcome any_authorize(struct call *call); /* authorize_page.c */
enum outcome get_login(struct call *call);     /* login_page.c */
enum outcome post_login(struct call *call);
enum outcome get_register(struct call *call); /* register_page.c */
enum outcome post_register(struct call *call);
enum outcome get_consent(struct call *call); /* consent_page.c */
enum outcome post_consent(struct call *call);
enum outcome get_select(struct call *call); /* select_page.c */
enum outcome post_select(struct call *call);
enum outcome any_logout(struct call *call); /* logout_page.c */
enum outcome get_signed_out(struct call *call);
enum outcome get_start(struct call *call);         /* start_page.c */
enum outcome get_asset(struct call *call);         /* assets.c */
enum outcome get_service_asset(struct call *call); /* assets.c */

#endif
