-- +goose Up

-- A clock that runs may run at a rate of its own: so much business time in a length of database time. clock_offset is
-- business time minus database time at clock_since, where its rate counts from.
ALTER TABLE accounts
    ADD COLUMN clock_rate  double precision NOT NULL DEFAULT 1 CHECK (clock_rate BETWEEN 0.001 AND 10000),
    ADD COLUMN clock_since timestamptz      NOT NULL DEFAULT clock_timestamp();

-- A clock that is fast stands still at the end of 2199, which no other one reaches: further on are times that some
-- client cannot read.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION business_now(accounts) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN $1.clock_frozen_at IS NOT NULL THEN $1.clock_frozen_at
                WHEN $1.clock_rate = 1 THEN clock_timestamp() + $1.clock_offset
                ELSE LEAST($1.clock_since + $1.clock_offset + (clock_timestamp() - $1.clock_since) * $1.clock_rate,
                           timestamptz '2199-12-31 23:59:59Z') END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION wake_time(accounts, due_at timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN $1.clock_frozen_at IS NOT NULL
                    THEN CASE WHEN due_at <= $1.clock_frozen_at THEN clock_timestamp() ELSE 'infinity' END
                WHEN $1.clock_rate = 1 THEN due_at - $1.clock_offset
                ELSE $1.clock_since + (due_at - $1.clock_offset - $1.clock_since) / $1.clock_rate END
$$;
-- +goose StatementEnd

-- How long things take for an account that has it otherwise than usual, in business time: {"speed": what the usual lengths
-- are divided by, "seed": of what is drawn, "lengths": {name: {"least", "most"} or {"median", "sigma"}}}, in seconds.
ALTER TABLE accounts ADD COLUMN durations jsonb;

-- own_length is how long something takes for an account: by the first of its names for which the account has a length, or
-- else as long as is usual, divided by the account's speed, that of its clock or the given one. What is drawn is the same
-- whenever the seed, the name and what it is drawn by are.
-- +goose StatementBegin
CREATE FUNCTION own_length(accounts, names text[], usual double precision, speed double precision, draw text)
RETURNS interval LANGUAGE sql STABLE AS $$
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
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION own_length(accounts, text[], double precision, double precision, text);
ALTER TABLE accounts DROP COLUMN durations;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION business_now(accounts) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT COALESCE($1.clock_frozen_at, clock_timestamp() + $1.clock_offset)
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION wake_time(accounts, due_at timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN $1.clock_frozen_at IS NULL THEN due_at - $1.clock_offset
                WHEN due_at <= $1.clock_frozen_at THEN clock_timestamp()
                ELSE 'infinity' END
$$;
-- +goose StatementEnd

-- A clock of a rate of its own runs on at that of the database, from where it is.
UPDATE accounts
SET clock_offset = clock_offset + (clock_timestamp() - clock_since) * (clock_rate - 1)
WHERE clock_rate <> 1 AND clock_frozen_at IS NULL;

ALTER TABLE accounts
    DROP COLUMN clock_rate,
    DROP COLUMN clock_since;
