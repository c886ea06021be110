-- +goose Up

-- Every transition of a task or a resource is an event of its account. It is written in the transaction of the change,
-- under the lock of the account's row, which also gives it its number: so the numbers have no gap and follow the order
-- of the commits. Only the newest events are kept; see store.PruneEvents.
ALTER TABLE accounts ADD COLUMN event_seq bigint NOT NULL DEFAULT 0; -- number of the newest event

CREATE TABLE events (
    account_id  bigint      NOT NULL, -- of accounts: its lock is held, so nothing is to be gained by checking that
    seq         bigint      NOT NULL,
    at          timestamptz NOT NULL, -- business time
    task        uuid,                 -- that changed, or by which the resource did; NULL: by none
    kind        text,                 -- of the resource that changed; NULL: the task did
    resource_id bigint,
    name        text        NOT NULL, -- of the resource; of a task its operation
    status      text        NOT NULL, -- as clients see it; 'gone': it is removed
    error       jsonb,
    PRIMARY KEY (account_id, seq)
);

-- Accepting a task holds that lock, too, and is too frequent to check it.
ALTER TABLE tasks DROP CONSTRAINT tasks_account_id_fkey;

-- +goose StatementBegin
CREATE FUNCTION forget_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM events WHERE account_id = OLD.id;
    DELETE FROM tasks WHERE account_id = OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER forget_account AFTER DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION forget_account();
CREATE INDEX events_resource ON events (account_id, kind, resource_id, seq) WHERE kind IS NOT NULL;
CREATE INDEX events_task ON events (account_id, task) WHERE kind IS NOT NULL;

-- When a task began to be processed, and when everything that it left to provisioning was done. The other times of a
-- task are accepted_at and, once it is finished, updated_at.
ALTER TABLE tasks
    ADD COLUMN started_at     timestamptz,
    ADD COLUMN provisioned_at timestamptz;
UPDATE tasks SET started_at = updated_at WHERE status = 'running' AND due_at > updated_at;

-- present_task is the task that is being processed in this transaction; NULL: none is.
-- +goose StatementBegin
CREATE FUNCTION present_task() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT NULLIF(NULLIF(current_setting('understudy.task', true), ''), 'none')::uuid
$$;
-- +goose StatementEnd

-- present_time is the business time of this transaction; NULL: it has none.
-- +goose StatementBegin
CREATE FUNCTION present_time() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT NULLIF(NULLIF(current_setting('understudy.now', true), ''), 'due')::timestamptz
$$;
-- +goose StatementEnd

ALTER TABLE steps
    ADD COLUMN task       uuid DEFAULT present_task(), -- that left it to provisioning
    ADD COLUMN holds_kind text;                        -- of the resource that it holds
UPDATE steps s
SET holds_kind = r.kind
FROM resources r
WHERE r.account_id = s.account_id AND r.id = s.holds AND r.kind IN ('subscription', 'essentials-subscription');
CREATE INDEX steps_task ON steps (account_id, task) WHERE task IS NOT NULL;

-- tell writes an event for each of some resources whose row or whose holds changed, of which account_id, at, kind,
-- resource_id, name, status and error are given, those of an account one after the other: with the status as clients see
-- it, and only where that is not what was told last. A change that no task of this transaction makes is part of the last
-- one's work. What an account had that is being deleted goes with it, untold. One by one is the cheap way: plans of
-- statements as simple as these are made once, while that of one statement for all would be made each time.
-- +goose StatementBegin
CREATE FUNCTION tell(changed events[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    task    text := current_setting('understudy.task', true);
    whose   bigint;      -- the account,
    newest  bigint;      -- the number of its newest event
    present timestamptz; -- and its time
    c       events;
    last    events;
BEGIN
    FOREACH c IN ARRAY changed LOOP
        IF c.account_id IS DISTINCT FROM whose THEN
            IF whose IS NOT NULL THEN
                UPDATE accounts SET event_seq = newest WHERE id = whose AND event_seq < newest;
            END IF;
            whose := c.account_id;
            SELECT a.event_seq, COALESCE(present_time(), business_now(a)) INTO newest, present
            FROM accounts a
            WHERE a.id = whose;
        END IF;
        CONTINUE WHEN newest IS NULL; -- the account is being deleted
        IF c.status = 'active' AND EXISTS (
            SELECT FROM steps s WHERE s.account_id = whose AND s.holds = c.resource_id AND s.holds_kind = c.kind
        ) THEN
            c.status := 'pending';
        END IF;
        SELECT e.task, e.status INTO last.task, last.status
        FROM events e
        WHERE e.account_id = whose AND e.kind = c.kind AND e.resource_id = c.resource_id
        ORDER BY e.seq DESC
        LIMIT 1;
        CONTINUE WHEN c.status IS NOT DISTINCT FROM last.status;
        newest := newest + 1;
        INSERT INTO events (account_id, seq, at, task, kind, resource_id, name, status, error)
        VALUES (
            whose, newest, COALESCE(c.at, present), CASE WHEN task <> '' THEN present_task() ELSE last.task END,
            c.kind, c.resource_id, c.name, c.status, c.error
        );
    END LOOP;
    UPDATE accounts SET event_seq = newest WHERE id = whose AND event_seq < newest;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(array_agg(
        (r.account_id, 0, r.updated_at, NULL, r.kind, r.id, r.name, r.status, r.error)::events
        ORDER BY r.account_id, r.updated_at, r.id, r.kind
    ))
    FROM new r
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(array_agg(
        (r.account_id, 0, r.updated_at, NULL, r.kind, r.id, r.name, r.status, r.error)::events
        ORDER BY r.account_id, r.updated_at, r.id, r.kind
    ))
    FROM (
        SELECT account_id, kind, id, status FROM new
        EXCEPT
        SELECT account_id, kind, id, status FROM old
    ) changed
    CROSS JOIN LATERAL (
        SELECT *
        FROM resources r
        WHERE r.account_id = changed.account_id AND r.kind = changed.kind AND r.id = changed.id
        LIMIT 1 -- one look at the index for each, whatever is known when this is planned
    ) r
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tell_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(array_agg(
        (r.account_id, 0, NULL, NULL, r.kind, r.id, r.name, 'gone', NULL)::events ORDER BY r.account_id, r.id, r.kind
    ))
    FROM old r
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- tell_held tells of resources that steps begin to hold, or hold no longer, and when the work of a task is all done.
-- +goose StatementBegin
CREATE FUNCTION tell_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(array_agg(
        (r.account_id, 0, held.at, NULL, r.kind, r.id, r.name, r.status, r.error)::events
        ORDER BY r.account_id, held.at, r.id, r.kind
    ))
    FROM (
        SELECT account_id, holds_kind AS kind, holds AS id,
            CASE WHEN current_setting('understudy.now', true) = 'due' THEN max(due_at) END AS at
        FROM steps_changed
        WHERE holds_kind IS NOT NULL
        GROUP BY account_id, holds_kind, holds
    ) held
    CROSS JOIN LATERAL (
        SELECT *
        FROM resources r
        WHERE r.account_id = held.account_id AND r.kind = held.kind AND r.id = held.id
        LIMIT 1
    ) r
    HAVING count(*) > 0;
    IF TG_OP = 'DELETE' THEN
        UPDATE tasks t
        SET provisioned_at = COALESCE(done.at, present_time(), business_now(a))
        FROM (
            SELECT account_id, task, CASE WHEN current_setting('understudy.now', true) = 'due' THEN max(due_at) END AS at
            FROM steps_changed
            WHERE task IS NOT NULL
            GROUP BY account_id, task
        ) done
        JOIN accounts a ON a.id = done.account_id
        WHERE t.account_id = done.account_id AND t.id = done.task
            AND NOT EXISTS (SELECT FROM steps s WHERE s.account_id = done.account_id AND s.task = done.task);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER tell_inserted AFTER INSERT ON resources REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION tell_inserted();
CREATE TRIGGER tell_updated AFTER UPDATE ON resources REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION tell_updated();
CREATE TRIGGER tell_deleted AFTER DELETE ON resources REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION tell_deleted();
CREATE TRIGGER tell_held AFTER INSERT ON steps REFERENCING NEW TABLE AS steps_changed
    FOR EACH STATEMENT EXECUTE FUNCTION tell_held();
CREATE TRIGGER tell_released AFTER DELETE ON steps REFERENCING OLD TABLE AS steps_changed
    FOR EACH STATEMENT EXECUTE FUNCTION tell_held();

-- A webhook is sent the events of its account, in their order. cursor is the last one that it has, or that is not for
-- it. Who delivers holds the lease, in the database's time.
CREATE TABLE webhooks (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint      NOT NULL REFERENCES accounts ON DELETE CASCADE,
    url         text        NOT NULL,
    secret      text        NOT NULL, -- whsec_ and base64
    types       text[]      NOT NULL DEFAULT '{}', -- empty: all
    created_at  timestamptz NOT NULL DEFAULT now(),
    cursor      bigint      NOT NULL,
    delivered   bigint      NOT NULL DEFAULT 0, -- how many
    missed      bigint      NOT NULL DEFAULT 0, -- how many were no longer kept when it was their turn
    failures    int         NOT NULL DEFAULT 0, -- since the last delivery
    last_error  text,                           -- of them
    next_at     timestamptz NOT NULL DEFAULT now(), -- database time of the next attempt
    lease       uuid,
    lease_until timestamptz
);
CREATE INDEX webhooks_account ON webhooks (account_id);

-- +goose Down
DROP TABLE webhooks;
DROP TRIGGER tell_released ON steps;
DROP TRIGGER tell_held ON steps;
DROP TRIGGER tell_deleted ON resources;
DROP TRIGGER tell_updated ON resources;
DROP TRIGGER tell_inserted ON resources;
DROP FUNCTION tell_held, tell_deleted, tell_updated, tell_inserted, tell;
ALTER TABLE steps
    DROP COLUMN task,
    DROP COLUMN holds_kind;
DROP FUNCTION present_time, present_task;
ALTER TABLE tasks
    DROP COLUMN started_at,
    DROP COLUMN provisioned_at;
DROP TRIGGER forget_account ON accounts;
DROP FUNCTION forget_account;
ALTER TABLE tasks ADD FOREIGN KEY (account_id) REFERENCES accounts ON DELETE CASCADE;
DROP TABLE events;
ALTER TABLE accounts DROP COLUMN event_seq;
