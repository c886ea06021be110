package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// storedKeys is how many idempotency keys are there where there are many.
const storedKeys = 1_000_000

// keyBench measures what idempotency keys cost, with one client at a time: its
// p50 is the time of a request, where that of many is mostly time in a queue.
type keyBench struct {
	*env
	fixture *fixture
	product *product
	owners  [][]account // of the stored keys, for each round
	serial  int         // of the next key
}

// measureKeys posts databases without and with a key, with a new key while many
// are stored, and again with a key that has its answer; and reads tasks, of the
// earlier commit, too, where there is one.
func measureKeys(ctx context.Context, e *env) (_ []row, err error) {
	b := &keyBench{env: e}
	if b.fixture, err = e.sharedFixture(ctx); err != nil {
		return nil, err
	}
	if err := b.storeKeys(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.exec(ctx, `DROP TABLE many_keys`)) }()
	if b.product, err = e.serveFixture(ctx, "--speed", "1", "--task-hold", "0"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.product.stop()) }()
	earlierReads := func() (loaded, error) { return loaded{}, nil }
	if e.before != "" {
		c, err := e.newContender(ctx, earlier, "keys-before", "--speed", "1", "--task-hold", "0")
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		of := &keyBench{env: e, fixture: c.fixture, product: c.product}
		earlierReads = func() (loaded, error) { return of.repeat(ctx, false) }
	}

	var plain, keyed, many, before, reads, replays rounds
	for round := range e.rounds {
		for _, turn := range []struct {
			figures *rounds
			run     func() (loaded, error)
		}{
			{&plain, func() (loaded, error) { return b.accept(ctx, nil, b.plain) }},
			{&keyed, func() (loaded, error) { return b.accept(ctx, nil, b.keyed) }},
			{&many, func() (loaded, error) { return b.amongMany(ctx, b.owners[round]) }},
			{&before, earlierReads},
			{&reads, func() (loaded, error) { return b.repeat(ctx, false) }},
			{&replays, func() (loaded, error) { return b.repeat(ctx, true) }},
		} {
			figure, err := turn.run()
			if err != nil {
				return nil, err
			}
			*turn.figures = append(*turn.figures, figure)
		}
		e.say("keys, round %d, p50: post %v, with a key %v, among a million %v; get of a task %v, before %v, replay %v",
			round+1, plain[round].p50, keyed[round].p50, many[round].p50, reads[round].p50, before[round].p50,
			replays[round].p50)
	}
	replay := row{"replay, p50 / get of a task", millis, replays.p50s(), reads.p50s(), replays.cpu(), goal{}}
	if e.before != "" {
		replay.what, replay.baselines, replay.goal = "replay, p50 / get of a task before", before.p50s(), goal{atMost: 1}
	}
	return []row{
		{"post with a key, p50 / without", millis, keyed.p50s(), plain.p50s(), keyed.cpu(), goal{atMost: 1.45}},
		{
			"post with a key among 1,000,000, p50 / among none", millis,
			many.p50s(), keyed.p50s(), many.cpu(),
			goal{atMost: 1.1},
		},
		replay,
		{"get of a task itself, p50", millis, reads.p50s(), nil, reads.cpu(), goal{}},
		{"post without a key itself, p50", millis, plain.p50s(), nil, plain.cpu(), goal{}},
	}, nil
}

// storeKeys puts many keys into a table beside that of the product.
func (b *keyBench) storeKeys(ctx context.Context) error {
	b.say("storing %d keys", storedKeys)
	var ids []int64
	for range b.rounds {
		accounts, err := b.fixture.newAccounts(ctx, numAccounts)
		if err != nil {
			return err
		}
		b.owners = append(b.owners, accounts)
		for _, a := range accounts {
			ids = append(ids, a.id)
		}
	}
	if err := b.exec(ctx, `CREATE TABLE many_keys (LIKE idempotency_keys INCLUDING ALL)`); err != nil {
		return err
	}
	err := b.exec(ctx, `
		INSERT INTO many_keys (account_id, scheme, key_hash, fingerprint, state, token, lease_until,
			created_at, expires_at, purge_at, request_id, status, headers, body)
		SELECT account, 'idempotency-key', sha256(n::text::bytea), sha256(n::text::bytea), 'done', gen_random_uuid(), now(),
			now(), now() + '1 day', now() + '1 day', gen_random_uuid(), 202, '{"Content-Type": "application/json"}', $2::bytea
		FROM generate_series(1, $3::int) n, unnest($1::bigint[]) account`, ids, []byte(databaseBody), storedKeys/len(ids))
	return errors.Join(err, b.exec(ctx, `VACUUM ANALYZE many_keys`), b.exec(ctx, `CHECKPOINT`))
}

// amongMany lets the table with many keys be the product's for a while.
func (b *keyBench) amongMany(ctx context.Context, accounts []account) (_ loaded, err error) {
	if err := b.swap(ctx); err != nil {
		return loaded{}, err
	}
	defer func() { err = errors.Join(err, b.swap(ctx)) }()
	return b.accept(ctx, accounts, b.keyed)
}

func (b *keyBench) exec(ctx context.Context, sql string, args ...any) error {
	if _, err := b.fixture.conn.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("prepare keys: %w", err)
	}
	return nil
}

func (b *keyBench) swap(ctx context.Context) error {
	return b.exec(ctx, `
		DO $$ BEGIN
			ALTER TABLE idempotency_keys RENAME TO other_keys;
			ALTER TABLE many_keys RENAME TO idempotency_keys;
			ALTER TABLE other_keys RENAME TO many_keys;
		END $$`)
}

// mostPosts is more than one client sends in a second.
const mostPosts = 4000

// accept lets one client post databases over accounts; nil: over new ones.
func (b *keyBench) accept(ctx context.Context, accounts []account, render func(account) []byte) (loaded, error) {
	var err error
	if accounts == nil {
		if accounts, err = b.fixture.newAccounts(ctx, numAccounts); err != nil {
			return loaded{}, err
		}
	}
	requests := make([][]byte, int(b.duration/time.Second+1)*mostPosts)
	for i := range requests {
		requests[i] = render(accounts[i%len(accounts)])
	}
	figure, err := b.load(ctx, requests, http.StatusAccepted)
	if figure.requests > len(requests) {
		err = errors.Join(err, fmt.Errorf("%d posts with %d keys", figure.requests, len(requests)))
	}
	return figure, errors.Join(err, b.fixture.removeTasks(ctx))
}

func (b *keyBench) load(ctx context.Context, requests [][]byte, want int) (loaded, error) {
	return b.metered(b.product.pid(), func() (loaded, error) {
		return load(ctx, b.product.addr, 1, b.duration, requests, want)
	})
}

func (b *keyBench) plain(a account) []byte {
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", b.fixture.subscription)
	return post(b.product.addr, path, a.headers, databaseBody)
}

// keyed renders a post with a key of its own.
func (b *keyBench) keyed(a account) []byte {
	b.serial++
	a.headers += fmt.Sprintf("Idempotency-Key: key-%032d\r\n", b.serial)
	return b.plain(a)
}

// repeat posts one database for each account and then the same again and again,
// or reads its task instead.
func (b *keyBench) repeat(ctx context.Context, replay bool) (loaded, error) {
	accounts, err := b.fixture.newAccounts(ctx, numAccounts)
	if err != nil {
		return loaded{}, err
	}
	c, err := dial(ctx, b.product.addr)
	if err != nil {
		return loaded{}, err
	}
	defer c.close()
	replays, reads := make([][]byte, len(accounts)), make([][]byte, len(accounts))
	for i, a := range accounts {
		replays[i] = b.keyed(a)
		status, body, err := c.do(replays[i])
		if err != nil {
			return loaded{}, err
		}
		var task taskAnswer
		if err := json.Unmarshal(body, &task); err != nil || status != http.StatusAccepted {
			return loaded{}, fmt.Errorf("got %d %s, want a task", status, body)
		}
		reads[i] = get(b.product.addr, "/v1/tasks/"+task.TaskID, a.headers)
	}
	requests, want := reads, http.StatusOK
	if replay {
		requests, want = replays, http.StatusAccepted
	}
	figure, err := b.load(ctx, requests, want)
	return figure, errors.Join(err, b.fixture.removeTasks(ctx))
}
