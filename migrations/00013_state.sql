-- +goose Up

-- What the state of an account is replaced by as a whole: reset, a snapshot that is
-- loaded, a fork.
ALTER TABLE accounts
    ADD COLUMN last_id    bigint NOT NULL DEFAULT 0, -- number of the newest resource of any kind
    ADD COLUMN generation bigint NOT NULL DEFAULT 0, -- how often its state was replaced
    ADD COLUMN id_seed    bigint,                    -- what is random elsewhere follows from it; NULL: it is random
    ADD COLUMN ids_drawn  bigint NOT NULL DEFAULT 0; -- how often something followed from the seed

-- Ids of resources count up by account, so that the same calls make the same ones
-- wherever they are made, and a state fits into any account.
UPDATE accounts SET last_id = (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM resource_ids);
DROP SEQUENCE resource_ids;

-- Likewise the tasks of a fork have the ids of those they were copied from.
ALTER TABLE tasks
    DROP CONSTRAINT tasks_pkey,
    ADD PRIMARY KEY (account_id, id);

-- Removing many resources looks for the children of each. Where most have the same parent, statistics would make of
-- that a scan of the whole table each time: whatever they say, a parent is looked up in the index.
ALTER TABLE resources ALTER COLUMN parent_id SET (n_distinct = -0.5);

-- A snapshot is the state of one account at one moment, in the columns of the schema
-- that it was saved under.
CREATE TABLE snapshots (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL UNIQUE,
    schema     int         NOT NULL,                        -- number of the newest migration then
    account    text        NOT NULL,                        -- name of the account it was saved of
    state_at   timestamptz NOT NULL,                        -- business time of the account then
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    resources  int         NOT NULL DEFAULT 0,
    tasks      int         NOT NULL DEFAULT 0
);

CREATE TABLE snapshot_rows (
    snapshot_id bigint NOT NULL REFERENCES snapshots ON DELETE CASCADE,
    table_name  text   NOT NULL,
    n           bigint NOT NULL, -- the order in which they are inserted
    content     jsonb  NOT NULL,
    PRIMARY KEY (snapshot_id, table_name, n)
);

-- What of a seed file an account has already, so that the same file changes nothing.
CREATE TABLE seeded (
    account_id  bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    item        text   NOT NULL, -- where it stands in the file, or how it is called there
    digest      bytea  NOT NULL, -- of what it says
    setup       boolean NOT NULL, -- it is no resource, and stays with the rest of the account's set-up
    resource_id bigint,           -- that it made; NULL: none
    PRIMARY KEY (account_id, item)
);

-- +goose Down
DROP TABLE seeded;
ALTER TABLE resources ALTER COLUMN parent_id RESET (n_distinct);
DROP TABLE snapshot_rows;
DROP TABLE snapshots;
ALTER TABLE tasks
    DROP CONSTRAINT tasks_pkey;
UPDATE tasks t -- of forks
SET id = gen_random_uuid()
WHERE EXISTS (SELECT FROM tasks first WHERE first.id = t.id AND first.account_id < t.account_id);
ALTER TABLE tasks
    ADD PRIMARY KEY (id);
CREATE SEQUENCE resource_ids;
SELECT setval('resource_ids', GREATEST(max(last_id), 1), max(last_id) > 0) FROM accounts;
ALTER TABLE accounts
    DROP COLUMN last_id,
    DROP COLUMN generation,
    DROP COLUMN id_seed,
    DROP COLUMN ids_drawn;
