package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// IdempotencyKey is a key that a request came with, and the request's fingerprint.
type IdempotencyKey struct {
	Account     int64
	Scheme      string
	Hash        []byte // of the key
	Fingerprint []byte // of the request
}

// KeyTerms say how long a key lives, counted from its first receipt in business
// time, and how long whoever acquires it may take, in real time.
type KeyTerms struct {
	Replayed time.Duration // its outcome is replayed,
	Known    time.Duration // and until then it is known to be used up
	Lease    time.Duration
}

// KeyState is what is known of a key that one did not acquire.
type KeyState string

// The states of a key.
const (
	KeyHeld     KeyState = "held"     // somebody is at work for it
	KeyDone     KeyState = "done"     // there is an outcome
	KeyReleased KeyState = "released" // somebody was, and gave it back or let the lease run out
)

// KeyRecord is a key that is taken.
type KeyRecord struct {
	State       KeyState
	Fingerprint []byte
	Expired     bool // its outcome is no longer replayed
	Outcome     KeyOutcome
}

// KeyOutcome is an answer as it is stored and replayed.
type KeyOutcome struct {
	RequestID string // of the request that was answered
	Status    int
	Headers   map[string]string
	Body      []byte
}

// KeyClaim is the right to work for a key; its zero value is that for none. Token
// is random: one that was lost never becomes valid again.
type KeyClaim struct {
	Key   IdempotencyKey
	Token string
	Now   time.Time // business time of the acquisition
}

// ErrKeyLost says that a key is no longer held by who wants to finish it:
// whatever was done for it must not be.
var ErrKeyLost = errors.New("idempotency key is held by another request")

// acquireKey looks at a key and takes it, in one statement, if nobody has it, if
// its holder's lease has run out or its holder gave up and the request is the
// same, or if it is forgotten. It never touches an outcome that still counts. A
// key that is settled is only read, so that a replay costs no commit.
const acquireKey = `
	WITH now AS (
		SELECT business_now(a) AS t, clock_timestamp() AS real
		FROM accounts a
		WHERE id = $1
	), settled AS (
		SELECT k.*, now.t >= k.expires_at AS expired, k.state = 'held' AND k.lease_until <= now.real AS lapsed
		FROM idempotency_keys k, now
		WHERE k.account_id = $1 AND k.scheme = $2 AND k.key_hash = $3
			AND (k.state = 'held' AND k.lease_until > now.real
				OR k.purge_at > now.t AND (k.state = 'done' OR k.fingerprint <> $4 OR k.expires_at <= now.t))
	), acquired AS (
		INSERT INTO idempotency_keys AS k (account_id, scheme, key_hash, fingerprint, state, token, lease_until,
			created_at, expires_at, purge_at, request_id)
		SELECT $1, $2, $3, $4, 'held', $5, clock_timestamp() + $6::interval, t, t + $7::interval, t + $8::interval, $9
		FROM now
		WHERE NOT EXISTS (SELECT FROM settled)
			-- It need not be on disk before its outcome is: should it get lost with the
			-- database, the outcome finds nothing to belong to.
			AND set_config('synchronous_commit', 'off', true) = 'off'
		ON CONFLICT (account_id, scheme, key_hash) DO UPDATE
		SET fingerprint = excluded.fingerprint,
			state       = 'held',
			token       = excluded.token,
			lease_until = excluded.lease_until,
			created_at  = CASE WHEN k.purge_at <= excluded.created_at THEN excluded.created_at ELSE k.created_at END,
			expires_at  = CASE WHEN k.purge_at <= excluded.created_at THEN excluded.expires_at ELSE k.expires_at END,
			purge_at    = CASE WHEN k.purge_at <= excluded.created_at THEN excluded.purge_at ELSE k.purge_at END,
			request_id  = excluded.request_id,
			status      = NULL,
			headers     = NULL,
			body        = NULL
		WHERE NOT (k.state = 'held' AND k.lease_until > clock_timestamp())
			AND (k.purge_at <= excluded.created_at
				OR k.state <> 'done' AND k.fingerprint = excluded.fingerprint AND k.expires_at > excluded.created_at)
		RETURNING k.token
	)
	SELECT now.t, acquired.token IS NOT NULL,
		CASE WHEN settled.lapsed THEN 'released' ELSE settled.state END, settled.fingerprint, settled.expired,
		settled.request_id, settled.status, settled.headers, settled.body
	FROM now
	LEFT JOIN acquired ON true
	LEFT JOIN settled ON true`

// acquireNewKey takes a key that is not there, as nearly all are, for less than acquireKey does. It returns nothing
// where the key is there, or its account is not.
const acquireNewKey = `
	INSERT INTO idempotency_keys (account_id, scheme, key_hash, fingerprint, state, token, lease_until,
		created_at, expires_at, purge_at, request_id)
	SELECT $1, $2, $3, $4, 'held', $5, clock_timestamp() + $6::interval, t, t + $7::interval, t + $8::interval, $9
	FROM (SELECT business_now(a) AS t FROM accounts a WHERE id = $1) now
	WHERE set_config('synchronous_commit', 'off', true) = 'off' -- as acquireKey does
	ON CONFLICT DO NOTHING
	RETURNING created_at`

// AcquireKey takes a key for a request, or returns what is known of it: then the
// record is not nil and the hold is empty. With an error there is a hold where the
// key may be taken all the same. token and request are UUIDs.
func (db *DB) AcquireKey(
	ctx context.Context, key IdempotencyKey, terms KeyTerms, token, request string,
) (KeyClaim, *KeyRecord, error) {
	acquire := acquireNew
	// Of two that take a new key at once one finds, when it comes to insert, that
	// the other was quicker; looking again it sees it.
	for range 6 {
		claim, record, err := acquire(ctx, &db.pool.aside, key, terms, token, request)
		if err != nil && Unavailable(err) && !unsent(err) {
			claim.Key, claim.Token = key, token
		}
		if err != nil || record != nil || claim.Token != "" {
			return claim, record, err
		}
		acquire = acquireOnce
	}
	return KeyClaim{}, nil, fmt.Errorf("acquire idempotency key: %w", context.DeadlineExceeded)
}

// acquireNew takes a key that is not there, and returns nothing for any other.
func acquireNew(
	ctx context.Context, q querier, key IdempotencyKey, terms KeyTerms, token, request string,
) (claim KeyClaim, _ *KeyRecord, err error) {
	err = q.QueryRow(ctx, acquireNewKey, key.Account, key.Scheme, key.Hash, key.Fingerprint, token,
		terms.Lease, terms.Replayed, terms.Known, request).Scan(&claim.Now)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return KeyClaim{}, nil, nil
	case err != nil:
		return KeyClaim{}, nil, fmt.Errorf("acquire idempotency key: %w", err)
	}
	claim.Key, claim.Token = key, token
	return claim, nil, nil
}

// acquireOnce takes a key, or returns what is known of it; nothing where somebody else was quicker.
func acquireOnce(
	ctx context.Context, q querier, key IdempotencyKey, terms KeyTerms, token, request string,
) (claim KeyClaim, record *KeyRecord, err error) {
	var acquired bool
	var state, requestID *string
	var fingerprint, headers, body []byte
	var expired *bool
	var status *int
	err = q.QueryRow(ctx, acquireKey, key.Account, key.Scheme, key.Hash, key.Fingerprint, token,
		terms.Lease, terms.Replayed, terms.Known, request).
		Scan(&claim.Now, &acquired, &state, &fingerprint, &expired, &requestID, &status, &headers, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrAccountGone
	}
	if err != nil {
		return KeyClaim{}, nil, fmt.Errorf("acquire idempotency key: %w", err)
	}
	switch {
	case acquired:
		claim.Key, claim.Token = key, token
		return claim, nil, nil
	case state == nil:
		return KeyClaim{}, nil, nil
	}
	record = &KeyRecord{State: KeyState(*state), Fingerprint: fingerprint, Expired: *expired}
	if record.State == KeyDone {
		record.Outcome, err = keyOutcome(*requestID, *status, headers, body)
	}
	return KeyClaim{}, record, err
}

// SettledKey returns the record of a key that has an outcome; nil if it has none that counts. It is what AcquireKey
// would return then, for less.
func (db *DB) SettledKey(ctx context.Context, key IdempotencyKey) (*KeyRecord, error) {
	return settledKey(ctx, db.pool, key)
}

func settledKey(ctx context.Context, q querier, key IdempotencyKey) (*KeyRecord, error) {
	record := KeyRecord{State: KeyDone}
	var requestID string
	var status int
	var headers, body []byte
	err := q.QueryRow(ctx, `
		SELECT k.fingerprint, business_now(a) >= k.expires_at, k.request_id, k.status, k.headers, k.body
		FROM idempotency_keys k
		JOIN accounts a ON a.id = k.account_id
		WHERE k.account_id = $1 AND k.scheme = $2 AND k.key_hash = $3 AND k.state = 'done' AND k.purge_at > business_now(a)`,
		key.Account, key.Scheme, key.Hash).Scan(&record.Fingerprint, &record.Expired, &requestID, &status, &headers, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read idempotency key: %w", err)
	}
	record.Outcome, err = keyOutcome(requestID, status, headers, body)
	return &record, err
}

func keyOutcome(requestID string, status int, headers, body []byte) (KeyOutcome, error) {
	o := KeyOutcome{RequestID: requestID, Status: status, Body: body}
	if err := json.Unmarshal(headers, &o.Headers); err != nil {
		return o, fmt.Errorf("read outcome of idempotency key: %w", err)
	}
	return o, nil
}

const finishKey = `
	UPDATE idempotency_keys
	SET state = 'done', status = $5, headers = $6, body = $7
	WHERE account_id = $1 AND scheme = $2 AND key_hash = $3 AND token = $4 AND state = 'held'
	RETURNING true`

// FinishKey stores the outcome of a key in the same transaction as its effect,
// or returns ErrKeyLost. A hold for no key is finished by nothing.
func (tx *Tx) FinishKey(ctx context.Context, claim KeyClaim, outcome KeyOutcome) error {
	return finish(ctx, tx.q, claim, outcome)
}

// FinishKey stores an outcome that had no effect.
func (db *DB) FinishKey(ctx context.Context, claim KeyClaim, outcome KeyOutcome) error {
	return finish(ctx, &db.pool.aside, claim, outcome)
}

func finish(ctx context.Context, q querier, claim KeyClaim, outcome KeyOutcome) error {
	if claim.Token == "" {
		return nil
	}
	headers, err := encode(outcome.Headers)
	if err != nil {
		return fmt.Errorf("finish idempotency key: %w", err)
	}
	var finished bool
	err = q.QueryRow(ctx, finishKey, claim.Key.Account, claim.Key.Scheme, claim.Key.Hash, claim.Token,
		outcome.Status, headers, outcome.Body).Scan(&finished)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrKeyLost
	}
	if err != nil {
		return fmt.Errorf("finish idempotency key: %w", err)
	}
	return nil
}

// ReleaseKey gives a key back without an outcome: the same request may be sent
// again and is then worked on.
func (db *DB) ReleaseKey(ctx context.Context, claim KeyClaim) error {
	_, err := db.pool.aside.Exec(ctx, `
		UPDATE idempotency_keys
		SET state = 'released'
		WHERE account_id = $1 AND scheme = $2 AND key_hash = $3 AND token = $4 AND state = 'held'`,
		claim.Key.Account, claim.Key.Scheme, claim.Key.Hash, claim.Token)
	if err != nil {
		return fmt.Errorf("release idempotency key: %w", err)
	}
	return nil
}

// ReleaseKeys returns every key that is held. Only for a server that knows it
// is alone on its database, before it takes requests: whoever held one is dead.
func (db *DB) ReleaseKeys(ctx context.Context) error {
	_, err := db.pool.aside.Exec(ctx, `
		UPDATE idempotency_keys
		SET state = 'released'
		WHERE state = 'held'`)
	if err != nil {
		return fmt.Errorf("release idempotency keys: %w", err)
	}
	return nil
}

// ResolveKey reports, after a commit whose answer was lost, whether it happened: done is true then, and there is an
// outcome. It waits for a commit that is still under way.
func (db *DB) ResolveKey(ctx context.Context, claim KeyClaim) (outcome KeyOutcome, done bool, err error) {
	var state, requestID string
	var status *int
	var headers, body []byte
	err = db.pool.QueryRow(ctx, `
		SELECT state, request_id, status, headers, body
		FROM idempotency_keys
		WHERE account_id = $1 AND scheme = $2 AND key_hash = $3 AND token = $4
		FOR UPDATE`, claim.Key.Account, claim.Key.Scheme, claim.Key.Hash, claim.Token).
		Scan(&state, &requestID, &status, &headers, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return outcome, false, nil
	}
	if err != nil {
		return outcome, false, fmt.Errorf("resolve idempotency key: %w", err)
	}
	if KeyState(state) != KeyDone {
		return outcome, false, nil
	}
	outcome, err = keyOutcome(requestID, *status, headers, body)
	return outcome, err == nil, err
}

// PruneKeys removes up to limit keys per account that are as if never seen, and
// returns how many it removed. A key that somebody holds or has taken up again
// meanwhile stays.
func (db *DB) PruneKeys(ctx context.Context, limit int) (int, error) {
	tag, err := db.pool.aside.Exec(ctx, pruneKeys, limit)
	if err != nil {
		return 0, fmt.Errorf("prune idempotency keys: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// pruneKeys looks once more at the keys that it removes, as it locks them. It finds them by the index for this alone,
// and then by where they are, whatever the statistics say.
const pruneKeys = `
	DELETE FROM idempotency_keys
	WHERE ctid = ANY (ARRAY (
		SELECT old.ctid
		FROM (SELECT id, business_now(accounts) AS now FROM accounts OFFSET 0) a
		CROSS JOIN LATERAL (
			SELECT k.ctid
			FROM idempotency_keys k
			WHERE k.account_id + 0 = a.id AND k.purge_at <= a.now
				AND NOT (k.state = 'held' AND k.lease_until > clock_timestamp())
			ORDER BY k.purge_at
			LIMIT $1
			FOR UPDATE SKIP LOCKED
		) old
	))`

// ServerSecret is the key of the fingerprints, the same for all servers.
func (db *DB) ServerSecret(ctx context.Context) (secret []byte, err error) {
	if err := db.pool.QueryRow(ctx, `SELECT secret FROM server_secret`).Scan(&secret); err != nil {
		return nil, fmt.Errorf("read server secret: %w", err)
	}
	return secret, nil
}
