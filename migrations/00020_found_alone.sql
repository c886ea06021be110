-- +goose Up

-- Plans are made while tables are small, when any index looks as good as another, and kept. So what a new resource must not
-- have is asked for by expressions that no other index has, and that do not say that there is a parent: those of resources
-- with one are an index, too.
DROP INDEX resources_named;
CREATE INDEX resources_named ON resources ((account_id + 0), COALESCE(parent_id, 0), name);
DROP INDEX resources_port;
CREATE INDEX resources_port ON resources ((account_id - 0), COALESCE(parent_id, -1), port) WHERE port IS NOT NULL;

-- +goose Down
DROP INDEX resources_port;
CREATE INDEX resources_port ON resources ((account_id + 0), kind, parent_id, port) WHERE port IS NOT NULL;
DROP INDEX resources_named;
CREATE INDEX resources_named ON resources ((account_id + 0), kind, parent_id, name);
