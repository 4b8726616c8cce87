-- Backends prove who they are: what clients' secrets and keys were last used for, failures, and what
-- tokens are bound to.
-- Needs a program of schema: 1

-- prefix is the secret's first characters, so that people tell one from another.
ALTER TABLE client_secrets
    ADD COLUMN prefix VARCHAR(8) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '',
    ADD COLUMN created_by VARCHAR(320) NOT NULL DEFAULT '',
    ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN last_used_from VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '';

-- locked_at: it failed to prove who it is too often and must be unlocked; 0: it isn't. Failures count from
-- failures_since on. last_used is of its keys: of its secrets their rows tell.
ALTER TABLE clients
    ADD COLUMN locked_at BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN failures_since BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN last_used_from VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '';

-- bound_to is what the authorization's tokens are bound to ("jkt:...", RFC 9449; "x5t#S256:...", RFC 8705); '':
-- nothing.
ALTER TABLE authorizations
    ADD COLUMN bound_to VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '';

-- Retention: until expires_at, 90 days after it happened. A client failed to prove who it is: only ever
-- added. counts: towards its lock; one from where the client may not come from does not.
CREATE TABLE client_failures (
    id BINARY(16) NOT NULL PRIMARY KEY,
    client_number BIGINT NOT NULL,
    method VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    reason VARCHAR(200) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    address VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    counts BOOLEAN NOT NULL DEFAULT TRUE,
    at_ms BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY client_failures_client (client_number, at_ms),
    KEY client_failures_expiry (expires_at),
    CONSTRAINT client_failures_of_client FOREIGN KEY (client_number) REFERENCES clients (number) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
