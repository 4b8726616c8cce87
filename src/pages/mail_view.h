/*
 * mail_view.h: a mail as its reader will see it: subject, text and HTML from the templates mail_NAME and
 * mail_NAME_text, with the search order, texts and branding of pages. Its variables are those of the contract
 * (contract.h); what comes from people is shown inert, and never as an address that could be followed.
 */
#ifndef DOORWARD_PAGES_MAIL_VIEW_H
#define DOORWARD_PAGES_MAIL_VIEW_H

#include "core/json.h"
#include "domain/context.h"

struct mail_wanted {
    const char *template;         /* MAIL_… */
    const char *service;          /* UUID whose branding it has, or NULL */
    const char *languages;        /* as Accept-Language has them; "" or NULL: English */
    const struct json *variables; /* of domain/mail/mail.h */
};

struct mail_shown {
    const char *subject, *text, *html;
    const char *language;
    const char *sender; /* who it is from, in words */
};

/* Renders with the installation's templates; with the shipped ones, told to the log, when those can't be
 * used; and from code alone when there are none. So a mail always goes out. */
void mail_view_render(struct context *context, const struct mail_wanted *wanted,
                      struct mail_shown *shown_out);

/* The same without a way out: false, with the reason, when a template can't be used. */
bool mail_view_try(struct context *context, const struct mail_wanted *wanted, struct mail_shown *shown_out,
                   const char **error_out);

#endif
