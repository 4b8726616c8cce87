/* contract.c: see contract.h. A name without a dot must stand before those inside it. */
#include "pages/contract.h"

#include "core/text.h"

const char *const contract_pages[] = {
    "login",           "register",       "link",   "link_sent", "magic_login", "pin",
    "forgot_password", "reset_password", "notice", "consent",   "select",      "logout",
    "signed_out",      "ended",          "start",  "error",     "form_post",   NULL
};

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
    { "*", "parameters", "what else a form must carry, as hidden fields" },
    { "*", "parameters[].name", "name of the field" },
    { "*", "parameters[].value", "value of the field" },

    { "login", "fields.email", "the address" },
    { "login", "fields.email.value", "what it holds" },
    { "login", "fields.email.error", "what is wrong with it" },
    { "login", "fields.password", "the password" },
    { "login", "fields.password.error", "what is wrong with it" },
    { "login", "flow", "the sign-in in progress, to be sent as the field oauth_request" },
    { "login", "again", "true when somebody is signed in and has to prove it once more" },
    { "login", "register_url", "path of the registration page, when it is open" },
    { "login", "asks_address", "true when the address is to be typed" },
    { "login", "asks_password", "true when the password is; both at once, or one after the other" },
    { "login", "address", "the address that was typed before, when only the password is asked for" },
    { "login", "change_url", "path to type another one" },
    { "login", "forgot_url", "path to set a new password, when mail can be sent" },
    { "login", "link_url", "path to sign in by mail, when mail can be sent" },

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

    { "link", "fields.email", "the address" },
    { "link", "fields.email.value", "what it holds" },
    { "link", "fields.email.error", "what is wrong with it" },
    { "link", "login_url", "path to sign in with a password" },

    { "link_sent", "address", "the address that was typed" },
    { "link_sent", "asks_pin", "true while the code of the mail can be typed" },
    { "link_sent", "fields.pin", "the code" },
    { "link_sent", "fields.pin.error", "what is wrong with it" },
    { "link_sent", "again_url", "path to ask for another mail" },
    { "link_sent", "login_url", "path to sign in with a password" },

    { "magic_login", "address", "the account that the link signs in" },
    { "magic_login", "elsewhere", "true when the link belongs to a sign-in that another browser began" },

    { "pin", "address", "the address that the code goes to" },
    { "pin", "asks_pin", "true when a code is on its way and can be typed" },
    { "pin", "fields.pin", "the code" },
    { "pin", "fields.pin.error", "what is wrong with it" },
    { "pin", "send", "the form that sends a code, when somebody is signed in" },
    { "pin", "send.action", "path to send it to" },
    { "pin", "send.token", "its token, to be sent as the field token" },
    { "pin", "login_url", "path to begin again" },

    { "forgot_password", "fields.email", "the address" },
    { "forgot_password", "fields.email.value", "what it holds" },
    { "forgot_password", "fields.email.error", "what is wrong with it" },
    { "forgot_password", "sent", "true when the mail has been asked for" },
    { "forgot_password", "address", "the address that was typed, once it has" },
    { "forgot_password", "again_url", "path to ask for another mail" },
    { "forgot_password", "login_url", "path of the sign-in page" },

    { "reset_password", "address", "the account that gets the password" },
    { "reset_password", "fields.password", "the new password" },
    { "reset_password", "fields.password.error", "what is wrong with it" },

    { "notice", "message", "what is asked, has happened or is to be done, in words" },
    { "notice", "address", "the address that it is about, when there is one" },
    { "notice", "button", "words of the form's button, when there is something to be pressed" },
    { "notice", "is_again", "true when the button only does once more what has been done" },
    { "notice", "links", "ways on" },
    { "notice", "links[].href", "where to" },
    { "notice", "links[].label", "in words" },

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
        bool of_page = text_equal(row->page, "*") || text_equal(row->page, page);
        if (of_page && text_equal(row->name, name))
            return true;
    }
    return false;
}
