-- +goose Up

-- A resource that a task makes in no time is inserted active, which is one statement less for each. It is told of as
-- pending first, as it is where it takes time.
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

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(array_agg(
        (r.account_id, 0, r.updated_at, NULL, r.kind, r.id, r.name, r.status, r.error)::events
        ORDER BY r.account_id, r.updated_at, r.id, r.kind
    ), true)
    FROM new r
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
