-- +goose Up

-- What was answered to the first request with an idempotency key, or that it is
-- still being worked on. Times ending in _at are business time, but a lease
-- counts in the database's own: moving an account's clock must not end it.
CREATE TABLE idempotency_keys (
    account_id  bigint      NOT NULL REFERENCES accounts ON DELETE CASCADE,
    scheme      text        NOT NULL,              -- which header it came in
    key_hash    bytea       NOT NULL,              -- SHA-256; the key itself is not kept
    fingerprint bytea       NOT NULL,              -- HMAC of the request; the request itself is not kept
    state       text        NOT NULL CHECK (state IN ('held', 'done', 'released')),
    token       uuid        NOT NULL,              -- of who acquired it last: random, so it never comes back
    lease_until timestamptz NOT NULL,              -- until then a held key belongs to its token
    created_at  timestamptz NOT NULL,              -- first receipt
    expires_at  timestamptz NOT NULL,              -- no longer replayed from then on
    purge_at    timestamptz NOT NULL,              -- as if never seen from then on
    request_id  uuid        NOT NULL,              -- of the request that was answered
    status      smallint,
    headers     jsonb,
    body        bytea,
    PRIMARY KEY (account_id, scheme, key_hash),
    CHECK ((state = 'done') = (status IS NOT NULL)),
    CHECK ((state = 'done') = (body IS NOT NULL))
);

-- For the sweeper, which goes account by account since each has its own clock.
CREATE INDEX idempotency_keys_purge ON idempotency_keys (account_id, purge_at);

-- The key of the fingerprints, the same for all servers of this database.
CREATE TABLE server_secret (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    secret   bytea   NOT NULL
);
INSERT INTO server_secret (secret)
VALUES (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

-- +goose Down
DROP TABLE server_secret;
DROP TABLE idempotency_keys;
