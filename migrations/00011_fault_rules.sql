-- +goose Up

-- A fault rule says which requests are struck, when, and by what. What it says is one document, which the program reads;
-- here it is only counted. Without an account it is for all.
CREATE TABLE fault_rules (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint REFERENCES accounts ON DELETE CASCADE,
    rule       jsonb       NOT NULL,
    armed_at   timestamptz NOT NULL,           -- business time of its account, by which its window goes
    seen       bigint      NOT NULL DEFAULT 0, -- requests that it fits
    hits       bigint      NOT NULL DEFAULT 0,
    last_hit   timestamptz                     -- database time
);
CREATE INDEX fault_rules_account ON fault_rules (account_id);

-- How many requests a rule has fitted where each path, account or key is counted on its own, and what was last shown
-- there.
CREATE TABLE fault_counts (
    rule_id bigint NOT NULL REFERENCES fault_rules ON DELETE CASCADE,
    subject text   NOT NULL,
    seen    bigint NOT NULL,
    kept    text,
    PRIMARY KEY (rule_id, subject)
) WITH (fillfactor = 50);

-- The strikes of rules at a task, drawn when it was accepted; NULL: none.
ALTER TABLE tasks ADD COLUMN faults jsonb;

-- Faults of the earlier kind strike the tasks that they would have, and what is left of them becomes rules.
-- +goose StatementBegin
DO $$
DECLARE
    f      faults;
    t      record;
    effect jsonb;
BEGIN
    FOR f IN SELECT * FROM faults ORDER BY id LOOP
        effect := jsonb_build_object('do', CASE f.phase WHEN 'processing' THEN 'task-error' ELSE 'provisioning-error' END,
            'code', f.code, 'message', f.description);
        FOR t IN
            SELECT id FROM tasks
            WHERE account_id = f.account_id AND response IS NULL AND faults IS NULL
                AND (f.operation IS NULL OR operation = f.operation)
            ORDER BY seq
            LIMIT f.remaining
        LOOP
            UPDATE tasks SET faults = jsonb_build_array(jsonb_build_object('rule', 0, 'name', 'fault', 'effect', effect))
            WHERE id = t.id;
            f.remaining := f.remaining - 1;
        END LOOP;
        IF f.remaining > 0 THEN
            INSERT INTO fault_rules (account_id, rule, armed_at)
            VALUES (f.account_id, jsonb_build_object('name', 'fault', 'effect', effect,
                'match', CASE WHEN f.operation IS NULL THEN '{}'
                    ELSE jsonb_build_object('operation', jsonb_build_array(f.operation)) END,
                'when', jsonb_build_object('first', f.remaining)), now());
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd
DROP TABLE faults;

-- +goose Down
CREATE TABLE faults (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    operation   text,
    phase       text   NOT NULL CHECK (phase IN ('processing', 'provisioning')),
    code        text   NOT NULL,
    description text   NOT NULL,
    remaining   int    NOT NULL CHECK (remaining > 0)
);
CREATE INDEX faults_account ON faults (account_id, id);
ALTER TABLE tasks DROP COLUMN faults;
DROP TABLE fault_counts;
DROP TABLE fault_rules;
