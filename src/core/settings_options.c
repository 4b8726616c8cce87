/* settings_options.c: every option of doorward.conf(5), a row each. See settings_options.h. */
#include "core/settings_options.h"

#include "core/text.h"

enum { DAY = 86400, MANY = 1000000 };

#define AT(member) offsetof(struct settings, member)

static const struct option main_options[] = {
    { "issuer", KIND_ISSUER, AT(issuer), "", 1, 0, NULL,
      "The https URL that names this server in tokens and addresses, without a slash at its end. Must be "
      "set." },
    { "allow_http_loopback", KIND_BOOLEAN, AT(allow_http_loopback), "no", 0, 0, NULL,
      "Serve plain http where the web server is reached as 127.0.0.1 or [::1]: for trying things out." },
    { "trusted_proxies", KIND_ADDRESSES, AT(trusted_proxies), "", 0, 0, NULL,
      "Addresses of proxies whose X-Forwarded headers are believed, separated by spaces." },
    { "cors_origins", KIND_ORIGINS, AT(cors_origins), "", 0, 0, NULL,
      "Origins of browser programs that may call the token endpoints and, with cookies, the public API, "
      "separated by spaces." },

    { "client_certificates", KIND_BOOLEAN, AT(client_certificates), "no", 0, 0, NULL,
      "Whether the web server is set up to ask clients for TLS certificates and to hand them over, so that "
      "clients can prove by them who they are and have tokens bound to them." },
    { "mtls_url", KIND_BASE_URL, AT(mtls_url), "", 0, 0, NULL,
      "The https URL, with the issuer's path, at which the web server asks for certificates when it doesn't "
      "at "
      "the issuer's, where browsers would ask their users for one. Clients learn it as "
      "mtls_endpoint_aliases." },
    { "dpop_nonce_lifetime", KIND_DURATION, AT(dpop_nonce_lifetime_s), "0", 0, 3600, NULL,
      "How long a DPoP proof may hold a nonce of ours, which it must then have; 0 asks for none, and proofs "
      "are good for the two minutes after they were made." },

    { "run_directory", KIND_PATH, AT(run_directory), "/run/doorward", 1, 0, NULL,
      "Where sockets, the lock file and the page area shared by the processes live." },
    { "template_directory", KIND_PATH, AT(template_directory), "", 0, 0, NULL,
      "Templates of your own, used before the default ones of the same name." },
    { "default_template_directory", KIND_PATH, AT(default_template_directory), "$pkgdatadir/templates", 1, 0,
      NULL, "The templates that came with the program." },
    { "sql_directory", KIND_PATH, AT(sql_directory), "$pkgdatadir/sql", 1, 0, NULL,
      "The numbered files of the database schema that came with the program." },
    { "key_file", KIND_PATH, AT(key_file), "$sysconfdir/doorward/key-file", 1, 0, NULL,
      "The keys that seal what the database holds; made by doorward key-file create." },
    { "log", KIND_TEXT, AT(log), "stderr", 1, 0, NULL, "Where the log goes: stderr, syslog or file:/path." },
    { "log_level", KIND_CHOICE, AT(log_level), "info", 0, 0, "error warn info debug",
      "The least important lines that are still logged." },

    { "database_socket", KIND_PATH, AT(database_socket), "/run/mysqld/mysqld.sock", 0, 0, NULL,
      "The socket of MariaDB, used when database_host is empty." },
    { "database_host", KIND_TEXT, AT(database_host), "", 0, 0, NULL,
      "The host of MariaDB, to reach it over TCP." },
    { "database_port", KIND_INTEGER, AT(database_port), "3306", 1, 65535, NULL,
      "The TCP port of MariaDB at database_host." },
    { "database_name", KIND_TEXT, AT(database_name), "doorward", 1, 0, NULL, "The database." },
    { "database_user", KIND_TEXT, AT(database_user), "doorward", 1, 0, NULL, "The user of the database." },
    { "database_password", KIND_SECRET, AT(database_password), "", 0, 0, NULL,
      "The password of the database user; empty where the socket tells who is there." },
    { "database_tls_ca", KIND_PATH, AT(database_tls_ca), "", 0, 0, NULL,
      "Certificates (PEM) that the server at database_host must show one of; empty for no TLS." },
    { "database_timeout", KIND_DURATION, AT(database_timeout_s), "5s", 1, 60, NULL,
      "How long to wait for the database to connect or to answer." },

    { "request_deadline", KIND_DURATION, AT(request_deadline_s), "15s", 1, 600, NULL,
      "A worker that is busy with one request for longer is replaced." },
    { "max_body", KIND_SIZE, AT(max_body_bytes), "64k", 1024, 16 * 1024 * 1024, NULL,
      "The largest request body that any endpoint takes; most take less." },
    { "housekeeping_interval", KIND_DURATION, AT(housekeeping_interval_s), "1m", 1, DAY, NULL,
      "How often what has expired is deleted." },
    { "single_worker_housekeeping", KIND_BOOLEAN, AT(single_worker_housekeeping), "yes", 0, 0, NULL,
      "Whether a worker that was started alone, without a master, keeps house between requests." },

    { "code_lifetime", KIND_DURATION, AT(code_lifetime_s), "1m", 5, 600, NULL,
      "How long an authorization code can be redeemed." },
    { "access_token_lifetime", KIND_DURATION, AT(access_token_lifetime_s), "1h", 30, DAY, NULL,
      "How long an access token is valid." },
    { "id_token_lifetime", KIND_DURATION, AT(id_token_lifetime_s), "1h", 30, DAY, NULL,
      "How long an ID token is valid." },
    { "refresh_token_lifetime", KIND_DURATION, AT(refresh_token_lifetime_s), "30d", 300, 3650 * (int64_t)DAY,
      NULL, "How long a refresh token can be used; each use gives a new one." },
    { "refresh_token_max_age", KIND_DURATION, AT(refresh_token_max_age_s), "365d", 300, 3650 * (int64_t)DAY,
      NULL,
      "How long after the sign-in the last refresh token can be used, however often they are renewed." },
    { "refresh_grace", KIND_DURATION, AT(refresh_grace_s), "30s", 0, 600, NULL,
      "How long a used refresh token gets the same answer again, for an answer that was lost." },
    { "flow_lifetime", KIND_DURATION, AT(flow_lifetime_s), "1h", 60, DAY, NULL,
      "How long a person may take to sign in." },
    { "session_idle", KIND_DURATION, AT(session_idle_s), "30d", 60, 3650 * (int64_t)DAY, NULL,
      "A session that isn't used for so long ends." },
    { "session_lifetime", KIND_DURATION, AT(session_lifetime_s), "90d", 60, 3650 * (int64_t)DAY, NULL,
      "A session ends so long after its sign-in, used or not." },
    { "access_token_alg", KIND_CHOICE, AT(access_token_alg), "RS256", 0, 0, "RS256 ES256 EdDSA",
      "The algorithm that signs access tokens." },
    { "session_cookie_domain", KIND_TEXT, AT(session_cookie_domain), "", 0, 0, NULL,
      "The Domain of session cookies; empty keeps them to the issuer's host." },
    { "session_cookie_same_site", KIND_CHOICE, AT(session_cookie_same_site), "Lax", 0, 0, "Lax None",
      "The SameSite of session cookies; None where other sites embed this one in a frame." },

    { "registration", KIND_BOOLEAN, AT(registration), "yes", 0, 0, NULL,
      "Whether people may make an account themselves." },
    { "sign_in_limit_per_address", KIND_INTEGER, AT(sign_in_limit_per_address), "5", 1, MANY, NULL,
      "How often one address may try to sign in within sign_in_window." },
    { "sign_in_limit_per_account", KIND_INTEGER, AT(sign_in_limit_per_account), "10", 1, MANY, NULL,
      "How many wrong passwords one account takes within sign_in_window." },
    { "sign_in_window", KIND_DURATION, AT(sign_in_window_s), "15m", 1, DAY, NULL,
      "The window of the sign-in limits." },
    { "client_failure_limit", KIND_INTEGER, AT(client_failure_limit), "30", 1, MANY, NULL,
      "How often one client may fail to prove who it is from one address (of IPv6: a /64) within "
      "sign_in_window, before it is turned away there." },
    { "client_lock_failures", KIND_INTEGER, AT(client_lock_failures), "10", 0, MANY, NULL,
      "The same for a client with enhanced security; and how many failures of who holds its key or "
      "certificate within sign_in_window lock it everywhere until an administrator unlocks it; 0 for no "
      "number." },
    { "scrypt_log_n", KIND_INTEGER, AT(scrypt_log_n), "15", 10, 20, NULL,
      "Cost of a password hash: N is two to the power of this. Raising it rehashes at the next sign-in." },
    { "scrypt_r", KIND_INTEGER, AT(scrypt_r), "8", 1, 32, NULL, "Block size of a password hash." },
    { "scrypt_p", KIND_INTEGER, AT(scrypt_p), "1", 1, 16, NULL, "Parallelism of a password hash." },
    { "max_concurrent_hashes", KIND_INTEGER, AT(max_concurrent_hashes), "2", 1, 256, NULL,
      "How many password hashes may be worked out at once on this machine." },
    { "mail_request_limit_per_address", KIND_INTEGER, AT(mail_request_limit_per_address), "3", 1, MANY, NULL,
      "How many mails with links or codes one address may ask for within sign_in_window." },
    { "pin_limit_per_address", KIND_INTEGER, AT(pin_limit_per_address), "10", 1, MANY, NULL,
      "How many codes from mails one address may try within sign_in_window; each code takes three tries." },
    { "recent_sign_in", KIND_DURATION, AT(recent_sign_in_s), "15m", 60, DAY, NULL,
      "How fresh a sign-in must be to change an address or to delete an account without another one." },
    { "unverified_sign_in", KIND_BOOLEAN, AT(unverified_sign_in), "no", 0, 0, NULL,
      "Whether people who made their account themselves may sign in again before they have confirmed its "
      "address." },
    { "pin_gate", KIND_CHOICE, AT(pin_gate), "off", 0, 0, "off always new_browser periodic",
      "When a code from a mail is asked for behind the password: never, always, in a browser that the "
      "account "
      "hasn't been used in, or at every tenth sign-in. A service may have a rule of its own." },
    { "sign_in_form", KIND_CHOICE, AT(sign_in_form), "both", 0, 0, "both identifier_first",
      "Whether the sign-in page asks for address and password at once or for the address first. A service "
      "may have its own." },
    { "password_blocklist", KIND_PATH, AT(password_blocklist), "$pkgdatadir/common-passwords.txt", 0, 0, NULL,
      "Passwords that nobody may choose, one a line in lower case, sorted by bytes; empty for none." },
    { "admin_dashboard_client", KIND_TEXT, AT(admin_dashboard_client), "", 0, 0, NULL,
      "The client_id whose users with the role admin administer the permissions of all clients, with their "
      "own session; empty for none. Whoever manages the permissions of that client makes administrators." },

    { "service_management_limit", KIND_INTEGER, AT(service_management_limit), "1000", 0, MANY, NULL,
      "How many requests an hour one caller may make to what manages services; 0 for any number." },
    { "client_management_limit", KIND_INTEGER, AT(client_management_limit), "5000", 0, MANY, NULL,
      "The same for what manages clients and the permissions of users at them." },
    { "authorization_limit", KIND_INTEGER, AT(authorization_limit), "10000", 0, MANY, NULL,
      "The same for authorization requests. Whoever makes one hasn't shown who they are: each address is a "
      "caller." },
    { "token_limit", KIND_INTEGER, AT(token_limit), "10000", 0, MANY, NULL,
      "The same for tokens, introspection, revocation and userinfo. A client that can't keep a secret is a "
      "caller of its own at each address." },
    { "service_limit_factor", KIND_INTEGER, AT(service_limit_factor), "10", 0, 1000, NULL,
      "All callers of one service together, of those who have shown who they are, may make so many times "
      "the requests of one; 0 for any number." },
    { "service_api_rate", KIND_INTEGER, AT(service_api_rate), "10", 0, 10000, NULL,
      "How many requests a second one API key may make over time; 0 for any number." },
    { "service_api_burst", KIND_INTEGER, AT(service_api_burst), "100", 1, MANY, NULL,
      "How many requests one API key may make at once: the time in which service_api_rate allows as many "
      "is the window that they are counted in." },

    { "providers", KIND_PATH, AT(providers), "", 0, 0, NULL,
      "A file with identity providers, beside those of doorward provider add: a JSON array of objects in the "
      "same words. Where both have a name, the file counts." },

    { "mail", KIND_MAIL, AT(mail), "", 0, 0, NULL,
      "How mail is sent: smtp://host:port, smtps://host:port, or sendmail:/path for a command such as "
      "/usr/sbin/sendmail. Without it no mail is sent, and what needs one isn't offered." },
    { "mail_from", KIND_TEXT, AT(mail_from), "", 0, 0, NULL,
      "The address that mails come from; must be set when mail is." },
    { "mail_user", KIND_TEXT, AT(mail_user), "", 0, 0, NULL,
      "The user name for the SMTP server, if it wants one." },
    { "mail_password", KIND_SECRET, AT(mail_password), "", 0, 0, NULL, "The password for the SMTP server." },
    { "mail_tls", KIND_CHOICE, AT(mail_tls), "required", 0, 0, "required optional off",
      "Whether smtp:// must be turned into TLS by STARTTLS; off is for a server on this machine. With "
      "optional, mail_user still demands TLS." },
    { "mail_tls_ca", KIND_PATH, AT(mail_tls_ca), "", 0, 0, NULL,
      "Certificates (PEM) of which the SMTP server must show one; empty for those that the system trusts." },
    { "mail_limit_per_recipient", KIND_INTEGER, AT(mail_limit_per_recipient), "10", 1, MANY, NULL,
      "How many mails of a kind one recipient gets in an hour; those beyond aren't sent." },

    { "egress_allow", KIND_HOSTS, AT(egress_allow), "", 0, 0, NULL,
      "Where this server may go by itself, to webhooks, sign-in providers and the keys of others (jwks_uri), "
      "beyond https on public addresses; separated by spaces: hosts by name, addresses, and ranges such as "
      "10.0.0.0/8. A URL that names one of them may also be plain http." },
    { "egress_ca", KIND_PATH, AT(egress_ca), "", 0, 0, NULL,
      "Certificates (PEM) that such servers may show one of, beside those that the system trusts." },
};

#undef AT
#define AT(member) offsetof(struct pool_settings, member)

static const struct option pool_options[] = {
    { "families", KIND_TEXT, AT(families), "all", 1, 0, NULL,
      "The families of endpoints that the pool serves, separated by spaces; all for every one. The command "
      "doorward routes lists them." },
    { "socket", KIND_PATH, AT(socket), "", 0, 0, NULL,
      "The unix socket to listen on; empty for the pool's name and .sock in run_directory." },
    { "socket_mode", KIND_OCTAL, AT(socket_mode), "0660", 0, 0777, NULL, "The mode of the socket." },
    { "socket_group", KIND_TEXT, AT(socket_group), "", 0, 0, NULL,
      "The group that owns the socket, as a rule the web server's; empty leaves it." },
    { "workers", KIND_INTEGER, AT(workers), "4", 1, 200, NULL, "How many workers the pool has." },
    { "nice", KIND_INTEGER, AT(nice), "0", 0, 19, NULL,
      "How much the workers yield the processor to others, as nice(1) has it: for a pool that hashes "
      "passwords beside one that answers for tokens." },
    { "requests_per_worker", KIND_INTEGER, AT(requests_per_worker), "100000", 1, MANY, NULL,
      "A worker is replaced after so many requests." },
};

#undef AT

const struct option_list settings_main_list = { main_options, ARRAY_SIZE(main_options) };
const struct option_list settings_pool_list = { pool_options, ARRAY_SIZE(pool_options) };

_Static_assert(ARRAY_SIZE(main_options) <= SETTINGS_MAX_OPTIONS, "raise SETTINGS_MAX_OPTIONS");
_Static_assert(ARRAY_SIZE(pool_options) <= SETTINGS_MAX_OPTIONS, "raise SETTINGS_MAX_OPTIONS");

struct unit {
    int64_t size;
    char letter;
};

static const struct unit duration_units[] = { { DAY, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
static const struct unit size_units[] = { { 1024 * 1024, 'm' }, { 1024, 'k' } };

/* In the largest unit that gives a whole number. */
static const char *print_units(struct arena *arena, int64_t value, const struct unit *units, size_t count)
{
    for (size_t i = 0; value && i < count; i++) {
        if (value % units[i].size == 0)
            return arena_printf(arena, "%lld%c", (long long)(value / units[i].size), units[i].letter);
    }
    return arena_printf(arena, "%lld", (long long)value);
}

const char *settings_print_number(struct arena *arena, enum option_kind kind, int64_t value)
{
    switch (kind) {
    case KIND_DURATION:
        return print_units(arena, value, duration_units, ARRAY_SIZE(duration_units));
    case KIND_SIZE:
        return print_units(arena, value, size_units, ARRAY_SIZE(size_units));
    case KIND_OCTAL:
        return arena_printf(arena, "0%llo", (unsigned long long)value);
    default:
        return arena_printf(arena, "%lld", (long long)value);
    }
}

const char *settings_expand(struct arena *arena, const char *fallback)
{
    static const char *const directories[][2] = { { "$pkgdatadir", DATADIR }, { "$sysconfdir", SYSCONFDIR } };
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        if (text_starts(fallback, directories[i][0]))
            return arena_printf(arena, "%s%s", directories[i][1], fallback + strlen(directories[i][0]));
    }
    return fallback;
}

const char *settings_default_socket(struct arena *arena, const struct settings *settings, const char *pool)
{
    return arena_printf(arena, "%s/%s.sock", settings->run_directory, pool);
}
