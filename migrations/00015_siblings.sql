-- +goose Up

-- A new resource must not have the name of another one of its kind below the same parent, nor the port of one. Each is
-- asked for by itself, whatever the number of the others. What is asked for the account + 0 can be found by these indexes
-- alone: those that begin with the account look as good, where statistics say little, and would read all the others.
CREATE INDEX resources_named ON resources ((account_id + 0), kind, parent_id, name);

-- A column, since a body that is part of an index cannot be changed in place.
ALTER TABLE resources ADD COLUMN port bigint GENERATED ALWAYS AS (
    CASE WHEN parent_id IS NOT NULL AND jsonb_typeof(body -> 'port') = 'number' THEN (body -> 'port')::bigint END
) STORED;
CREATE INDEX resources_port ON resources ((account_id + 0), kind, parent_id, port) WHERE port IS NOT NULL;

-- +goose Down
DROP INDEX resources_port;
ALTER TABLE resources DROP COLUMN port;
DROP INDEX resources_named;
