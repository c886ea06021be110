-- +goose Up

-- Who makes a resource, or plans steps for one, holds the lock of its account, and has seen there what it belongs to. A
-- foreign key proves it once more, and writes a lock into the row of the parent for each of its children. What it also
-- did, take away what belongs to a resource that goes, a trigger does, which looks before it deletes: a DELETE runs the
-- triggers of its table even where it finds nothing.

-- Servers at work lock both tables, in any order. Those that write have locked accounts before; those that only read are
-- let through.
-- +goose StatementBegin
DO $$
BEGIN
    LOOP
        BEGIN
            LOCK TABLE accounts, resources IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE steps IN ACCESS EXCLUSIVE MODE NOWAIT;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.01);
        END;
    END LOOP;
END
$$;
-- +goose StatementEnd
ALTER TABLE resources DROP CONSTRAINT resources_account_id_parent_kind_parent_id_fkey;
ALTER TABLE steps DROP CONSTRAINT steps_account_id_kind_resource_id_fkey;

-- +goose StatementBegin
CREATE FUNCTION delete_below() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- +goose StatementEnd
CREATE TRIGGER delete_below AFTER DELETE ON resources FOR EACH ROW EXECUTE FUNCTION delete_below();

-- +goose Down
DROP TRIGGER delete_below ON resources;
DROP FUNCTION delete_below;
ALTER TABLE resources
    ADD FOREIGN KEY (account_id, parent_kind, parent_id) REFERENCES resources ON DELETE CASCADE;
ALTER TABLE steps
    ADD FOREIGN KEY (account_id, kind, resource_id) REFERENCES resources ON DELETE CASCADE;
