-- +goose Up

-- Nobody asked for the task that made a resource or a step. That a task takes
-- effect once is held by its lease, which ends in the transaction of the effect.
ALTER TABLE resources DROP COLUMN task_id;
ALTER TABLE steps DROP COLUMN task_id;

-- +goose Down
ALTER TABLE resources ADD COLUMN task_id uuid;
ALTER TABLE steps ADD COLUMN task_id uuid NOT NULL DEFAULT gen_random_uuid(); -- those under way need one
ALTER TABLE steps ALTER COLUMN task_id DROP DEFAULT;
