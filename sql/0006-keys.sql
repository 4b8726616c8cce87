-- Rotating the key file: which machine has which keys, and what finds the values that an older one sealed.
-- Needs a program of schema: 1

-- Retention: until expires_at, when nothing that was given out under the key is alive. The keys in each machine's key
-- file, told by its housekeeper about once an hour. first_ms and last_at are when the machine had it first and last as
-- the newest, which seals and signs; 0: never. What machine told last has the same noted_at. All times are the database's clock.
CREATE TABLE file_keys (
    name VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    machine BINARY(16) NOT NULL,
    first_ms BIGINT NOT NULL DEFAULT 0,
    last_at BIGINT NOT NULL DEFAULT 0,
    noted_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (name, machine),
    KEY file_keys_machine (machine, noted_at),
    KEY file_keys_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- A sealed value begins with the name of its key. Tables that stay small need no index for it.
ALTER TABLE client_secrets ADD KEY client_secrets_sealed (sealed(17));
ALTER TABLE webhooks ADD KEY webhooks_sealed (secret_sealed(17));
ALTER TABLE connections
    ADD KEY connections_access_sealed (access_sealed(17)),
    ADD KEY connections_refresh_sealed (refresh_sealed(17));
