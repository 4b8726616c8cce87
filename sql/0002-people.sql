-- What people sign in with and how they look after their account: guesses, one-time links and codes,
-- mails, connected accounts, changes of address.
-- Needs a program of schema: 1

-- self_registered: the person made the account; until the address is confirmed it can't sign in again
-- unless the configuration lets it. languages is what the browser last asked for (Accept-Language).
ALTER TABLE users
    ADD COLUMN self_registered TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN languages VARCHAR(200) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '',
    ADD COLUMN sign_ins BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN last_sign_in_at BIGINT NOT NULL DEFAULT 0;

-- pin_gate is off, always, new_browser or periodic, sign_in_form is both or identifier_first; '' takes
-- what the configuration says.
ALTER TABLE services
    ADD COLUMN pin_gate VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '',
    ADD COLUMN sign_in_form VARCHAR(20) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL DEFAULT '';

-- Retention: until expires_at, the end of the window that it counts in. One row a guess that was
-- checked, added to and counted, never changed: a counter would be a hot row. subject is the beginning
-- of a hash of what is guessed at (an account, an address).
CREATE TABLE attempts (
    id BINARY(16) NOT NULL PRIMARY KEY,
    subject BINARY(16) NOT NULL,
    at_ms BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY attempts_subject (subject, at_ms),
    KEY attempts_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at. A one-time link, or a PIN, or both of one mail; used once by DELETE.
-- kind is part of what finds it, so that none does for another. user_id is NULL where nobody has the
-- address: the row is there all the same. pin_mac is a MAC over id and digits under the key file; zeros: no PIN.
-- browser_hash is that of the browser cookie that began it; zeros: any. data is JSON of what is to be done.
CREATE TABLE challenges (
    id BINARY(16) NOT NULL PRIMARY KEY,
    kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    user_id BINARY(16) NULL,
    email VARCHAR(320) NOT NULL,
    email_key VARCHAR(320) NOT NULL,
    secret_hash BINARY(32) NOT NULL,
    pin_mac BINARY(32) NOT NULL,
    browser_hash BINARY(32) NOT NULL,
    tries_left BIGINT NOT NULL DEFAULT 0,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY challenges_user (user_id),
    KEY challenges_browser (browser_hash, kind),
    KEY challenges_expiry (expires_at),
    CONSTRAINT challenges_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at, a week after the mail was written. Mails on their way, each written in the transaction of
-- what it speaks of. state is waiting, sending (until next_at: then its courier has died), sent, dead
-- (given up) or dropped (nobody has the address). sealed is the variables of its template, sealed under
-- the key file, since they hold links and codes; empty once it has been sent or dropped. A mail that isn't sent
-- by useless_at isn't sent any more.
CREATE TABLE outbox (
    id BINARY(16) NOT NULL PRIMARY KEY,
    template VARCHAR(40) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    recipient VARCHAR(320) NOT NULL,
    recipient_key VARCHAR(320) NOT NULL,
    service_id BINARY(16) NULL,
    languages VARCHAR(200) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    sealed BLOB NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT NOT NULL,
    error VARCHAR(300) NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL DEFAULT 0,
    useless_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY outbox_due (state, next_at),
    KEY outbox_recipient (recipient_key, created_at),
    KEY outbox_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until withdrawn by the person. A user's account at a provider, by which they sign in.
CREATE TABLE connections (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    provider VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    label VARCHAR(320) NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    UNIQUE KEY connections_subject (provider, subject),
    KEY connections_user (user_id),
    CONSTRAINT connections_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at. A change of address that waits to be confirmed; each side notes its own time, and
-- whichever comes last makes the change. old_confirmed_at is set at once for an address that was never confirmed.
CREATE TABLE email_changes (
    user_id BINARY(16) NOT NULL PRIMARY KEY,
    id BINARY(16) NOT NULL,
    email VARCHAR(320) NOT NULL,
    email_key VARCHAR(320) NOT NULL,
    old_confirmed_at BIGINT NOT NULL DEFAULT 0,
    new_confirmed_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY email_changes_expiry (expires_at),
    CONSTRAINT email_changes_of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Retention: until expires_at. An administrator's signed-in browser; the cookie's value is stored as its hash.
CREATE TABLE admin_sessions (
    id_hash BINARY(32) NOT NULL PRIMARY KEY,
    admin_id BINARY(16) NOT NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    method VARCHAR(32) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    address VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL,
    user_agent VARCHAR(300) NOT NULL,
    expires_at BIGINT NOT NULL,
    KEY admin_sessions_admin (admin_id),
    KEY admin_sessions_expiry (expires_at),
    CONSTRAINT admin_sessions_of_admin FOREIGN KEY (admin_id) REFERENCES admins (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
