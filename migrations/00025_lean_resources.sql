-- +goose Up

-- As in the migration before, for another table. The foreign key is one of accounts, too: they are locked first, as by
-- whoever changes resources.
LOCK TABLE accounts, resources IN ACCESS EXCLUSIVE MODE;
ALTER TABLE resources
    DROP CONSTRAINT IF EXISTS resources_check,
    DROP CONSTRAINT IF EXISTS resources_account_id_fkey;

-- +goose Down
ALTER TABLE resources
    ADD CONSTRAINT resources_check CHECK ((status = 'error') = (error IS NOT NULL)),
    ADD FOREIGN KEY (account_id) REFERENCES accounts ON DELETE CASCADE;
