-- +goose Up

-- What runs for each resource that is made or changed, in fewer statements: to PL/pgSQL, an expression with a query in it
-- is a statement of its own, even where the query need not be asked.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tallied(kind text, parent_kind text, status text, body jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    locals jsonb;
BEGIN
    IF kind <> 'database' OR parent_kind <> 'subscription' OR status = 'deleting' THEN
        RETURN NULL;
    END IF;
    IF body ? 'locals' THEN
        SELECT jsonb_agg(jsonb_build_object('region', l -> 'region', 'reads', l -> 'reads', 'writes', l -> 'writes'))
        INTO locals
        FROM jsonb_array_elements(body -> 'locals') l;
    END IF;
    RETURN jsonb_strip_nulls(jsonb_build_object(
        'datasetGB', body -> 'datasetGB', 'replication', body -> 'replication', 'throughput', body -> 'throughput',
        'ramPercentage', body -> 'ramPercentage', 'region', body -> 'region', 'locals', locals
    ));
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tally_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies AS t (account_id, kind, parent_kind, parent_id, body, n)
    SELECT account_id, kind, parent_kind, parent_id, body, count(*)
    FROM (
        SELECT account_id, kind, parent_kind, parent_id, tallied(kind, parent_kind, status, body) AS body
        FROM new
        WHERE parent_id IS NOT NULL
        OFFSET 0 -- what is counted of a resource is worked out once
    ) r
    WHERE body IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (account_id, kind, parent_kind, parent_id, body) DO UPDATE SET n = t.n + EXCLUDED.n;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- Of what is new nothing was told, and nothing holds it yet; so it is known beforehand how many events there will be.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    task    uuid        := present_task();
    now     timestamptz := present_time();
    told    events[];
    newest  bigint;      -- the number of the account's newest event
    present timestamptz; -- and its time
    c       events;
BEGIN
    SELECT array_agg(
        (r.account_id, 0, r.updated_at, NULL, r.kind, r.id, r.name, shown.status, r.error)::events
        ORDER BY r.account_id, r.updated_at, r.id, r.kind, shown.place
    ) INTO told
    FROM new r
    CROSS JOIN LATERAL unnest(
        CASE WHEN r.activated_at = r.created_at AND task IS NOT NULL THEN ARRAY['pending', r.status]
            ELSE ARRAY[r.status] END
    ) WITH ORDINALITY AS shown (status, place);
    IF told[1].account_id <> told[cardinality(told)].account_id THEN
        PERFORM tell(told);
        RETURN NULL;
    END IF;
    UPDATE accounts a
    SET event_seq = a.event_seq + cardinality(told)
    WHERE a.id = told[1].account_id
    RETURNING a.event_seq - cardinality(told), COALESCE(now, business_now(a)) INTO newest, present;
    IF newest IS NOT NULL THEN
        FOREACH c IN ARRAY told LOOP
            newest := newest + 1;
            INSERT INTO events (account_id, seq, at, task, kind, resource_id, name, status, error)
            VALUES (c.account_id, newest, COALESCE(c.at, present), task, c.kind, c.resource_id, c.name, c.status, c.error);
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

DROP FUNCTION tell(events[], boolean);

-- As before, of what is not new.
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
        IF c.status = 'active' THEN
            IF EXISTS (
                SELECT FROM steps s WHERE s.account_id = whose AND s.holds = c.resource_id AND s.holds_kind = c.kind
            ) THEN
                c.status := 'pending';
            END IF;
        END IF;
        SELECT e.task, e.status INTO last.task, last.status
        FROM events e
        WHERE e.account_id + 0 = whose AND e.kind = c.kind AND e.resource_id = c.resource_id
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

-- +goose Down
DROP FUNCTION tell(events[]);

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
        (r.account_id, 0, r.updated_at, NULL, r.kind, r.id, r.name, told.status, r.error)::events
        ORDER BY r.account_id, r.updated_at, r.id, r.kind, told.place
    ), true)
    FROM new r
    CROSS JOIN LATERAL unnest(
        CASE WHEN r.activated_at = r.created_at AND present_task() IS NOT NULL THEN ARRAY['pending', r.status]
            ELSE ARRAY[r.status] END
    ) WITH ORDINALITY AS told (status, place)
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tally_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies AS t (account_id, kind, parent_kind, parent_id, body, n)
    SELECT account_id, kind, parent_kind, parent_id, body, count(*)
    FROM (
        SELECT account_id, kind, parent_kind, parent_id, tallied(kind, parent_kind, status, body) AS body
        FROM new
        WHERE parent_id IS NOT NULL
    ) r
    WHERE body IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (account_id, kind, parent_kind, parent_id, body) DO UPDATE SET n = t.n + EXCLUDED.n;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tallied(kind text, parent_kind text, status text, body jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF kind <> 'database' OR parent_kind <> 'subscription' OR status = 'deleting' THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_strip_nulls(jsonb_build_object(
        'datasetGB', body -> 'datasetGB', 'replication', body -> 'replication', 'throughput', body -> 'throughput',
        'ramPercentage', body -> 'ramPercentage', 'region', body -> 'region', 'locals', CASE WHEN body ? 'locals' THEN (
            SELECT jsonb_agg(jsonb_build_object('region', l -> 'region', 'reads', l -> 'reads', 'writes', l -> 'writes'))
            FROM jsonb_array_elements(body -> 'locals') l
        ) END
    ));
END
$$;
-- +goose StatementEnd
