-- What services do with their members: keys of the service API, plans and subscriptions, permissions,
-- webhooks, the workspace API; what is counted; and how administrators sign in.
-- Needs a program of schema: 1

-- workspace is JSON of how the service uses the workspace API, NULL where it doesn't (doorward(8), service
-- set). slug is the service's word in addresses (NULL: its id); features is JSON of what is switched on
-- (doorward(8), service set).
ALTER TABLE services
    ADD COLUMN slug VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
    ADD COLUMN service_type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'web',
    ADD COLUMN features TEXT NULL,
    ADD COLUMN workspace TEXT NULL,
    ADD UNIQUE KEY services_slug (slug);

-- addresses is a list of addresses and ranges that the key may be used from; '' is everywhere. rotated_to is
-- the key that takes this one's place; both work until this one expires.
ALTER TABLE api_keys
    ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN created_by VARCHAR(320) NOT NULL DEFAULT '',
    ADD COLUMN addresses VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '',
    ADD COLUMN rotated_to BINARY(16) NULL;

-- linked_by is what made the link: grant (a sign-in), service_api, admin. email_key is the user's, kept here
-- for the second of the two orders of lists, which are the keys; words is what a search looks through:
-- address and name in small letters. An email_key of '' says that both are still to be filled in, for members of
-- before: doorward migrate does that behind the files, the housekeeper where those were loaded by hand.
-- Filled in batches: members
ALTER TABLE members
    ADD COLUMN linked_by VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'grant',
    ADD COLUMN email_key VARCHAR(320) NOT NULL DEFAULT '',
    ADD COLUMN words VARCHAR(600) NOT NULL DEFAULT '',
    ADD KEY members_order (service_id, created_at, user_id),
    ADD KEY members_email (service_id, email_key, created_at);

-- totp_sealed is the secret of the second step (RFC 6238), sealed under the key file; NULL: not set up yet.
-- totp_step is the last time step that was used, so that a code works once.
ALTER TABLE admins
    ADD COLUMN totp_sealed VARBINARY(200) NULL,
    ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN recovery_hashes TEXT NULL;

-- Retention: until removed by the service. features is a JSON array of words.
CREATE TABLE plans (
    id BINARY(16) NOT NULL PRIMARY KEY,
    service_id BINARY(16) NOT NULL,
    name VARCHAR(200) NOT NULL,
    price_cents BIGINT NOT NULL DEFAULT 0,
    currency VARCHAR(3) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'usd',
    features TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE KEY plans_name (service_id, name),
    CONSTRAINT plans_of_service FOREIGN KEY (service_id) REFERENCES services (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: as long as member and service stay. One a member; version counts its changes, for ETag. ends_at
-- is when it ends by itself, its trial's or period's end; 0: it has ended. The first two keys are the orders
-- of lists, and hold all that lists choose by.
CREATE TABLE subscriptions (
    id BINARY(16) NOT NULL PRIMARY KEY,
    service_id BINARY(16) NOT NULL,
    user_id BINARY(16) NOT NULL,
    plan_id BINARY(16) NOT NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    trial_end BIGINT NOT NULL DEFAULT 0,
    current_period_start BIGINT NOT NULL,
    current_period_end BIGINT NOT NULL,
    cancel_at_period_end TINYINT NOT NULL DEFAULT 0,
    cancelled_at BIGINT NOT NULL DEFAULT 0,
    ends_at BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE KEY subscriptions_one (service_id, user_id),
    KEY subscriptions_age (service_id, created_at, id, status, plan_id),
    KEY subscriptions_order (service_id, status, created_at, id, plan_id),
    KEY subscriptions_user (user_id),
    KEY subscriptions_plan (plan_id),
    KEY subscriptions_end (ends_at),
    CONSTRAINT subscriptions_of_member FOREIGN KEY (service_id, user_id)
        REFERENCES members (service_id, user_id) ON DELETE CASCADE,
    CONSTRAINT subscriptions_to_plan FOREIGN KEY (plan_id) REFERENCES plans (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: as long as user and client stay; never deleted by a refusal. One user's role and status at one
-- client. role is none, user or admin; status is pending, approved or revoked; denied is an explicit
-- hasAccess of false.
CREATE TABLE permissions (
    user_id BINARY(16) NOT NULL,
    client_number BIGINT NOT NULL,
    role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    denied TINYINT NOT NULL DEFAULT 0,
    requested_at BIGINT NOT NULL DEFAULT 0,
    granted_at BIGINT NOT NULL DEFAULT 0,
    granted_by VARCHAR(320) NOT NULL DEFAULT '',
    revoked_at BIGINT NOT NULL DEFAULT 0,
    revoked_by VARCHAR(320) NOT NULL DEFAULT '',
    last_accessed_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_number),
    KEY permissions_client (client_number, status, requested_at),
    CONSTRAINT permissions_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT permissions_at_client FOREIGN KEY (client_number) REFERENCES clients (number) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, two years after it was written. Who changed what of a service's members,
-- subscriptions, permissions, keys and clients. subject is an id or a pair of ids as text; change is JSON
-- without secrets.
CREATE TABLE history (
    id BINARY(16) NOT NULL PRIMARY KEY,
    service_id BINARY(16) NOT NULL,
    kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    subject VARCHAR(300) NOT NULL,
    actor VARCHAR(320) NOT NULL,
    `change` TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY history_subject (service_id, subject(100), at_ms),
    KEY history_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, a day after the call. The answer to a POST that named an Idempotency-Key,
-- sealed since it may hold what is shown once; status 0: the call is still under way.
CREATE TABLE idempotency_keys (
    id BINARY(32) NOT NULL PRIMARY KEY,
    request_hash BINARY(32) NOT NULL,
    status BIGINT NOT NULL DEFAULT 0,
    sealed MEDIUMBLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY idempotency_keys_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until removed by the service. Where a service wants to be told; secret_sealed signs what is
-- sent.
CREATE TABLE webhooks (
    id BINARY(16) NOT NULL PRIMARY KEY,
    service_id BINARY(16) NOT NULL,
    url VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    events VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    secret_sealed VARBINARY(300) NOT NULL,
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT 'active',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    KEY webhooks_service (service_id),
    CONSTRAINT webhooks_of_service FOREIGN KEY (service_id) REFERENCES services (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, 30 days after the event. One row an event and webhook, written in the
-- transaction of what it tells; the states are those of outbox.
CREATE TABLE webhook_deliveries (
    id BINARY(16) NOT NULL PRIMARY KEY,
    webhook_id BINARY(16) NOT NULL,
    event VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    payload TEXT NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    response_status BIGINT NOT NULL DEFAULT 0,
    error VARCHAR(300) NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL,
    KEY webhook_deliveries_due (state, next_at),
    KEY webhook_deliveries_of_webhook (webhook_id, created_at),
    KEY webhook_deliveries_expiry (expires_at),
    CONSTRAINT webhook_deliveries_to_webhook FOREIGN KEY (webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, 400 days after it was written. A sign-in of a member to a service's client, or
-- a failed one: only ever added. user_id isn't a foreign key, so that numbers stay true when an account goes:
-- an id of nobody takes its place then.
CREATE TABLE sign_ins (
    id BINARY(16) NOT NULL PRIMARY KEY,
    service_id BINARY(16) NOT NULL,
    user_id BINARY(16) NULL,
    kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    provider VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY sign_ins_service (service_id, kind, at, provider, user_id),
    KEY sign_ins_user (user_id),
    KEY sign_ins_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, 400 days after the hour. Counted in memory, one row a service, hour, machine
-- and kind, so that no row is hot.
CREATE TABLE usage_counts (
    service_id BINARY(16) NOT NULL,
    hour BIGINT NOT NULL,
    kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    machine BINARY(16) NOT NULL,
    count BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (service_id, hour, kind, machine),
    KEY usage_counts_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, seconds after it was written. What each machine has counted of its rate limits
-- lately, so that the others add it to theirs. updated_at is the database's clock: what has changed since a
-- machine last looked is found by it.
CREATE TABLE limit_counts (
    subject BINARY(8) NOT NULL,
    window_start BIGINT NOT NULL,
    machine BINARY(16) NOT NULL,
    window_s BIGINT NOT NULL,
    count BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (subject, window_start, machine),
    KEY limit_counts_news (updated_at),
    KEY limit_counts_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: as long as member and service stay. A member's workspace-side record.
CREATE TABLE participants (
    service_id BINARY(16) NOT NULL,
    user_id BINARY(16) NOT NULL,
    id BINARY(16) NOT NULL UNIQUE,
    personal_workspace_id BINARY(16) NOT NULL,
    display_name VARCHAR(200) NOT NULL,
    email VARCHAR(320) NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (service_id, user_id),
    CONSTRAINT participants_of_member FOREIGN KEY (service_id, user_id)
        REFERENCES members (service_id, user_id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
