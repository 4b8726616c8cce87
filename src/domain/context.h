/*
 * context.h: what every rule may use. Made once per request by app; rules never see the request
 * itself.
 */
#ifndef DOORWARD_DOMAIN_CONTEXT_H
#define DOORWARD_DOMAIN_CONTEXT_H

#include "core/settings.h"
#include "core/shared.h"
#include "crypto/keyfile.h"
#include "domain/once.h"
#include "domain/outcome.h"
#include "store/db.h"

struct directory;            /* cached services and clients: domain/directory.h */
struct keyring;              /* cached signing keys: domain/keyring.h */
struct configured_providers; /* of the configuration: domain/providers/configured.h */
struct outgoing;             /* requests of our own to others: net/outgoing.h */

/* What the request says of itself, for proofs of possession (RFC 9449 §4.3). */
struct dpop_request {
    const char *proof; /* the DPoP header; NULL: none */
    bool repeated;     /* it came more than once */
    const char *method;
    const char *path; /* below the issuer, decoded */
};

struct context {
    struct arena *arena; /* of the request */
    int64_t now;         /* seconds UTC, read once per request */
    int64_t now_ms;
    struct db *db;
    const struct settings *settings;
    const struct keyfile *keyfile;
    struct shared *shared;
    struct directory *directory;
    struct keyring *keyring;
    struct outgoing *outgoing;
    const struct configured_providers *configured_providers; /* NULL: none */

    /* who is on the line, for limits, sessions and the log */
    const char *request_id, *address, *user_agent;
    const char *languages;                 /* Accept-Language as sent, printable and at most 200 bytes; "" */
    const struct certificate *certificate; /* of the connection (crypto/certificate.h); NULL: none */
    bool certificate_verified;             /* the web server knows who signed it */

    struct dpop_request dpop;
    const char *dpop_nonce; /* set by a rule: what the answer's DPoP-Nonce tells (RFC 9449 §8) */

    /* what the request brought that may be used once, and has still to be spent */
    struct once once;

    /* who acts, in the words of history: "api_key:UUID", "user:UUID", "client:ID", "admin:address", "cli";
     * "": nobody that is known */
    const char *actor;

    /* set by refuse(): why, in words for the log and, where the writer shows it, for developers */
    const char *reason;
    /* set with OUTCOME_TOO_MANY_REQUESTS and OUTCOME_UNAVAILABLE: seconds */
    int64_t retry_after_s;
};

/* Notes the reason and returns the outcome, so that a check stays one statement. The reason is a
 * constant or lives in the arena, printable ASCII without '"' and '\' (RFC 6749 §5.2). */
enum outcome refuse(struct context *context, enum outcome outcome, const char *reason);

/* A store's result as an outcome: OK, not_found as given, and UNAVAILABLE for a database that is away
 * or uncertain, so that a failing database never looks like invalid_grant. */
enum outcome store_outcome(struct context *context, enum store_result result, enum outcome not_found,
                           const char *reason);

#endif
