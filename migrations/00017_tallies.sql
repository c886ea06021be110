-- +goose Up

-- What is shown of a parent as a sum over what is below it is kept: how many resources there are alike in what the sum is
-- made of. The database counts by itself, so that no way to change a resource can forget to.
CREATE TABLE tallies (
    account_id  bigint NOT NULL, -- the counts go with the resources, which go with the account
    kind        text   NOT NULL,
    parent_kind text   NOT NULL,
    parent_id   bigint NOT NULL,
    body        jsonb  NOT NULL, -- the members in which they are alike, and no others
    n           bigint NOT NULL, -- never 0
    PRIMARY KEY (account_id, kind, parent_kind, parent_id, body)
) WITH (fillfactor = 50);

-- tallied is what counts of a resource; NULL: it does not count. What is being deleted does not.
-- +goose StatementBegin
CREATE FUNCTION tallied(kind text, parent_kind text, status text, body jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
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

-- tally counts so many resources more, or fewer.
-- +goose StatementBegin
CREATE FUNCTION tally(counted tallies[]) RETURNS void LANGUAGE plpgsql AS $$
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
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tally_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE FUNCTION tally_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION tally_updated() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- +goose StatementEnd

CREATE TRIGGER tally_inserted AFTER INSERT ON resources REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION tally_inserted();
CREATE TRIGGER tally_deleted AFTER DELETE ON resources REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION tally_deleted();
-- Most changes of many rows at once are of a status that counts as before, for which nothing is called.
CREATE TRIGGER tally_updated AFTER UPDATE ON resources FOR EACH ROW
    WHEN (NEW.parent_id IS NOT NULL
        AND ((OLD.status = 'deleting') <> (NEW.status = 'deleting') OR OLD.body IS DISTINCT FROM NEW.body))
    EXECUTE FUNCTION tally_updated();

INSERT INTO tallies
SELECT account_id, kind, parent_kind, parent_id, body, count(*)
FROM (
    SELECT account_id, kind, parent_kind, parent_id, tallied(kind, parent_kind, status, body) AS body
    FROM resources
    WHERE parent_id IS NOT NULL
) r
WHERE body IS NOT NULL
GROUP BY 1, 2, 3, 4, 5;

-- +goose Down
DROP TRIGGER tally_updated ON resources;
DROP TRIGGER tally_deleted ON resources;
DROP TRIGGER tally_inserted ON resources;
DROP FUNCTION tally_updated, tally_deleted, tally_inserted, tally, tallied;
DROP TABLE tallies;
