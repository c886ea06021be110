-- +goose Up

-- Accounts are named in control, so no two have the same name. What has it first keeps it.
UPDATE accounts a
SET name = a.name || '-' || a.id
WHERE EXISTS (SELECT FROM accounts b WHERE b.name = a.name AND b.id < a.id);
CREATE UNIQUE INDEX accounts_name ON accounts (name);
ALTER TABLE accounts ADD COLUMN changed_at timestamptz; -- business time; NULL: is as it was made

-- Pairs of keys that were taken back. They are refused also where any other pair makes an account of its own.
CREATE TABLE revoked_keys (
    key_hash    bytea  NOT NULL,
    secret_hash bytea  NOT NULL,
    account_id  bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    PRIMARY KEY (key_hash, secret_hash)
);
CREATE INDEX revoked_keys_account ON revoked_keys (account_id);

-- What an account has that no operation makes, in the words of its dialect. One that is not here has what the server
-- says.
CREATE TABLE account_assets (
    account_id bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    assets     jsonb  NOT NULL
);

-- +goose Down
DROP TABLE account_assets;
DROP TABLE revoked_keys;
ALTER TABLE accounts DROP COLUMN changed_at;
DROP INDEX accounts_name;
