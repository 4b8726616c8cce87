/*
 * outcome.h: every way in which a rule can end. 0 is fine; all else is an expected "no". What each
 * becomes on the wire (status, error word, log level) is one table: app/answer.c.
 */
#ifndef DOORWARD_DOMAIN_OUTCOME_H
#define DOORWARD_DOMAIN_OUTCOME_H

enum outcome {
    OUTCOME_OK,

    /* protocol refusals: RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, OpenID Connect Core §3.1.2.6 */
    OUTCOME_INVALID_REQUEST,
    OUTCOME_INVALID_CLIENT,
    OUTCOME_INVALID_GRANT,
    OUTCOME_EXPIRED_GRANT, /* the same to clients, told apart where a contract does */
    OUTCOME_UNAUTHORIZED_CLIENT,
    OUTCOME_UNSUPPORTED_GRANT_TYPE,
    OUTCOME_UNSUPPORTED_RESPONSE_TYPE,
    OUTCOME_INVALID_SCOPE,
    OUTCOME_ACCESS_DENIED,
    OUTCOME_LOGIN_REQUIRED,
    OUTCOME_CONSENT_REQUIRED,
    OUTCOME_ACCOUNT_SELECTION_REQUIRED,
    OUTCOME_REQUEST_NOT_SUPPORTED,
    OUTCOME_REQUEST_URI_NOT_SUPPORTED,
    OUTCOME_REGISTRATION_NOT_SUPPORTED,
    OUTCOME_INVALID_TOKEN,
    OUTCOME_INVALID_DPOP_PROOF, /* RFC 9449 §5 and §8: with a request for tokens */
    OUTCOME_USE_DPOP_NONCE,
    OUTCOME_INVALID_TOKEN_PROOF, /* RFC 9449 §7.1 and §9: with a token */
    OUTCOME_USE_TOKEN_NONCE,
    OUTCOME_INSUFFICIENT_SCOPE,
    OUTCOME_INVALID_REDIRECT_URI,
    OUTCOME_INVALID_CLIENT_METADATA,

    /* access */
    OUTCOME_UNAUTHENTICATED,  /* no session, no key */
    OUTCOME_WRONG_PASSWORD,   /* or no such user: never told apart */
    OUTCOME_PASSWORD_NOT_SET, /* the account signs in by other ways; context->reason names none */
    OUTCOME_EMAIL_NOT_VERIFIED,
    OUTCOME_WRONG_PIN,
    OUTCOME_PIN_SPENT,                 /* too many wrong ones */
    OUTCOME_PIN_NOT_FOUND,             /* or expired, or begun in another browser: never told apart */
    OUTCOME_REAUTHENTICATION_REQUIRED, /* signed in, but not recently enough for this */
    OUTCOME_FORBIDDEN,
    OUTCOME_NOT_ACTIVE,   /* the service that is meant is switched off */
    OUTCOME_FOREIGN_FORM, /* no or a foreign CSRF token or origin */
    OUTCOME_INSECURE_TRANSPORT,

    /* the request itself */
    OUTCOME_MALFORMED,
    OUTCOME_NOT_FOUND,
    OUTCOME_METHOD_NOT_ALLOWED,
    OUTCOME_UNSUPPORTED_MEDIA_TYPE,
    OUTCOME_TOO_LARGE,
    OUTCOME_URI_TOO_LONG,
    OUTCOME_HEADERS_TOO_LARGE,

    /* conflicts and dead ends */
    OUTCOME_ALREADY_EXISTS,
    OUTCOME_PRECONDITION_FAILED, /* what was to be changed has changed since (RFC 9110 §13.1.1) */
    OUTCOME_KEY_IN_USE,          /* the call with this Idempotency-Key is still under way */
    OUTCOME_KEY_REUSED,          /* an Idempotency-Key with another request than before */
    OUTCOME_LIMIT_REACHED,       /* there are as many of them as there may be */
    OUTCOME_FLOW_ENDED,          /* a sign-in that expired or was finished elsewhere: start again */

    /* a provider of ours */
    OUTCOME_PROVIDER_REFUSED, /* it said no: the reason is its error word */
    OUTCOME_PROVIDER_FAILED,  /* it is slow, broken, or says what can't be true */

    /* not now */
    OUTCOME_TOO_MANY_REQUESTS,
    OUTCOME_UNAVAILABLE, /* the database is away, or too much work is waiting */
    OUTCOME_SERVER_ERROR,

    OUTCOME_COUNT
};

#endif
