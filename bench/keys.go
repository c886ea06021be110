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

// slow is the speed at which no task is processed while posts are measured.
const slow = "0.001"

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
	if b.product, err = e.serveFixture(ctx, "--speed", slow, "--task-hold", "0"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.product.stop()) }()
	all := []*keyBench{b}
	if e.before != "" {
		c, err := e.newContender(ctx, earlier, "keys-before", "--speed", slow, "--task-hold", "0")
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		all = append(all, &keyBench{env: e, fixture: c.fixture, product: c.product})
	}

	var plain, keyed, many, before, reads, replays rounds
	for round := range e.rounds {
		turns, err := b.turns(ctx, b.owners[round], &plain, &keyed, &many, &reads, &replays)
		if err != nil {
			return nil, err
		}
		if len(all) > 1 {
			turn, _, err := all[1].repeats(ctx)
			if err != nil {
				return nil, err
			}
			turn.figures = &before
			turns = append(turns, turn)
		}
		for range pieces {
			for _, turn := range turns {
				if err := turn.take(ctx); err != nil {
					return nil, err
				}
			}
		}
		for _, of := range all {
			if err := of.fixture.removeTasks(ctx); err != nil {
				return nil, err
			}
		}
	}
	e.say("keys, ms: post %.2f, with a key %.2f, among a million %.2f; get of a task %.2f, before %.2f, replay %.2f",
		median(plain.p50s()), median(keyed.p50s()), median(many.p50s()), median(reads.p50s()), median(before.p50s()),
		median(replays.p50s()))
	replay := row{"replay, p50 / get of a task", millis, replays.p50s(), reads.p50s(), replays.cpuOfAll(), goal{}}
	if e.before != "" {
		replay.what, replay.baselines, replay.goal = "replay, p50 / get of a task before", before.p50s(), goal{atMost: 1}
	}
	return []row{
		{"post with a key, p50 / without", millis, keyed.p50s(), plain.p50s(), keyed.cpuOfAll(), goal{atMost: 1.45}},
		{
			"post with a key among 1,000,000, p50 / among none", millis,
			many.p50s(), keyed.p50s(), many.cpuOfAll(),
			goal{atMost: 1.1},
		},
		replay,
		{"get of a task itself, p50", millis, reads.p50s(), nil, reads.cpuOfAll(), goal{}},
		{"post without a key itself, p50", millis, plain.p50s(), nil, plain.cpuOfAll(), goal{}},
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

// keyTurn is what one client sends in its turns of a round.
type keyTurn struct {
	*keyBench

	figures  *rounds
	requests [][]byte
	want     int
	once     bool // none of them is sent again
	many     bool // while many keys are stored
}

// turns prepares those of the product in a round.
func (b *keyBench) turns(
	ctx context.Context, owners []account, plain, keyed, many, reads, replays *rounds,
) ([]*keyTurn, error) {
	var fresh [2][]account
	for i := range fresh {
		var err error
		if fresh[i], err = b.fixture.newAccounts(ctx, numAccounts); err != nil {
			return nil, err
		}
	}
	read, replay, err := b.repeats(ctx)
	if err != nil {
		return nil, err
	}
	read.figures, replay.figures = reads, replays
	return []*keyTurn{
		{keyBench: b, figures: plain, requests: b.posts(fresh[0], b.plain), want: http.StatusAccepted, once: true},
		{keyBench: b, figures: keyed, requests: b.posts(fresh[1], b.keyed), want: http.StatusAccepted, once: true},
		{keyBench: b, figures: many, requests: b.posts(owners, b.keyed), want: http.StatusAccepted, once: true, many: true},
		read, replay,
	}, nil
}

// take measures one turn.
func (t *keyTurn) take(ctx context.Context) (err error) {
	if t.many {
		if err := t.swap(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.swap(ctx)) }()
	}
	figure, err := t.metered(t.product.pid(), func() (loaded, error) {
		return load(ctx, t.product.addr, 1, t.duration/pieces, t.requests, t.want)
	})
	if err != nil {
		return err
	}
	*t.figures = append(*t.figures, figure)
	if t.once {
		if figure.requests >= len(t.requests) {
			return fmt.Errorf("%d posts, and only %d were there", figure.requests, len(t.requests))
		}
		t.requests = t.requests[figure.requests:]
	}
	return nil
}

// mostPosts is more than one client sends in a second, before which it warms up.
const mostPosts = 4000

// posts renders more of them than a round takes.
func (b *keyBench) posts(accounts []account, render func(account) []byte) [][]byte {
	requests := make([][]byte, int(b.duration/time.Second+1)*mostPosts)
	for i := range requests {
		requests[i] = render(accounts[i%len(accounts)])
	}
	return requests
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

// repeats posts one database for each account, and prepares the reading of its task, and the same post again.
func (b *keyBench) repeats(ctx context.Context) (read, replay *keyTurn, err error) {
	accounts, err := b.fixture.newAccounts(ctx, numAccounts)
	if err != nil {
		return nil, nil, err
	}
	c, err := dial(ctx, b.product.addr)
	if err != nil {
		return nil, nil, err
	}
	defer c.close()
	read = &keyTurn{keyBench: b, want: http.StatusOK}
	replay = &keyTurn{keyBench: b, want: http.StatusAccepted}
	for _, a := range accounts {
		request := b.keyed(a)
		status, body, err := c.do(request)
		if err != nil {
			return nil, nil, err
		}
		var task taskAnswer
		if err := json.Unmarshal(body, &task); err != nil || status != http.StatusAccepted {
			return nil, nil, fmt.Errorf("got %d %s, want a task", status, body)
		}
		replay.requests = append(replay.requests, request)
		read.requests = append(read.requests, get(b.product.addr, "/v1/tasks/"+task.TaskID, a.headers))
	}
	return read, replay, nil
}
