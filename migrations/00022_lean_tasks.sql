-- +goose Up

-- As in the migration before, for another table.
ALTER TABLE tasks
    DROP CONSTRAINT IF EXISTS tasks_status_known,
    DROP CONSTRAINT IF EXISTS tasks_response_at_end,
    DROP CONSTRAINT IF EXISTS tasks_check1,
    DROP CONSTRAINT IF EXISTS tasks_head_runs;

-- +goose Down
ALTER TABLE tasks
    ADD CONSTRAINT tasks_status_known CHECK (status IN ('received', 'running', 'done', 'failed')),
    ADD CONSTRAINT tasks_response_at_end CHECK (status IN ('done', 'failed') = (response IS NOT NULL)),
    ADD CONSTRAINT tasks_check1 CHECK (NOT head OR wake_at IS NOT NULL),
    ADD CONSTRAINT tasks_head_runs CHECK (head OR status <> 'running');
