-- +goose Up

-- What Postgres reads anew for every statement that writes: a CHECK is kept as text and parsed each time. Nothing but
-- the store writes these tables, so the rules are held where mistakes are looked for: all tests run under them, and a
-- snapshot that comes from outside is measured by them. See rules.go. One migration for each table: servers at work lock
-- several in any order, and must not meet a transaction here that does, too.
ALTER TABLE accounts
    DROP CONSTRAINT IF EXISTS accounts_cap_policy_check,
    DROP CONSTRAINT IF EXISTS accounts_clock_rate_check;

-- +goose Down
ALTER TABLE accounts
    ADD CONSTRAINT accounts_cap_policy_check CHECK (cap_policy IN ('queue', 'reject')),
    ADD CONSTRAINT accounts_clock_rate_check CHECK (clock_rate BETWEEN 0.001 AND 10000);
