-- +goose Up

-- By this a signature that was made with the secret can be checked: the states of HMAC-SHA256 after its two first blocks.
-- The secret does not follow from them. NULL: nobody has told the secret since there is this column.
ALTER TABLE api_keys ADD COLUMN signing bytea;

-- +goose Down
ALTER TABLE api_keys DROP COLUMN signing;
