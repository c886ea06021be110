-- Made of the migrations: UNDERSTUDY_RENEW=1 go test -run TestAFreshSchema ./migrations
SET LOCAL check_function_bodies = false; -- they come before their tables


CREATE TABLE accounts (
    id bigint NOT NULL,
    name text NOT NULL,
    owner_name text NOT NULL,
    owner_email text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    cap_policy text,
    clock_offset interval DEFAULT '00:00:00'::interval NOT NULL,
    clock_frozen_at timestamp with time zone,
    last_seq bigint DEFAULT 0 NOT NULL,
    done_seq bigint DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone,
    clock_rate double precision DEFAULT 1 NOT NULL,
    clock_since timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    durations jsonb,
    event_seq bigint DEFAULT 0 NOT NULL,
    last_id bigint DEFAULT 0 NOT NULL,
    generation bigint DEFAULT 0 NOT NULL,
    id_seed bigint,
    ids_drawn bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='40');

CREATE FUNCTION business_now(accounts) RETURNS timestamp with time zone
    LANGUAGE sql
    AS $_$
    SELECT CASE WHEN $1.clock_frozen_at IS NOT NULL THEN $1.clock_frozen_at
                WHEN $1.clock_rate = 1 THEN clock_timestamp() + $1.clock_offset
                ELSE LEAST($1.clock_since + $1.clock_offset + (clock_timestamp() - $1.clock_since) * $1.clock_rate,
                           timestamptz '2199-12-31 23:59:59Z') END
$_$;

CREATE FUNCTION delete_below() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM resources
        WHERE account_id = OLD.account_id AND parent_kind = OLD.kind AND parent_id = OLD.id
    ) THEN
        DELETE FROM resources
        WHERE account_id = OLD.account_id AND parent_kind = OLD.kind AND parent_id = OLD.id;
    END IF;
    IF EXISTS (
        SELECT FROM steps
        WHERE account_id = OLD.account_id AND kind = OLD.kind AND resource_id = OLD.id
    ) THEN
        DELETE FROM steps
        WHERE account_id = OLD.account_id AND kind = OLD.kind AND resource_id = OLD.id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION forget_account() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM events WHERE account_id = OLD.id;
    DELETE FROM tasks WHERE account_id = OLD.id;
    DELETE FROM resources WHERE account_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE FUNCTION held_now(account bigint) RETURNS integer
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN count(*) = count(due_at) THEN count(DISTINCT holds) END
        FROM steps
        WHERE account_id = account AND holds IS NOT NULL
    );
END
$$;

CREATE FUNCTION own_length(accounts, names text[], usual double precision, speed double precision, draw text) RETURNS interval
    LANGUAGE sql STABLE
    AS $_$
    WITH own AS (
        SELECT $1.durations -> 'lengths' -> name AS length
        FROM unnest(names) WITH ORDINALITY AS named (name, place)
        WHERE $1.durations -> 'lengths' ? name
        ORDER BY place
        LIMIT 1
    ), hash AS (
        SELECT encode(sha256(convert_to(concat_ws(':', $1.durations ->> 'seed', names[1], draw), 'UTF8')), 'hex') AS hex
    ), chance AS (
        SELECT (('x' || substr(hex, 1, 12))::bit(48)::bigint + 0.5) / 281474976710656::double precision AS one,
            (('x' || substr(hex, 13, 12))::bit(48)::bigint + 0.5) / 281474976710656::double precision AS two
        FROM hash
    ), pace AS (
        SELECT COALESCE(($1.durations ->> 'speed')::double precision, CASE WHEN $1.clock_rate <> 1 THEN 1 END, speed) AS pace
    )
    SELECT make_interval(secs => CASE
        WHEN length ? 'median' THEN (length ->> 'median')::double precision * exp((length ->> 'sigma')::double precision
            * GREATEST(-3, LEAST(3, sqrt(-2 * ln(one)) * cos(2 * pi() * two))))
        WHEN length IS NOT NULL THEN (length ->> 'least')::double precision
            + one * ((length ->> 'most')::double precision - (length ->> 'least')::double precision)
        WHEN pace = 0 THEN 0
        ELSE usual / pace END)
    FROM chance, pace LEFT JOIN own ON true
$_$;

CREATE FUNCTION present_task() RETURNS uuid
    LANGUAGE sql STABLE
    AS $$
    SELECT NULLIF(NULLIF(current_setting('understudy.task', true), ''), 'none')::uuid
$$;

CREATE FUNCTION present_time() RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    SELECT NULLIF(NULLIF(current_setting('understudy.now', true), ''), 'due')::timestamptz
$$;

CREATE FUNCTION tallied(kind text, parent_kind text, status text, body jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
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

CREATE TABLE tallies (
    account_id bigint NOT NULL,
    kind text NOT NULL,
    parent_kind text NOT NULL,
    parent_id bigint NOT NULL,
    body jsonb NOT NULL,
    n bigint NOT NULL
)
WITH (fillfactor='50');

CREATE FUNCTION tally(counted tallies[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    c tallies;
BEGIN
    FOREACH c IN ARRAY counted LOOP
        IF c.n > 0 THEN
            INSERT INTO tallies AS t VALUES (c.*)
            ON CONFLICT (account_id, kind, parent_kind, parent_id, body) DO UPDATE SET n = t.n + EXCLUDED.n;
            CONTINUE;
        END IF;
        DELETE FROM tallies t
        WHERE (account_id, kind, parent_kind, parent_id, body) = (c.account_id, c.kind, c.parent_kind, c.parent_id, c.body)
            AND n + c.n = 0;
        IF NOT FOUND THEN
            UPDATE tallies t
            SET n = n + c.n
            WHERE (account_id, kind, parent_kind, parent_id, body) = (c.account_id, c.kind, c.parent_kind, c.parent_id, c.body);
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION tally_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM tally(array_agg((account_id, kind, parent_kind, parent_id, body, -n)::tallies))
    FROM (
        SELECT account_id, kind, parent_kind, parent_id, tallied(kind, parent_kind, status, body) AS body, count(*) AS n
        FROM old
        WHERE parent_id IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5
    ) counted
    WHERE body IS NOT NULL
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION tally_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION tally_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    before jsonb := tallied(OLD.kind, OLD.parent_kind, OLD.status, OLD.body);
    after  jsonb := tallied(NEW.kind, NEW.parent_kind, NEW.status, NEW.body);
BEGIN
    IF before IS DISTINCT FROM after THEN
        IF before IS NOT NULL THEN
            PERFORM tally(ARRAY[(OLD.account_id, OLD.kind, OLD.parent_kind, OLD.parent_id, before, -1)::tallies]);
        END IF;
        IF after IS NOT NULL THEN
            PERFORM tally(ARRAY[(NEW.account_id, NEW.kind, NEW.parent_kind, NEW.parent_id, after, 1)::tallies]);
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE TABLE events (
    account_id bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    task uuid,
    kind text,
    resource_id bigint,
    name text NOT NULL,
    status text NOT NULL,
    error jsonb
);

CREATE FUNCTION tell(changed events[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION tell_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM tell(array_agg(
        (r.account_id, 0, NULL, NULL, r.kind, r.id, r.name, 'gone', NULL)::events ORDER BY r.account_id, r.id, r.kind
    ))
    FROM old r
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION tell_held() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION tell_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION tell_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION wake_time(accounts, due_at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql
    AS $_$
    SELECT CASE WHEN $1.clock_frozen_at IS NOT NULL
                    THEN CASE WHEN due_at <= $1.clock_frozen_at THEN clock_timestamp() ELSE 'infinity' END
                WHEN $1.clock_rate = 1 THEN due_at - $1.clock_offset
                ELSE $1.clock_since + (due_at - $1.clock_offset - $1.clock_since) / $1.clock_rate END
$_$;

CREATE TABLE account_assets (
    account_id bigint NOT NULL,
    assets jsonb NOT NULL
);

ALTER TABLE accounts ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME accounts_id_seq
    START WITH 1001
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE api_keys (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    role text DEFAULT 'Owner'::text NOT NULL,
    allow_from cidr[] DEFAULT '{}'::cidr[] NOT NULL,
    declared boolean DEFAULT false NOT NULL,
    signing bytea
);

ALTER TABLE api_keys ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME api_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE fault_counts (
    rule_id bigint NOT NULL,
    subject text NOT NULL,
    seen bigint NOT NULL,
    kept text
)
WITH (fillfactor='50');

CREATE TABLE fault_rules (
    id bigint NOT NULL,
    account_id bigint,
    rule jsonb NOT NULL,
    armed_at timestamp with time zone NOT NULL,
    seen bigint DEFAULT 0 NOT NULL,
    hits bigint DEFAULT 0 NOT NULL,
    last_hit timestamp with time zone
);

ALTER TABLE fault_rules ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME fault_rules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE goose_db_version (
    id integer NOT NULL,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp without time zone DEFAULT now() NOT NULL
);

ALTER TABLE goose_db_version ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME goose_db_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE idempotency_keys (
    account_id bigint NOT NULL,
    scheme text NOT NULL,
    key_hash bytea NOT NULL,
    fingerprint bytea NOT NULL,
    state text NOT NULL,
    token uuid NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    purge_at timestamp with time zone NOT NULL,
    request_id uuid NOT NULL,
    status smallint,
    headers jsonb,
    body bytea
);

CREATE UNLOGGED TABLE rate_windows (
    account_id bigint NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    used bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE resources (
    account_id bigint NOT NULL,
    kind text NOT NULL,
    id bigint NOT NULL,
    parent_kind text,
    parent_id bigint,
    name text NOT NULL,
    status text NOT NULL,
    error jsonb,
    body jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    activated_at timestamp with time zone,
    port bigint GENERATED ALWAYS AS (
CASE
    WHEN ((parent_id IS NOT NULL) AND (jsonb_typeof((body -> 'port'::text)) = 'number'::text)) THEN ((body -> 'port'::text))::bigint
    ELSE NULL::bigint
END) STORED
)
WITH (fillfactor='80');
ALTER TABLE ONLY resources ALTER COLUMN parent_id SET (n_distinct=-0.5);

CREATE TABLE revoked_keys (
    key_hash bytea NOT NULL,
    secret_hash bytea NOT NULL,
    account_id bigint NOT NULL
);

CREATE TABLE seeded (
    account_id bigint NOT NULL,
    item text NOT NULL,
    digest bytea NOT NULL,
    setup boolean NOT NULL,
    resource_id bigint
);

CREATE TABLE server_secret (
    only_row boolean DEFAULT true NOT NULL,
    secret bytea NOT NULL,
    CONSTRAINT server_secret_only_row_check CHECK (only_row)
);

CREATE TABLE snapshot_rows (
    snapshot_id bigint NOT NULL,
    table_name text NOT NULL,
    n bigint NOT NULL,
    content jsonb NOT NULL
);

CREATE TABLE snapshots (
    id bigint NOT NULL,
    name text NOT NULL,
    schema integer NOT NULL,
    account text NOT NULL,
    state_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    resources integer DEFAULT 0 NOT NULL,
    tasks integer DEFAULT 0 NOT NULL
);

ALTER TABLE snapshots ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME snapshots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE steps (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    kind text NOT NULL,
    resource_id bigint NOT NULL,
    holds bigint,
    after interval NOT NULL,
    due_at timestamp with time zone,
    wake_at timestamp with time zone,
    status text NOT NULL,
    patch jsonb,
    error jsonb,
    slots smallint,
    task uuid DEFAULT present_task(),
    holds_kind text
);

ALTER TABLE steps ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME steps_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasks (
    id uuid NOT NULL,
    account_id bigint NOT NULL,
    seq bigint NOT NULL,
    operation text NOT NULL,
    command text NOT NULL,
    status text DEFAULT 'received'::text NOT NULL,
    request jsonb,
    response jsonb,
    accepted_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    work interval NOT NULL,
    due_at timestamp with time zone,
    head boolean NOT NULL,
    wake_at timestamp with time zone,
    lease uuid,
    attempts smallint DEFAULT 0 NOT NULL,
    key_name text DEFAULT ''::text NOT NULL,
    resource_name text DEFAULT ''::text NOT NULL,
    faults jsonb,
    started_at timestamp with time zone,
    provisioned_at timestamp with time zone
);

CREATE TABLE webhooks (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    url text NOT NULL,
    secret text NOT NULL,
    types text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    cursor bigint NOT NULL,
    delivered bigint DEFAULT 0 NOT NULL,
    missed bigint DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    last_error text,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    lease uuid,
    lease_until timestamp with time zone
);

ALTER TABLE webhooks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME webhooks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY account_assets
    ADD CONSTRAINT account_assets_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY api_keys
    ADD CONSTRAINT api_keys_key_hash_secret_hash_key UNIQUE (key_hash, secret_hash);

ALTER TABLE ONLY api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY events
    ADD CONSTRAINT events_pkey PRIMARY KEY (account_id, seq);

ALTER TABLE ONLY fault_counts
    ADD CONSTRAINT fault_counts_pkey PRIMARY KEY (rule_id, subject);

ALTER TABLE ONLY fault_rules
    ADD CONSTRAINT fault_rules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY goose_db_version
    ADD CONSTRAINT goose_db_version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (account_id, scheme, key_hash);

ALTER TABLE ONLY rate_windows
    ADD CONSTRAINT rate_windows_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY resources
    ADD CONSTRAINT resources_pkey PRIMARY KEY (account_id, kind, id);

ALTER TABLE ONLY revoked_keys
    ADD CONSTRAINT revoked_keys_pkey PRIMARY KEY (key_hash, secret_hash);

ALTER TABLE ONLY seeded
    ADD CONSTRAINT seeded_pkey PRIMARY KEY (account_id, item);

ALTER TABLE ONLY server_secret
    ADD CONSTRAINT server_secret_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY snapshot_rows
    ADD CONSTRAINT snapshot_rows_pkey PRIMARY KEY (snapshot_id, table_name, n);

ALTER TABLE ONLY snapshots
    ADD CONSTRAINT snapshots_name_key UNIQUE (name);

ALTER TABLE ONLY snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (id);

ALTER TABLE ONLY steps
    ADD CONSTRAINT steps_pkey PRIMARY KEY (id);

ALTER TABLE ONLY tallies
    ADD CONSTRAINT tallies_pkey PRIMARY KEY (account_id, kind, parent_kind, parent_id, body);

ALTER TABLE ONLY tasks
    ADD CONSTRAINT tasks_account_id_seq_key UNIQUE (account_id, seq);

ALTER TABLE ONLY tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (account_id, id);

ALTER TABLE ONLY webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (id);

CREATE UNIQUE INDEX accounts_name ON accounts USING btree (name);

CREATE INDEX api_keys_account ON api_keys USING btree (account_id);

CREATE INDEX events_resource ON events USING btree (((account_id + 0)), kind, resource_id, seq) WHERE (kind IS NOT NULL);

CREATE INDEX events_task ON events USING btree (account_id, task) WHERE (kind IS NOT NULL);

CREATE INDEX fault_rules_account ON fault_rules USING btree (account_id);

CREATE INDEX idempotency_keys_purge ON idempotency_keys USING btree (((account_id + 0)), purge_at);

CREATE INDEX resources_named ON resources USING btree (((account_id + 0)), COALESCE(parent_id, (0)::bigint), name);

CREATE INDEX resources_parent ON resources USING btree (account_id, parent_kind, parent_id, kind, id) WHERE (parent_id IS NOT NULL);

CREATE INDEX resources_port ON resources USING btree (((account_id - 0)), COALESCE(parent_id, ('-1'::integer)::bigint), port) WHERE (port IS NOT NULL);

CREATE INDEX revoked_keys_account ON revoked_keys USING btree (account_id);

CREATE INDEX steps_holds ON steps USING btree (account_id, holds) WHERE (holds IS NOT NULL);

CREATE INDEX steps_resource ON steps USING btree (account_id, kind, resource_id);

CREATE INDEX steps_task ON steps USING btree (account_id, task) WHERE (task IS NOT NULL);

CREATE INDEX steps_wake ON steps USING btree (wake_at) WHERE (wake_at IS NOT NULL);

CREATE UNIQUE INDEX tasks_head ON tasks USING btree (account_id) WHERE head;

CREATE INDEX tasks_wake ON tasks USING btree (wake_at) WHERE head;

CREATE INDEX webhooks_account ON webhooks USING btree (account_id);

CREATE TRIGGER delete_below AFTER DELETE ON resources FOR EACH ROW EXECUTE FUNCTION delete_below();

CREATE TRIGGER forget_account AFTER DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION forget_account();

CREATE TRIGGER tally_deleted AFTER DELETE ON resources REFERENCING OLD TABLE AS old FOR EACH STATEMENT EXECUTE FUNCTION tally_deleted();

CREATE TRIGGER tally_inserted AFTER INSERT ON resources REFERENCING NEW TABLE AS new FOR EACH STATEMENT EXECUTE FUNCTION tally_inserted();

CREATE TRIGGER tally_updated AFTER UPDATE ON resources FOR EACH ROW WHEN (((new.parent_id IS NOT NULL) AND (((old.status = 'deleting'::text) <> (new.status = 'deleting'::text)) OR (old.body IS DISTINCT FROM new.body)))) EXECUTE FUNCTION tally_updated();

CREATE TRIGGER tell_deleted AFTER DELETE ON resources REFERENCING OLD TABLE AS old FOR EACH STATEMENT EXECUTE FUNCTION tell_deleted();

CREATE TRIGGER tell_held AFTER INSERT ON steps REFERENCING NEW TABLE AS steps_changed FOR EACH STATEMENT EXECUTE FUNCTION tell_held();

CREATE TRIGGER tell_inserted AFTER INSERT ON resources REFERENCING NEW TABLE AS new FOR EACH STATEMENT EXECUTE FUNCTION tell_inserted();

CREATE TRIGGER tell_released AFTER DELETE ON steps REFERENCING OLD TABLE AS steps_changed FOR EACH STATEMENT EXECUTE FUNCTION tell_held();

CREATE TRIGGER tell_updated AFTER UPDATE ON resources REFERENCING OLD TABLE AS old NEW TABLE AS new FOR EACH STATEMENT EXECUTE FUNCTION tell_updated();

ALTER TABLE ONLY account_assets
    ADD CONSTRAINT account_assets_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY api_keys
    ADD CONSTRAINT api_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY fault_counts
    ADD CONSTRAINT fault_counts_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES fault_rules(id) ON DELETE CASCADE;

ALTER TABLE ONLY fault_rules
    ADD CONSTRAINT fault_rules_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY idempotency_keys
    ADD CONSTRAINT idempotency_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY rate_windows
    ADD CONSTRAINT rate_windows_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY revoked_keys
    ADD CONSTRAINT revoked_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY seeded
    ADD CONSTRAINT seeded_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;

ALTER TABLE ONLY snapshot_rows
    ADD CONSTRAINT snapshot_rows_snapshot_id_fkey FOREIGN KEY (snapshot_id) REFERENCES snapshots(id) ON DELETE CASCADE;

ALTER TABLE ONLY webhooks
    ADD CONSTRAINT webhooks_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;


INSERT INTO goose_db_version (version_id, is_applied) VALUES
	(0, true),
	(1, true),
	(2, true),
	(3, true),
	(4, true),
	(5, true),
	(6, true),
	(7, true),
	(8, true),
	(9, true),
	(10, true),
	(11, true),
	(12, true),
	(13, true),
	(14, true),
	(15, true),
	(16, true),
	(17, true),
	(18, true),
	(19, true),
	(20, true),
	(21, true),
	(22, true),
	(23, true),
	(24, true),
	(25, true),
	(26, true),
	(27, true),
	(28, true);
