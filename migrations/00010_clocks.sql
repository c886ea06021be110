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

-- +goose Down
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
