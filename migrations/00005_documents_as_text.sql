-- +goose Up

-- Documents of data integration workspaces are kept as the text that came, since
-- jsonb writes numbers another way and lets no member have its place. A workspace
-- that keeps nothing is no longer there.
DELETE FROM resources
WHERE kind = 'data-integration-workspace' AND body -> 'documents' = '{}';
UPDATE resources
SET body = jsonb_build_object('documents', (SELECT jsonb_object_agg(key, value::text) FROM jsonb_each(body -> 'documents')))
WHERE kind = 'data-integration-workspace';

-- +goose Down
UPDATE resources
SET body = jsonb_build_object('documents', (SELECT jsonb_object_agg(key, value::jsonb) FROM jsonb_each_text(body -> 'documents')))
WHERE kind = 'data-integration-workspace';
