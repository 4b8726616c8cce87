/*
 * settings.h: the program's options. One table (settings_options.c) holds each option's name, kind, default,
 * bounds and meaning; the parser, `doorward config show`, doorward.conf(5) and the start-up check are
 * loops over it. To add an option: a member here, a row there.
 *
 * The file: `name = value` a line, '#' comments, and `[pool NAME]` sections. A value "file:/path" of a
 * secret is read from that file. Unknown names, repeated names and values out of bounds are errors
 * that name file, line and the nearest known option.
 */
#ifndef DOORWARD_CORE_SETTINGS_H
#define DOORWARD_CORE_SETTINGS_H

#include "core/arena.h"
#include "core/strbuf.h"

enum { MAX_POOLS = 8, MAX_WORKERS = 200 };

/* A set of workers that serves the named families on one socket. */
struct pool_settings {
    const char *name;
    const char *families;     /* space separated family names, or "all" */
    const char *socket;       /* path of a unix socket; default run_directory/NAME.sock */
    int64_t socket_mode;      /* octal in the file: 0660 */
    const char *socket_group; /* group that owns the socket; "" leaves it */
    int64_t workers;
    int64_t nice; /* as nice(1) has it: how much the workers yield to other processes */
    int64_t requests_per_worker;
};

struct settings {
    /* who we are */
    const char *issuer; /* https URL without a trailing slash */
    bool allow_http_loopback;
    const char *trusted_proxies;   /* space separated addresses whose X-Forwarded-* are believed */
    const char *cors_origins;      /* space separated origins */
    bool client_certificates;      /* the web server asks for them and hands them over */
    const char *mtls_url;          /* where it does, if not at the issuer; "" for none */
    int64_t dpop_nonce_lifetime_s; /* 0: proofs need no nonce */

    /* where things are */
    const char *run_directory;
    const char *template_directory; /* overrides; "" for none */
    const char *default_template_directory;
    const char *sql_directory;
    const char *key_file;
    const char *log;
    const char *log_level;

    /* the database */
    const char *database_socket;
    const char *database_host;
    int64_t database_port;
    const char *database_name;
    const char *database_user;
    const char *database_password;
    const char *database_tls_ca;
    int64_t database_timeout_s;

    /* processes */
    int64_t request_deadline_s;
    int64_t max_body_bytes;
    int64_t housekeeping_interval_s;
    bool single_worker_housekeeping;

    /* lifetimes, seconds */
    int64_t code_lifetime_s;
    int64_t access_token_lifetime_s;
    int64_t id_token_lifetime_s;
    int64_t refresh_token_lifetime_s;
    int64_t refresh_token_max_age_s;
    int64_t refresh_grace_s;
    int64_t flow_lifetime_s;
    int64_t session_idle_s;
    int64_t session_lifetime_s;
    const char *access_token_alg;
    const char *session_cookie_domain;
    const char *session_cookie_same_site; /* "Lax" or "None" */

    /* people */
    bool registration;
    int64_t sign_in_limit_per_address; /* tries per sign_in_window_s */
    int64_t sign_in_limit_per_account; /* failures per sign_in_window_s */
    int64_t sign_in_window_s;
    int64_t client_failure_limit; /* failures of one client from one address per sign_in_window_s */
    int64_t client_lock_failures; /* the same of an enhanced one, and what locks it; 0: no number */
    int64_t scrypt_log_n, scrypt_r, scrypt_p;
    int64_t max_concurrent_hashes;          /* per machine */
    int64_t mail_request_limit_per_address; /* mails that one address may ask for per sign_in_window_s */
    int64_t pin_limit_per_address;          /* PINs that one address may try per sign_in_window_s */
    int64_t recent_sign_in_s;               /* how fresh a sign-in must be for what is dangerous */
    bool unverified_sign_in;                /* who registered may sign in again before confirming */
    const char *pin_gate;                   /* "off", "always", "new_browser" or "periodic" */
    const char *sign_in_form;               /* "both" or "identifier_first" */
    const char *password_blocklist;         /* file of common passwords; "" for none */
    const char *admin_dashboard_client;     /* client_id; "" for none */

    /* what one caller may ask for, and a service in all: requests an hour, 0 for any number */
    int64_t service_management_limit;
    int64_t client_management_limit;
    int64_t authorization_limit;
    int64_t token_limit;
    int64_t service_limit_factor; /* how many callers' limits a service has; 0 for any number */
    int64_t service_api_rate;     /* requests a second of an API key, over time */
    int64_t service_api_burst;    /* and at once */

    /* other identity providers */
    const char *providers; /* file of a JSON array of them; "" for none */

    /* mail */
    const char *mail;      /* "smtp://host:port", "smtps://host:port", "sendmail:/path", "" for none */
    const char *mail_from; /* address */
    const char *mail_user; /* for SMTP AUTH; "" for none */
    const char *mail_password;
    const char *mail_tls;             /* of smtp://: "required", "optional" or "off" */
    const char *mail_tls_ca;          /* certificates to trust; "" for those of the system */
    int64_t mail_limit_per_recipient; /* mails of a kind to one address per hour */

    /* connections of our own to where somebody else says */
    const char *egress_allow; /* space separated hosts, addresses and ranges that may be private */
    const char *egress_ca;    /* certificates to trust beside those of the system; "" for none */

    struct pool_settings pools[MAX_POOLS];
    size_t pool_count; /* at least one: "main", when the file names none */
};

/*
 * Reads the file over the defaults; path NULL takes the defaults alone. NULL on an error, with a
 * message of one line in *error_out that says file, line, what is wrong and what to do.
 */
struct settings *settings_load(struct arena *arena, const char *path, const char **error_out) MUST_CHECK;

/* A copy of all but the secrets, which are empty in it. It shares nothing with the settings that it is of. */
const struct settings *settings_without_secrets(struct arena *arena, const struct settings *settings);

enum settings_format { SETTINGS_TEXT, SETTINGS_JSON, SETTINGS_MAN };

/*
 * Writes every option with its value, default and meaning, or only those that aren't at their default;
 * secrets as "(set)" or "(not set)". SETTINGS_TEXT can be loaded again; SETTINGS_MAN is the option list
 * of doorward.conf(5) in mdoc, without values.
 */
void settings_write(const struct settings *settings, enum settings_format format, bool changed_only,
                    struct strbuf *out);

#endif
