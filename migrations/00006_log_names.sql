-- +goose Up

-- What the system log says of a change, which may outlive both: the name of the API
-- key that asked for it, and the name that the resource had.
ALTER TABLE tasks
    ADD COLUMN key_name      text NOT NULL DEFAULT '',
    ADD COLUMN resource_name text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE tasks
    DROP COLUMN key_name,
    DROP COLUMN resource_name;
