-- Doorward's first schema. Plain SQL: `doorward migrate` applies it, and it can be loaded by hand
-- (then run `doorward migrate --adopt`, which notes it as applied).
-- Needs a program of schema: 1
-- Times are UTC seconds in BIGINT unless a name ends in _ms; 0 means "not". Ids are 16 bytes (a UUID).
-- Hashes are SHA-256. Collations are nopad_bin: bytes decide, and a trailing space is one. "Retention" says how long a row of the table stays.

-- Retention: for ever. One row a number that workers compare to drop what they cache.
CREATE TABLE versions (
    name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
INSERT INTO versions (name, value) VALUES ('directory', 1), ('keys', 1);

-- Retention: until removed by an admin.
CREATE TABLE services (
    id BINARY(16) NOT NULL PRIMARY KEY,
    name VARCHAR(200) NOT NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'active',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until removed by an admin. metadata is JSON in the words of RFC 7591 section 2.
CREATE TABLE clients (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    client_id VARCHAR(200) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL UNIQUE,
    service_id BINARY(16) NOT NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'active',
    metadata MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    KEY clients_service (service_id),
    CONSTRAINT clients_of_service FOREIGN KEY (service_id) REFERENCES services (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, when not 0. The hash decides; sealed is read back for client_secret_jwt.
CREATE TABLE client_secrets (
    id BINARY(16) NOT NULL PRIMARY KEY,
    client_number BIGINT NOT NULL,
    secret_hash BINARY(32) NOT NULL,
    sealed VARBINARY(400) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL DEFAULT 0,
    KEY client_secrets_client (client_number),
    KEY client_secrets_expiry (expires_at),
    CONSTRAINT client_secrets_of_client FOREIGN KEY (client_number) REFERENCES clients (number) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until removed by an admin or the person. email_key is the address in its canonical form;
-- claims is JSON with the standard claims beyond name and email (OpenID Connect Core section 5.1).
-- What a user authorized before tokens_after is dead (password changed, everything signed out).
CREATE TABLE users (
    id BINARY(16) NOT NULL PRIMARY KEY,
    email VARCHAR(320) NOT NULL,
    email_key VARCHAR(320) NOT NULL UNIQUE,
    email_verified TINYINT NOT NULL DEFAULT 0,
    name VARCHAR(200) NOT NULL,
    claims TEXT NULL,
    password_hash VARCHAR(300) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'active',
    tokens_after BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: as long as both sides exist. A user linked to a service.
CREATE TABLE members (
    service_id BINARY(16) NOT NULL,
    user_id BINARY(16) NOT NULL,
    role VARCHAR(64) NOT NULL DEFAULT 'user',
    created_at BIGINT NOT NULL,
    PRIMARY KEY (service_id, user_id),
    KEY members_user (user_id),
    CONSTRAINT members_of_service FOREIGN KEY (service_id) REFERENCES services (id) ON DELETE CASCADE,
    CONSTRAINT members_are_users FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until removed. People who may administer; apart from users, so that no user becomes one.
CREATE TABLE admins (
    id BINARY(16) NOT NULL PRIMARY KEY,
    email VARCHAR(320) NOT NULL,
    email_key VARCHAR(320) NOT NULL UNIQUE,
    name VARCHAR(200) NOT NULL,
    password_hash VARCHAR(300) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'active',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, when not 0; else until removed. A revoked key stays to be seen in lists.
-- permissions is a space separated list.
CREATE TABLE api_keys (
    id BINARY(16) NOT NULL PRIMARY KEY,
    service_id BINARY(16) NOT NULL,
    name VARCHAR(200) NOT NULL,
    prefix VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    key_hash BINARY(32) NOT NULL UNIQUE,
    permissions VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'active',
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL DEFAULT 0,
    KEY api_keys_service (service_id),
    KEY api_keys_expiry (expires_at),
    CONSTRAINT api_keys_of_service FOREIGN KEY (service_id) REFERENCES services (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, when no token signed by the key can still be alive. sealed is the
-- private JWK. state is next, current or retired; each algorithm has one next and one current key
-- (their retired_at is 0), which the unique key sees to.
CREATE TABLE signing_keys (
    kid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL PRIMARY KEY,
    alg VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    activated_at BIGINT NOT NULL DEFAULT 0,
    retired_at BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL DEFAULT 0,
    UNIQUE KEY signing_keys_one (alg, state, retired_at),
    KEY signing_keys_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at. A signed-in browser; the cookie's value is stored as its hash. sid is
-- the name that clients may know (OpenID Connect Front-Channel Logout section 3).
CREATE TABLE sessions (
    id_hash BINARY(32) NOT NULL PRIMARY KEY,
    sid BINARY(16) NOT NULL UNIQUE,
    user_id BINARY(16) NOT NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    method VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    address VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    user_agent VARCHAR(300) NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY sessions_user (user_id),
    KEY sessions_expiry (expires_at),
    CONSTRAINT sessions_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at. An authorization request that waits for a decision; request is the
-- accepted request as JSON, browser_hash the hash of the cookie of the browser that brought it.
-- finished_at is set by the one statement that ends it.
CREATE TABLE tickets (
    id BINARY(16) NOT NULL PRIMARY KEY,
    secret_hash BINARY(32) NOT NULL,
    client_number BIGINT NOT NULL,
    request TEXT NOT NULL,
    browser_hash BINARY(32) NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL,
    KEY tickets_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until withdrawn. What a user has allowed a client; scope is a space separated list.
CREATE TABLE grants (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    client_number BIGINT NOT NULL,
    scope VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE KEY grants_one (user_id, client_number),
    KEY grants_client (client_number),
    CONSTRAINT grants_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT grants_to_client FOREIGN KEY (client_number) REFERENCES clients (number) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, after which no code or token of the row can be alive.
-- One approved authorization request: its code, then its refresh tokens. A row is written once when
-- the code is issued and changed in place by redemption and by each rotation, each one conditional
-- UPDATE. A used code keeps its row, so that a second use is seen and ends what the first one got.
CREATE TABLE authorizations (
    id BINARY(16) NOT NULL PRIMARY KEY,
    grant_id BINARY(16) NOT NULL,
    user_id BINARY(16) NOT NULL,
    client_number BIGINT NOT NULL,
    sid BINARY(16) NOT NULL,
    scope VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    redirect_uri VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    redirect_uri_sent TINYINT NOT NULL,
    nonce VARCHAR(2000) NULL,
    code_challenge VARCHAR(128) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
    auth_time BIGINT NOT NULL,
    amr VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    code_hash BINARY(32) NOT NULL,
    code_expires_at BIGINT NOT NULL,
    redeemed_at BIGINT NOT NULL DEFAULT 0,
    refresh_generation BIGINT NOT NULL DEFAULT 0,
    refresh_hash BINARY(32) NULL,
    refresh_sealed VARBINARY(200) NULL,
    refreshed_at_ms BIGINT NOT NULL DEFAULT 0,
    revoked_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY authorizations_user (user_id),
    KEY authorizations_expiry (expires_at),
    CONSTRAINT authorizations_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, when the token has expired by itself. id is the jti's 32 bytes.
CREATE TABLE revoked_tokens (
    id BINARY(32) NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    KEY revoked_tokens_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
