/* kinds.c: the kinds of providers, a row each. To add one: a row, and a line in doorward(8). */
#include "core/text.h"
#include "domain/providers/provider.h"

/* GitHub leaves out of its answer what a wider scope that was given holds as well. */
static const char github_implies[] =
    "user=read:user user=user:email user=user:follow repo=public_repo repo=repo:status repo=repo_deployment "
    "repo=repo:invite repo=security_events admin:org=write:org admin:org=read:org write:org=read:org "
    "admin:public_key=write:public_key admin:public_key=read:public_key write:public_key=read:public_key "
    "admin:repo_hook=write:repo_hook admin:repo_hook=read:repo_hook write:repo_hook=read:repo_hook "
    "admin:gpg_key=write:gpg_key admin:gpg_key=read:gpg_key write:gpg_key=read:gpg_key "
    "write:packages=read:packages project=read:project";

static const char google_aliases[] = "https://www.googleapis.com/auth/userinfo.email=email "
                                     "https://www.googleapis.com/auth/userinfo.profile=profile";

/* The members of OpenID Connect Core §5.1. */
#define OIDC_PROFILE                                                                                         \
    .subject = "sub", .name_member = "name", .email = "email", .email_verified = "email_verified",           \
    .picture = "picture"

#define OIDC_IDENTITY "openid email profile offline_access"

static const struct provider_kind kinds[] = {
    {
        .name = "google",
        .display_name = "Google",
        .issuer = "https://accounts.google.com",
        .authorization_endpoint = "https://accounts.google.com/o/oauth2/v2/auth",
        .token_endpoint = "https://oauth2.googleapis.com/token",
        .userinfo_endpoint = "https://openidconnect.googleapis.com/v1/userinfo",
        .revocation_endpoint = "https://oauth2.googleapis.com/revoke",
        .jwks_uri = "https://www.googleapis.com/oauth2/v3/certs",
        .sign_in_scopes = "openid email profile",
        OIDC_PROFILE,
        .parameters = "access_type=online",
        /* without the consent a second time no refresh token comes */
        .offline_parameters = "access_type=offline",
        .adding_parameters = "include_granted_scopes=true",
        .offline_prompt = "consent",
        .prompts = "none consent select_account",
        .hint_parameter = "login_hint",
        .token_auth_method = "client_secret_post",
        .scope_aliases = google_aliases,
        .identity_scopes = OIDC_IDENTITY,
        .is_oidc = true,
        .has_pkce = true,
        .refreshes = true,
    },
    {
        /* It gives no address that hasn't been confirmed, and none at all of who signed up by telephone. */
        .name = "facebook",
        .display_name = "Facebook",
        .authorization_endpoint = "https://www.facebook.com/v23.0/dialog/oauth",
        .token_endpoint = "https://graph.facebook.com/v23.0/oauth/access_token",
        .userinfo_endpoint = "https://graph.facebook.com/v23.0/me",
        .revocation_endpoint = "https://graph.facebook.com/v23.0/me/permissions",
        .sign_in_scopes = "email public_profile",
        .subject = "id",
        .name_member = "name",
        .email = "email",
        .picture = "picture.data.url",
        .profile_query = "fields=id,name,email,permissions",
        .permissions = "permissions.data",
        .exchange_grant = "fb_exchange_token",
        .identity_scopes = "public_profile email",
        /* it doesn't ask again for what somebody once declined, unless told to */
        .parameters = "auth_type=rerequest",
        .prompts = "",
        .token_auth_method = "client_secret_post",
        .scope_separator = ',',
        .answer_separator = ',',
        .revocation = REVOCATION_PERMISSIONS,
        .vouches = true,
        .proves_secret = true,
        .accumulates = true,
    },
    {
        /* The address in its profile is what somebody shows; those that they proved are a list of their own.
         * A token doesn't end, so that taking one back takes all of them: the grant. Errors come with 200. */
        .name = "github",
        .display_name = "GitHub",
        .authorization_endpoint = "https://github.com/login/oauth/authorize",
        .token_endpoint = "https://github.com/login/oauth/access_token",
        .userinfo_endpoint = "https://api.github.com/user",
        .emails_endpoint = "https://api.github.com/user/emails",
        .revocation_endpoint = "https://api.github.com/applications/{client_id}/grant",
        .sign_in_scopes = "read:user user:email",
        .subject = "id",
        .name_member = "name login",
        .picture = "avatar_url",
        .prompts = "select_account",
        .hint_parameter = "login",
        .token_auth_method = "client_secret_post",
        .scope_implies = github_implies,
        .identity_scopes = "user:email",
        .answer_separator = ',',
        .revocation = REVOCATION_APPLICATION,
        .has_pkce = true,
    },
    {
        .name = "apple",
        .display_name = "Apple",
        .issuer = "https://appleid.apple.com",
        .authorization_endpoint = "https://appleid.apple.com/auth/authorize",
        .token_endpoint = "https://appleid.apple.com/auth/token",
        .revocation_endpoint = "https://appleid.apple.com/auth/revoke",
        .jwks_uri = "https://appleid.apple.com/auth/keys",
        .sign_in_scopes = "openid name email",
        OIDC_PROFILE,
        .parameters = "response_mode=form_post",
        .prompts = "",
        .cancel_word = "user_cancelled_authorize",
        .token_auth_method = "client_secret_post",
        .identity_scopes = OIDC_IDENTITY,
        .is_oidc = true,
        .signs_secret = true,
        .refreshes = true,
    },
    {
        /* Whoever runs a tenant writes what addresses they like: only its optional claim xms_edov says that
         * the address's domain is the tenant's own. */
        .name = "microsoft",
        .display_name = "Microsoft",
        .issuer = "https://login.microsoftonline.com/{tenantid}/v2.0",
        .authorization_endpoint = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        .token_endpoint = "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        .userinfo_endpoint = "https://graph.microsoft.com/oidc/userinfo",
        .jwks_uri = "https://login.microsoftonline.com/common/discovery/v2.0/keys",
        .sign_in_scopes = "openid profile email",
        .subject = "sub",
        .name_member = "name",
        .email = "email",
        .email_verified = "xms_edov",
        .picture = "picture",
        .offline_scope = "offline_access",
        .hint_parameter = "login_hint",
        .token_auth_method = "client_secret_post",
        .scope_prefix = "https://graph.microsoft.com/",
        /* the last one is on every registration from its beginning */
        .identity_scopes = OIDC_IDENTITY " User.Read",
        .consumers_tenant = "9188040d-6c67-4c5b-b112-36a304b66dad",
        .is_oidc = true,
        .has_pkce = true,
        .refreshes = true,
        .has_tenants = true,
        .accumulates = true,
    },
    {
        .name = "oidc",
        .display_name = "OpenID Connect",
        .sign_in_scopes = "openid profile email",
        OIDC_PROFILE,
        /* OpenID Connect Core §11: offline_access is given with consent only */
        .offline_prompt = "consent",
        .offline_scope = "offline_access",
        .hint_parameter = "login_hint",
        .identity_scopes = OIDC_IDENTITY,
        .is_oidc = true,
        .has_pkce = true,
        .refreshes = true,
    },
    {
        .name = "oauth2",
        .display_name = "OAuth 2.0",
        .sign_in_scopes = "",
        OIDC_PROFILE,
        .identity_scopes = "public_profile email user:email",
        .has_pkce = true,
        .refreshes = true,
    },
};

const struct provider_kind *provider_kind_at(size_t index)
{
    return index < ARRAY_SIZE(kinds) ? &kinds[index] : NULL;
}

const struct provider_kind *provider_kind_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (text_equal(kinds[i].name, name))
            return &kinds[i];
    }
    return NULL;
}
