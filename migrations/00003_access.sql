-- +goose Up

-- What a pair of keys may do, and from where. A pair from a keys file leaves with
-- the file's next version; the others stay.
ALTER TABLE api_keys
    ADD COLUMN role       text    NOT NULL DEFAULT 'Owner',
    ADD COLUMN allow_from cidr[]  NOT NULL DEFAULT '{}', -- empty: everywhere
    ADD COLUMN declared   boolean NOT NULL DEFAULT false; -- came from a keys file

CREATE INDEX api_keys_account ON api_keys (account_id);

-- How many requests an account has sent in its present minute, counted only where
-- there is a limit. Real time, so moving an account's clock gives no more of it.
-- Unlogged: counting waits for no disk, and a crash forgets a minute.
CREATE UNLOGGED TABLE rate_windows (
    account_id bigint      PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    ends_at    timestamptz NOT NULL, -- database time
    used       bigint      NOT NULL
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE rate_windows;
DROP INDEX api_keys_account;
ALTER TABLE api_keys
    DROP COLUMN role,
    DROP COLUMN allow_from,
    DROP COLUMN declared;
