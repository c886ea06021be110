-- +goose Up

-- As in the migration before, for another table.
ALTER TABLE steps
    DROP CONSTRAINT IF EXISTS steps_check,
    DROP CONSTRAINT IF EXISTS steps_check1,
    DROP CONSTRAINT IF EXISTS steps_slots;

-- +goose Down
ALTER TABLE steps
    ADD CONSTRAINT steps_check CHECK ((due_at IS NULL) = (wake_at IS NULL)),
    ADD CONSTRAINT steps_check1 CHECK ((status = 'error') = (error IS NOT NULL)),
    ADD CONSTRAINT steps_slots CHECK ((holds IS NULL) = (slots IS NULL));
