-- +goose Up

-- A database of an Essentials subscription is a database whose parent is of that kind. Ids of both came from the same
-- base, so none collide. References between rows are checked at the end of a statement: one changes them all.
WITH changed AS (
    UPDATE resources
    SET kind = replace(kind, 'essentials-database', 'database'),
        parent_kind = replace(parent_kind, 'essentials-database', 'database')
    WHERE kind IN ('essentials-database', 'essentials-database-job')
)
UPDATE steps
SET kind = replace(kind, 'essentials-database', 'database')
WHERE kind IN ('essentials-database', 'essentials-database-job');

-- +goose Down
WITH databases AS (
    SELECT account_id, id
    FROM resources
    WHERE kind = 'database' AND parent_kind = 'essentials-subscription'
), changed AS (
    UPDATE resources r
    SET kind = 'essentials-' || r.kind,
        parent_kind = CASE r.kind WHEN 'database' THEN r.parent_kind ELSE 'essentials-database' END
    FROM databases d
    WHERE r.account_id = d.account_id
        AND (r.kind = 'database' AND r.id = d.id
            OR r.kind = 'database-job' AND r.parent_kind = 'database' AND r.parent_id = d.id)
    RETURNING r.account_id, r.kind, r.id
)
UPDATE steps s
SET kind = c.kind
FROM changed c
WHERE s.account_id = c.account_id AND 'essentials-' || s.kind = c.kind AND s.resource_id = c.id;
