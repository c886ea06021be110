-- +goose Up

-- held_now is how many resources of an account have a slot, where none waits for one; NULL: some do. It looks when it
-- is called, and not when its statement began: that may have waited for the account.
-- +goose StatementBegin
CREATE FUNCTION held_now(account bigint) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN count(*) = count(due_at) THEN count(DISTINCT holds) END
        FROM steps
        WHERE account_id = account AND holds IS NOT NULL
    );
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION held_now(bigint);
