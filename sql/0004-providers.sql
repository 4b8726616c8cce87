-- Signing in by other providers, and their tokens for services: providers, tokens of connections in the
-- vault, what services may use of them, and requests for it that wait for a person.
-- Needs a program of schema: 1

-- Retention: until removed by an admin. name is the word in addresses. kind is a row of the table of kinds
-- (google, oidc, ...); metadata is JSON of what this provider has of its own: issuer or endpoints, client id,
-- scopes, how its profile is read. secret_sealed is the client secret, or the key that signs one; NULL: none.
CREATE TABLE providers (
    name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'active',
    metadata TEXT NOT NULL,
    secret_sealed BLOB NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- providers is JSON of how the service uses providers (doorward(8), service set): by which one signs in, which
-- of their scopes its backend may ask for, and where people are sent back to. NULL: all that offer sign-in, no
-- scopes, nowhere.
ALTER TABLE services ADD COLUMN providers TEXT NULL;

-- The account at the provider, and its tokens: sealed under the key file and bound to the row; NULL: none.
-- scopes are those of the tokens, token_expires_at 0: never. status is active, or broken when the provider
-- took the tokens back. version counts what was written to the row. Whoever refreshes holds refresh_claim
-- until refresh_until_ms; one at a time.
ALTER TABLE connections
    ADD COLUMN email VARCHAR(320) NULL,
    ADD COLUMN email_verified TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN display_name VARCHAR(200) NULL,
    ADD COLUMN sign_in TINYINT NOT NULL DEFAULT 1,
    ADD COLUMN scopes VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '',
    ADD COLUMN access_sealed BLOB NULL,
    ADD COLUMN refresh_sealed BLOB NULL,
    ADD COLUMN token_expires_at BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'active',
    ADD COLUMN version BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN refresh_claim BINARY(16) NULL,
    ADD COLUMN refresh_until_ms BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;

-- Retention: until withdrawn, or the connection or the member goes. A service's right to use a connection's
-- token for certain scopes.
CREATE TABLE provider_grants (
    id BINARY(16) NOT NULL UNIQUE,
    connection_id BINARY(16) NOT NULL,
    service_id BINARY(16) NOT NULL,
    user_id BINARY(16) NOT NULL,
    scopes VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    granted_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (connection_id, service_id),
    KEY provider_grants_member (service_id, user_id),
    CONSTRAINT provider_grants_of_connection FOREIGN KEY (connection_id)
        REFERENCES connections (id) ON DELETE CASCADE,
    CONSTRAINT provider_grants_of_member FOREIGN KEY (service_id, user_id)
        REFERENCES members (service_id, user_id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, or the member goes. A service asks a person for a provider's token: the last
-- part of its address is a handle, of which the row has the hash. status is pending or completed.
-- connection_id is the account that must be used; NULL: any.
CREATE TABLE provider_requests (
    id BINARY(16) NOT NULL PRIMARY KEY,
    secret_hash BINARY(32) NOT NULL,
    service_id BINARY(16) NOT NULL,
    user_id BINARY(16) NOT NULL,
    provider VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    scopes VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    redirect_uri VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    client_state VARCHAR(2000) NULL,
    connection_id BINARY(16) NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'pending',
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY provider_requests_member (service_id, user_id),
    KEY provider_requests_expiry (expires_at),
    CONSTRAINT provider_requests_of_member FOREIGN KEY (service_id, user_id)
        REFERENCES members (service_id, user_id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, a week after the token was taken off. Tokens that their provider is yet to be told
-- to forget, each written in the transaction that takes it off. state is waiting, sending (until next_at: then its
-- courier has died), sent, or dead (given up). token_sealed is sealed under the key file and bound to the row; empty
-- once it is sent or dead.
CREATE TABLE provider_revocations (
    id BINARY(16) NOT NULL PRIMARY KEY,
    provider VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    token_sealed BLOB NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    error VARCHAR(300) NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY provider_revocations_due (state, next_at),
    KEY provider_revocations_provider (provider, created_at),
    KEY provider_revocations_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, when it would be refused for its age alone. What may be used once and has
-- been: id is a hash over its kind and itself, so that none of one kind does for another.
CREATE TABLE used_ids (
    id BINARY(32) NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    KEY used_ids_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- A method may be a provider's name of 40 letters, and what came behind it.
ALTER TABLE sessions MODIFY COLUMN method VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL;
ALTER TABLE admin_sessions MODIFY COLUMN method VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL;
