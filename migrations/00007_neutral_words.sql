-- +goose Up

-- The engine serves several dialects, so what it stores is in its own words: each
-- dialect writes the statuses and errors of its clients when it answers.
ALTER TABLE tasks
    DROP CONSTRAINT tasks_status_check,
    DROP CONSTRAINT tasks_check,
    DROP CONSTRAINT tasks_check2;

-- neutral_error turns an error as clients read it, "404 NOT_FOUND" its status, into what is stored.
-- +goose StatementBegin
CREATE FUNCTION pg_temp.neutral_error(error jsonb, info jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('code', error -> 'type', 'description', error -> 'description',
        'status', split_part(error ->> 'status', ' ', 1)::int, 'info', info))
    WHERE error IS NOT NULL
$$;
-- +goose StatementEnd

UPDATE tasks
SET status = CASE status
        WHEN 'processing-in-progress' THEN 'running'
        WHEN 'processing-completed' THEN 'done'
        WHEN 'processing-error' THEN 'failed'
        ELSE status END,
    response = CASE WHEN response IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object(
        'resource_id', response -> 'resourceId',
        'parent_id', response -> 'additionalResourceId',
        'error', pg_temp.neutral_error(response -> 'error', response -> 'additionalInfo')))
        -- what was read is for clients, nulls included
        || CASE WHEN response ? 'resource' THEN jsonb_build_object('resource', response -> 'resource') ELSE '{}' END END
WHERE status <> 'received' OR response IS NOT NULL;
UPDATE resources SET error = pg_temp.neutral_error(error, NULL) WHERE error IS NOT NULL;
UPDATE steps SET error = pg_temp.neutral_error(error, NULL) WHERE error IS NOT NULL;

ALTER TABLE tasks
    ADD CONSTRAINT tasks_status_known CHECK (status IN ('received', 'running', 'done', 'failed')),
    ADD CONSTRAINT tasks_response_at_end CHECK (status IN ('done', 'failed') = (response IS NOT NULL)),
    ADD CONSTRAINT tasks_head_runs CHECK (head OR status <> 'running');

-- A step holds a resource of a kind with a limit, and knows how many slots that has.
ALTER TABLE steps RENAME COLUMN subscription_id TO holds;
ALTER TABLE steps ADD COLUMN slots smallint;
UPDATE steps SET slots = 3 WHERE holds IS NOT NULL;
ALTER TABLE steps ADD CONSTRAINT steps_slots CHECK ((holds IS NULL) = (slots IS NULL));

-- +goose Down
ALTER TABLE steps DROP CONSTRAINT steps_slots;
ALTER TABLE steps DROP COLUMN slots;
ALTER TABLE steps RENAME COLUMN holds TO subscription_id;

ALTER TABLE tasks
    DROP CONSTRAINT tasks_status_known,
    DROP CONSTRAINT tasks_response_at_end,
    DROP CONSTRAINT tasks_head_runs;

-- +goose StatementBegin
CREATE FUNCTION pg_temp.wire_error(error jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('type', error -> 'code', 'description', error -> 'description', 'status',
        concat(error ->> 'status', ' ', CASE error ->> 'status'
            WHEN '400' THEN 'BAD_REQUEST' WHEN '403' THEN 'FORBIDDEN' WHEN '404' THEN 'NOT_FOUND' WHEN '409' THEN 'CONFLICT'
            WHEN '429' THEN 'TOO_MANY_REQUESTS' ELSE 'INTERNAL_SERVER_ERROR' END))
    WHERE error IS NOT NULL
$$;
-- +goose StatementEnd

UPDATE tasks
SET status = CASE status
        WHEN 'running' THEN 'processing-in-progress'
        WHEN 'done' THEN 'processing-completed'
        WHEN 'failed' THEN 'processing-error'
        ELSE status END,
    response = CASE WHEN response IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object(
        'resourceId', response -> 'resource_id',
        'additionalResourceId', response -> 'parent_id',
        'error', pg_temp.wire_error(response -> 'error'),
        'additionalInfo', response -> 'error' -> 'info'))
        || CASE WHEN response ? 'resource' THEN jsonb_build_object('resource', response -> 'resource') ELSE '{}' END END
WHERE status <> 'received' OR response IS NOT NULL;
UPDATE resources SET error = pg_temp.wire_error(error) WHERE error IS NOT NULL;
UPDATE steps SET error = pg_temp.wire_error(error) WHERE error IS NOT NULL;

ALTER TABLE tasks
    ADD CONSTRAINT tasks_status_check
        CHECK (status IN ('received', 'processing-in-progress', 'processing-completed', 'processing-error')),
    ADD CONSTRAINT tasks_check CHECK (status IN ('processing-completed', 'processing-error') = (response IS NOT NULL)),
    ADD CONSTRAINT tasks_check2 CHECK (head OR status <> 'processing-in-progress');
