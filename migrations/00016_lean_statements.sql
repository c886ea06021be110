-- +goose Up

-- An account takes its resources along, as it does its tasks: whoever inserts one holds the lock of its account, and
-- needs no foreign key to prove that it is there.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION forget_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM events WHERE account_id = OLD.id;
    DELETE FROM tasks WHERE account_id = OLD.id;
    DELETE FROM resources WHERE account_id = OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- The last event of a resource is asked for by the account + 0, so that no other index will do: that of all events of the
-- account looks as good while these are few, and the plan that is made then would read them all.
DROP INDEX events_resource;
CREATE INDEX events_resource ON events ((account_id + 0), kind, resource_id, seq) WHERE kind IS NOT NULL;

DROP FUNCTION tell(events[]);

-- tell writes an event for each of some resources whose row or whose holds changed, of which account_id, at, kind,
-- resource_id, name, status and error are given, those of an account one after the other: with the status as clients see
-- it, and only where that is not what was told last; of those that are new nothing was told. A change that no task of
-- this transaction makes is part of the last one's work. What an account had that is being deleted goes with it, untold.
-- One by one is the cheap way: plans of statements as simple as these are made once, while that of one statement for all
-- would be made each time.
-- +goose StatementBegin
CREATE FUNCTION tell(changed events[], new boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
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
        IF NOT new THEN
            SELECT e.task, e.status INTO last.task, last.status
            FROM events e
            WHERE e.account_id + 0 = whose AND e.kind = c.kind AND e.resource_id = c.resource_id
            ORDER BY e.seq DESC
            LIMIT 1;
            CONTINUE WHEN c.status IS NOT DISTINCT FROM last.status;
        END IF;
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
CREATE OR REPLACE FUNCTION tell_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(array_agg(
        (r.account_id, 0, r.updated_at, NULL, r.kind, r.id, r.name, r.status, r.error)::events
        ORDER BY r.account_id, r.updated_at, r.id, r.kind
    ), true)
    FROM new r
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP INDEX events_resource;
CREATE INDEX events_resource ON events (account_id, kind, resource_id, seq) WHERE kind IS NOT NULL;

DROP FUNCTION tell(events[], boolean);

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
CREATE OR REPLACE FUNCTION tell_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION forget_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM events WHERE account_id = OLD.id;
    DELETE FROM tasks WHERE account_id = OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
