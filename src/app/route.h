/*
 * route.h: what a row of a family's table says, and how a request finds its row.
 *
 * To add an endpoint: a row in its family's table (at the bottom of a file in src/api or src/pages), a
 * handler above it, a rule in src/domain, and a test. Guards fail until doorward-api(7) names it too.
 * Everything that a row says is enforced before the handler runs, in dispatch().
 */
#ifndef DOORWARD_APP_ROUTE_H
#define DOORWARD_APP_ROUTE_H

#include "app/call.h"

/* Who may call, several where a contract lists several. A row without any stops the start. */
enum who {
    BY_ANYONE = 1 << 0,  /* nobody is checked */
    BY_BROWSER = 1 << 1, /* a browser, signed in or not: call->session may be NULL */
    BY_SESSION = 1 << 2, /* public session */
    BY_CLIENT = 1 << 3,  /* client authentication (public clients name themselves) */
    BY_BEARER = 1 << 4,  /* one of our access tokens */
    BY_API_KEY = 1 << 5, /* a service's key, in X-API-Key, that holds the row's permission */
    BY_ADMIN = 1 << 6    /* an administrator's session */
};

enum body_kind {
    BODY_NONE = 0,
    BODY_FORM = 1 << 0,
    BODY_JSON = 1 << 1,       /* a flat object of strings, read as a form is */
    BODY_JSON_VALUES = 1 << 2 /* any object, for the handler to read from call->json */
};

enum cors {
    CORS_NONE,
    CORS_LISTED,     /* scripts of listed origins, without cookies */
    CORS_PUBLIC,     /* every script */
    CORS_CREDENTIALS /* scripts of listed origins, with the person's cookies */
};

/* Where a request may come from, as browsers tell in Origin, Referer and Sec-Fetch-Site: from our own
 * origin or a listed one. */
enum origin_rule {
    ORIGIN_ANY,         /* not looked at */
    ORIGIN_NOT_FOREIGN, /* whichever of the three came must be fine: programs send none */
    ORIGIN_REQUIRED     /* the same, and Origin or Referer must have come: a cookie decides here */
};

enum limit_category {
    LIMIT_NONE,
    LIMIT_SIGN_IN, /* a password is tried, or an account made */
    LIMIT_MAIL,    /* a mail with a link or a code is asked for */
    LIMIT_PIN,     /* a code is tried */
    LIMIT_CATEGORIES
};

/* What a caller may ask for in all, once it is known who calls (limit.h). */
enum caller_limit {
    CALLER_DEFAULT, /* calls by API key have a limit of their own whatever the row says */
    CALLER_MANAGES_SERVICES,
    CALLER_MANAGES_CLIENTS,
    CALLER_AUTHORIZES,
    CALLER_TAKES_TOKENS,
    CALLER_LIMITS
};

enum { ROUTE_MAX_ALIASES = 3, ROUTE_MAX_VALUES = 4 };

struct route {
    const char *method;                     /* "GET" also serves HEAD */
    const char *path;                       /* literal segments and {name} segments */
    const char *aliases[ROUTE_MAX_ALIASES]; /* other paths of the same row */
    unsigned who;                           /* enum who */
    const char *permission;                 /* that an API key must hold; BY_API_KEY rows name one */
    unsigned body;                          /* enum body_kind; BODY_NONE lets an empty body through */
    size_t body_max;                        /* bytes; 0 takes the default of 16 KiB */
    enum cors cors;
    enum limit_category limit;
    enum caller_limit caller_limit; /* none: that of service management for tokens and admins */
    enum origin_rule origin;
    bool replays;    /* a POST that honours Idempotency-Key, as every one by an API key does */
    bool reads;      /* but for one that only reads: an answer of before must not be given again */
    bool plain_http; /* also answers without TLS: health checks, which carry nothing */
    bool spends;     /* the handler sees to it that what may be used once is spent (domain/once.h) */
    /* looks at the body before who asks is decided, where a contract has that order; NULL: nothing */
    enum outcome (*check_body)(struct call *call);
    enum outcome (*handler)(struct call *call);
};

struct route_family {
    const char *name; /* as pools name it: "token" */
    const struct route *routes;
    size_t count;
    /* writes the answer to a refusal in this family's format */
    void (*write_error)(struct call *call, enum outcome outcome);
};

/* The families of this program (src/cmd/routes.c), NULL at the end. */
extern const struct route_family *const route_families[];

/* Whether a row honours Idempotency-Key. */
bool route_replays(const struct route *route);

/* Bytes that a row's body may have. */
size_t route_body_max(const struct route *route);

/* Checks every row of the families; bug() with the row's path when one is wrong. Called at start. */
void routes_check(const struct route_family *const *families);

/*
 * Finds the row: true with route and path values set. False: *outcome_out is NOT_FOUND, or
 * METHOD_NOT_ALLOWED with *allow_out listing the methods; *family_out is the family whose path it is, so that
 * the error has a format: of nobody's path below /api, /v1 and /.well-known the one with the nearest path, or
 * the first; of others the last one.
 */
bool route_find(struct arena *arena, const struct route_family *const *families, const char *method,
                const char *path, const struct route_family **family_out, const struct route **route_out,
                const char **values_out, enum outcome *outcome_out, const char **allow_out);

#endif
