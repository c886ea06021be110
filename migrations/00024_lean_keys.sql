-- +goose Up

-- As in the migration before, for another table.
ALTER TABLE idempotency_keys
    DROP CONSTRAINT IF EXISTS idempotency_keys_state_check,
    DROP CONSTRAINT IF EXISTS idempotency_keys_check,
    DROP CONSTRAINT IF EXISTS idempotency_keys_check1;

-- +goose Down
ALTER TABLE idempotency_keys
    ADD CONSTRAINT idempotency_keys_state_check CHECK (state IN ('held', 'done', 'released')),
    ADD CONSTRAINT idempotency_keys_check CHECK ((state = 'done') = (status IS NOT NULL)),
    ADD CONSTRAINT idempotency_keys_check1 CHECK ((state = 'done') = (body IS NOT NULL));
