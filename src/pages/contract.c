/* contract.c: see contract.h. A name without a dot must stand before those inside it. */
#include "pages/contract.h"

#include "core/text.h"

const char *const contract_pages[] = { "login", "register", "consent", "select",    "logout", "signed_out",
                                       "ended", "start",    "error",   "form_post", NULL };

const char *const contract_mails[] = { "mail_magic_link",
                                       "mail_pin",
                                       "mail_verify_email",
                                       "mail_add_password",
                                       "mail_reset_password",
                                       "mail_password_changed",
                                       "mail_confirm_old_email",
                                       "mail_confirm_new_email",
                                       "mail_email_changed",
                                       "mail_unlock",
                                       "mail_account_deleted",
                                       "mail_test",
                                       NULL };

const struct contract_variable contract_variables[] = {
    { "*", "version", "number of this contract: 1" },
    { "*", "page", "name of the page: login" },
    { "*", "lang", "language of the texts: de, pt-BR" },
    { "*", "dir", "direction of its script: ltr or rtl" },
    { "*", "title", "title for the browser's window; tells of an error first" },
    { "*", "heading", "heading of the page" },
    { "*", "css", "path of doorward.css" },
    { "*", "brand_css", "path of brand.css, when the folder has one" },
    { "*", "icon", "path of icon.svg" },
    { "*", "logo", "path of logo.svg or logo.png, when the folder has one" },
    { "*", "site", "who runs this server" },
    { "*", "site.name", "its name: the text site_name" },
    { "*", "site.home", "path of the start page" },
    { "*", "client", "the application that asks, on pages of a sign-in" },
    { "*", "client.name", "its name" },
    { "*", "client.uri", "its home page, when it has one" },
    { "*", "client.logo", "address of its logo, when it has one" },
    { "*", "client.policy_uri", "its privacy policy, when it has one" },
    { "*", "client.tos_uri", "its terms of service, when it has some" },
    { "*", "user", "who is signed in, when somebody is" },
    { "*", "user.name", "their name" },
    { "*", "user.email", "their address" },
    { "*", "text", "the texts of the language, by their keys: text.sign_in" },
    { "*", "has_errors", "true when the form has to be corrected" },
    { "*", "errors", "what has to be corrected, in the order of the form" },
    { "*", "errors[].message", "what to do, in words" },
    { "*", "errors[].field", "name of the field, when it is about one" },
    { "*", "fields", "the fields by their names" },
    { "*", "form", "what a form must carry" },
    { "*", "form.action", "path to send it to" },
    { "*", "form.token", "its token, to be sent as the field token" },

    { "login", "fields.email", "the address" },
    { "login", "fields.email.value", "what it holds" },
    { "login", "fields.email.error", "what is wrong with it" },
    { "login", "fields.password", "the password" },
    { "login", "fields.password.error", "what is wrong with it" },
    { "login", "flow", "the sign-in in progress, to be sent as the field oauth_request" },
    { "login", "again", "true when somebody is signed in and has to prove it once more" },
    { "login", "register_url", "path of the registration page, when it is open" },

    { "register", "fields.email", "the address" },
    { "register", "fields.email.value", "what it holds" },
    { "register", "fields.email.error", "what is wrong with it" },
    { "register", "fields.name", "the name" },
    { "register", "fields.name.value", "what it holds" },
    { "register", "fields.name.error", "what is wrong with it" },
    { "register", "fields.password", "the password" },
    { "register", "fields.password.error", "what is wrong with it" },
    { "register", "flow", "the sign-in in progress, to be sent as the field oauth_request" },
    { "register", "login_url", "path of the sign-in page" },

    { "consent", "flow", "the sign-in in progress, to be sent as the field request" },
    { "consent", "scopes", "what the application asks for" },
    { "consent", "scopes[].name", "the scope's word: email" },
    { "consent", "scopes[].title", "what it is, in words" },
    { "consent", "scopes[].detail", "what it lets the application do, when there is more to say" },
    { "consent", "return_host", "host that the person goes back to" },
    { "consent", "switch_url", "path to sign in as somebody else" },

    { "select", "flow", "the sign-in in progress, to be sent as the field request" },
    { "select", "switch_url", "path to sign in as somebody else" },

    { "logout", "parameters", "what the application sent, to be sent again as hidden fields" },
    { "logout", "parameters[].name", "name of the field" },
    { "logout", "parameters[].value", "value of the field" },

    { "signed_out", "links", "ways on" },
    { "signed_out", "links[].href", "where to" },
    { "signed_out", "links[].label", "in words" },

    { "ended", "links", "ways on" },
    { "ended", "links[].href", "where to" },
    { "ended", "links[].label", "in words" },

    { "start", "login_url", "path of the sign-in page" },
    { "start", "register_url", "path of the registration page, when it is open" },

    { "mail_*", "version", "number of this contract: 1" },
    { "mail_*", "page", "name of the mail: mail_pin" },
    { "mail_*", "lang", "language of the texts: de, pt-BR" },
    { "mail_*", "dir", "direction of its script: ltr or rtl" },
    { "mail_*", "subject", "the mail's subject: the text of its name and _subject" },
    { "mail_*", "heading", "its heading: the text of its name and _heading" },
    { "mail_*", "site", "who runs this server" },
    { "mail_*", "site.name", "its name: the text site_name" },
    { "mail_*", "site.url", "address of the start page" },
    { "mail_*", "logo", "address of logo.png, when the folder has one" },
    { "mail_*", "colour", "colours of the style sheets, which mails can't load" },
    { "mail_*", "colour.brand", "the property --brand" },
    { "mail_*", "colour.on_brand", "the property --on-brand" },
    { "mail_*", "email", "address that the mail goes to" },
    { "mail_*", "name", "name of the person, when one is known that can't mislead" },
    { "mail_*", "event", "what the mail is about: when, and who asked for it" },
    { "mail_*", "event.time", "when, in UTC: 2026-11-22 06:06 UTC" },
    { "mail_*", "event.address", "from which address, when that is known" },
    { "mail_*", "event.agent", "with which browser, when that is known: Firefox on Windows" },
    { "mail_*", "forgot_url", "address of the page that sets a new password" },
    { "mail_*", "text", "the texts of the language, by their keys: text.sign_in" },
    { "mail_magic_link", "link", "address to follow" },
    { "mail_magic_link", "minutes", "how long it works" },
    { "mail_magic_link", "pin", "six digits that do the same" },
    { "mail_pin", "pin", "six digits" },
    { "mail_pin", "minutes", "how long they work" },
    { "mail_verify_email", "link", "address to follow" },
    { "mail_verify_email", "hours", "how long it works" },
    { "mail_add_password", "link", "address to follow" },
    { "mail_add_password", "hours", "how long it works" },
    { "mail_reset_password", "link", "address to follow" },
    { "mail_reset_password", "minutes", "how long it works" },
    { "mail_password_changed", "link", "address to follow" },
    { "mail_confirm_old_email", "link", "address to follow" },
    { "mail_confirm_old_email", "hours", "how long it works" },
    { "mail_confirm_old_email", "new_email", "the new address" },
    { "mail_confirm_new_email", "link", "address to follow" },
    { "mail_confirm_new_email", "hours", "how long it works" },
    { "mail_confirm_new_email", "new_email", "the new address" },
    { "mail_email_changed", "new_email", "the new address" },
    { "mail_unlock", "link", "address to follow" },
    { "mail_unlock", "hours", "how long it works" },

    { "error", "message", "what happened and what to do, in words" },
    { "error", "detail", "what a developer needs to know, in English, when there is something" },
    { "error", "request_id", "id of the request, as the log has it" },
    { "error", "links", "ways on" },
    { "error", "links[].href", "where to" },
    { "error", "links[].label", "in words" },

    { "form_post", "action", "the application's address that the form goes to" },
    { "form_post", "parameters", "the answer to the application, as hidden fields" },
    { "form_post", "parameters[].name", "name of the field" },
    { "form_post", "parameters[].value", "value of the field" },
    { "form_post", "script", "path of form_post.js, which sends the form" },
    { NULL, NULL, NULL },
};

bool contract_offers(const char *page, const char *name)
{
    for (const struct contract_variable *row = contract_variables; row->name != NULL; row++) {
        bool of_page =
            text_equal(row->page, text_starts(page, "mail_") ? "mail_*" : "*") || text_equal(row->page, page);
        if (of_page && text_equal(row->name, name))
            return true;
    }
    return false;
}
