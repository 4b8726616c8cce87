/* pages.c: the table of pages. The rules behind them are in src/domain; their templates in templates/. */
#include "pages/pages.h"

#include "pages/error_page.h"
#include "pages/handlers.h"

/* clang-format off */
static const struct route routes[] = {
    { .method = "GET", .path = "/", .who = BY_BROWSER, .handler = get_start },

    { .method = "GET", .path = "/api/oauth/authorize", .aliases = { "/authorize" }, .who = BY_BROWSER,
      .caller_limit = CALLER_AUTHORIZES, .handler = any_authorize },
    { .method = "POST", .path = "/api/oauth/authorize", .aliases = { "/authorize" }, .who = BY_BROWSER,
      .body = BODY_FORM, .caller_limit = CALLER_AUTHORIZES, .handler = any_authorize },

    { .method = "GET", .path = "/login", .who = BY_BROWSER, .handler = get_login },
    { .method = "POST", .path = "/login", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_SIGN_IN, .handler = post_login },
    { .method = "GET", .path = "/register", .who = BY_BROWSER, .handler = get_register },
    { .method = "POST", .path = "/register", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_SIGN_IN, .handler = post_register },
    { .method = "GET", .path = "/login/link", .who = BY_BROWSER, .handler = get_link },
    { .method = "POST", .path = "/login/link", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_MAIL, .handler = post_link },
    { .method = "GET", .path = "/login/link/sent", .who = BY_BROWSER, .handler = get_link_sent },
    { .method = "POST", .path = "/login/link/pin", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_PIN, .handler = post_link_pin },
    { .method = "GET", .path = "/login/pin", .who = BY_BROWSER, .handler = get_pin },
    { .method = "POST", .path = "/login/pin", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_PIN, .handler = post_pin },
    { .method = "POST", .path = "/login/pin/send", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_MAIL, .handler = post_pin_send },
    { .method = "GET", .path = "/login/connect", .who = BY_BROWSER, .handler = get_proof },
    { .method = "POST", .path = "/login/connect", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_proof },
    { .method = "GET", .path = "/api/public/magic-login", .who = BY_BROWSER, .handler = get_magic_login },
    { .method = "POST", .path = "/api/public/magic-login", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_magic_login },
    { .method = "GET", .path = "/forgot-password", .who = BY_BROWSER, .handler = get_forgot_password },
    { .method = "POST", .path = "/forgot-password", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_MAIL, .handler = post_forgot_password },
    { .method = "GET", .path = "/reset-password", .who = BY_BROWSER, .handler = get_reset_password },
    { .method = "POST", .path = "/reset-password", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_SIGN_IN, .handler = post_reset_password },
    { .method = "GET", .path = "/confirm", .who = BY_BROWSER, .handler = get_confirm },
    { .method = "POST", .path = "/confirm", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_confirm },
    { .method = "POST", .path = "/confirm/send", .who = BY_BROWSER, .body = BODY_FORM,
      .limit = LIMIT_MAIL, .handler = post_confirm_send },
    { .method = "GET", .path = "/unlock", .who = BY_BROWSER, .handler = get_unlock },
    { .method = "POST", .path = "/unlock", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_unlock },
    { .method = "GET", .path = "/oauth/consent", .who = BY_BROWSER, .handler = get_consent },
    { .method = "POST", .path = "/oauth/consent", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_consent },
    { .method = "GET", .path = "/oauth/request-access", .who = BY_BROWSER, .handler = get_request_access },
    { .method = "POST", .path = "/oauth/request-access", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_request_access },
    { .method = "GET", .path = "/oauth/select", .who = BY_BROWSER, .handler = get_select },
    { .method = "POST", .path = "/oauth/select", .who = BY_BROWSER, .body = BODY_FORM,
      .handler = post_select },

    { .method = "GET", .path = "/api/oauth/logout", .aliases = { "/logout" }, .who = BY_BROWSER,
      .handler = any_logout },
    { .method = "POST", .path = "/api/oauth/logout", .aliases = { "/logout" }, .who = BY_BROWSER,
      .body = BODY_FORM, .handler = any_logout },
    { .method = "GET", .path = "/signed-out", .who = BY_BROWSER, .handler = get_signed_out },

    { .method = "GET", .path = "/assets/{hash}/{file}", .who = BY_ANYONE, .handler = get_asset },
    { .method = "GET", .path = "/assets/{hash}/{service}/{file}", .who = BY_ANYONE,
      .handler = get_service_asset },
};
/* clang-format on */

const struct route_family pages_family = {
    .name = "pages",
    .routes = routes,
    .count = ARRAY_SIZE(routes),
    .write_error = page_error,
};
