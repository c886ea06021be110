-- +goose Up

-- A key is asked for by the primary key. While there are few, the index for the sweeper looks as good, and would read all
-- keys of the account; and the plan is kept. So the sweeper asks by an expression that no other index has.
DROP INDEX idempotency_keys_purge;
CREATE INDEX idempotency_keys_purge ON idempotency_keys ((account_id + 0), purge_at);

-- +goose Down
DROP INDEX idempotency_keys_purge;
CREATE INDEX idempotency_keys_purge ON idempotency_keys (account_id, purge_at);
