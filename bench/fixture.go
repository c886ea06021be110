package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// numAccounts is how many there are where a measurement is over many.
const numAccounts = 100

// demoAccount is the account of demoKeys.
const demoAccount = 1000

// What is asked for, over and over. The texts are those of a client that names
// the usual settings.
const (
	subscriptionBody = `{"name":"bench","paymentMethod":"credit-card","paymentMethodId":24681,"memoryStorage":"ram",` +
		`"cloudProviders":[{"provider":"AWS","cloudAccountId":1,"regions":[{"region":"us-east-1",` +
		`"multipleAvailabilityZones":false,"networking":{"deploymentCIDR":"10.0.0.0/24"}}]}],` +
		`"databases":[` + databaseSettings + `}]}`
	databaseSettings = `{"name":"bench","protocol":"redis","datasetSizeInGb":1,"dataPersistence":"none",` +
		`"replication":false,"throughputMeasurement":{"by":"operations-per-second","value":1000},` +
		`"supportOSSClusterApi":false`
	databaseBody = databaseSettings + `}`
)

// account is a tenant with its keys, also as header lines.
type account struct {
	id      int64
	keys    store.Secrets
	headers string
}

func headers(s store.Secrets) string {
	return "X-Api-Key: " + s.Key + "\r\nX-Api-Secret-Key: " + s.Secret + "\r\n"
}

// fixture is a database of the product. The product itself made one subscription with
// a database on it; accounts get copies of these.
type fixture struct {
	url          string
	db           *store.DB
	conn         *pgx.Conn
	subscription int64 // id of the copies; an id is an account's own
	accounts     int
	serve        func(ctx context.Context, args ...string) (*product, error) // starts the product it is for
}

// sharedFixture returns the one that most measurements read and write; whoever
// asks first builds it.
func (e *env) sharedFixture(ctx context.Context) (*fixture, error) {
	if e.fixture != nil {
		return e.fixture, nil
	}
	e.say("preparing accounts")
	var err error
	e.fixture, err = e.newFixture(ctx, "product")
	return e.fixture, err
}

// newFixture builds a fixture on a database of that name. The caller closes it.
func (e *env) newFixture(ctx context.Context, database string) (*fixture, error) {
	return e.newFixtureOf(ctx, database, e.serve)
}

// newFixtureOf is newFixture for a binary of the product, which gives the database the schema that it knows.
func (e *env) newFixtureOf(
	ctx context.Context, database string, serve func(ctx context.Context, args ...string) (*product, error),
) (_ *fixture, err error) {
	f := &fixture{serve: serve}
	if f.url, err = e.emptyDatabase(ctx, database); err != nil {
		return nil, err
	}
	p, err := e.serveOn(ctx, f, "--speed", "0")
	if err != nil {
		return nil, err
	}
	f.subscription, err = firstSubscription(ctx, p.addr)
	if err := errors.Join(err, p.stop()); err != nil {
		return nil, err
	}
	if f.conn, err = pgx.Connect(ctx, f.url); err != nil {
		return nil, err
	}
	if f.db, err = store.Open(ctx, f.url, 2); err != nil {
		return nil, errors.Join(err, f.conn.Close(ctx))
	}
	return f, nil
}

// serveFixture starts the product on the shared fixture.
func (e *env) serveFixture(ctx context.Context, args ...string) (*product, error) {
	return e.serveOn(ctx, e.fixture, args...)
}

func (e *env) serveOn(ctx context.Context, f *fixture, args ...string) (*product, error) {
	dir, err := e.tempDir()
	if err != nil {
		return nil, err
	}
	return f.serve(ctx, slices.Concat(args, []string{"--database-url", f.url, "--data-dir", dir})...)
}

func firstSubscription(ctx context.Context, addr string) (int64, error) {
	c, err := newClient(ctx, addr, headers(demoKeys()))
	if err != nil {
		return 0, err
	}
	defer c.close()
	id, err := c.create(ctx, "/v1/subscriptions", subscriptionBody)
	if err != nil {
		return 0, err
	}
	return id, c.settle(ctx, fmt.Sprintf("/v1/subscriptions/%d", id))
}

func (f *fixture) close() {
	f.db.Close()
	_ = f.conn.Close(context.Background()) // the Postgres is stopped next
}

// newAccounts makes accounts with a copy of the subscription each.
func (f *fixture) newAccounts(ctx context.Context, n int) ([]account, error) {
	accounts := make([]account, n)
	for i := range n {
		f.accounts++
		id, err := f.db.CreateAccount(ctx, cloud.Account{
			Name: fmt.Sprint("Bench ", f.accounts), OwnerName: "Ben Bench", OwnerEmail: "ben@bench.example",
		})
		if err != nil {
			return nil, err
		}
		keys := store.Secrets{Key: fmt.Sprintf("key-%d", f.accounts), Secret: fmt.Sprintf("secret-%d", f.accounts)}
		if err := f.db.EnsureKey(ctx, id, "bench", keys); err != nil {
			return nil, err
		}
		accounts[i] = account{id: id, keys: keys, headers: headers(keys)}
	}
	return accounts, f.subscribe(ctx, accounts, f.subscription)
}

// subscribe copies the first subscription to accounts, under an id.
func (f *fixture) subscribe(ctx context.Context, accounts []account, id int64) error {
	_, err := f.conn.Exec(ctx, `
		INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at, activated_at)
		SELECT a, kind, $4, name, status, body, created_at, updated_at, activated_at
		FROM resources, unnest($1::bigint[]) a
		WHERE account_id = $2 AND kind = 'subscription' AND id = $3`, idsOf(accounts), demoAccount, f.subscription, id)
	if err == nil { // their own ids go on from there
		_, err = f.conn.Exec(ctx, `
			UPDATE accounts
			SET last_id = GREATEST(last_id, (SELECT last_id FROM accounts WHERE id = $2))
			WHERE id = ANY ($1)`, idsOf(accounts), demoAccount)
	}
	if err != nil {
		return fmt.Errorf("copy the subscription: %w", err)
	}
	return nil
}

func idsOf(accounts []account) []int64 {
	ids := make([]int64, len(accounts))
	for i, a := range accounts {
		ids[i] = a.id
	}
	return ids
}

// fill gives a subscription of accounts n copies of the first database each, and
// returns the ids that they have in every account.
func (f *fixture) fill(ctx context.Context, accounts []account, subscription int64, n int) (ids []int64, err error) {
	rows, err := f.conn.Query(ctx, `
		WITH first AS (
			SELECT *
			FROM resources
			WHERE account_id = $2 AND kind = 'database' AND parent_id = $3
			LIMIT 1
		), numbers AS (
			SELECT n, first.id + last.id + n AS id
			FROM first, (SELECT max(last_id) AS id FROM accounts) last, generate_series(1, $4::int) n
		), counted AS (
			UPDATE accounts
			SET last_id = (SELECT max(last_id) FROM accounts) + $4::int
		), copied AS (
			INSERT INTO resources (account_id, kind, id, parent_kind, parent_id, name, status, body,
				created_at, updated_at, activated_at)
			SELECT a, kind, numbers.id, parent_kind, $5, 'copy-' || n, status, body, created_at, updated_at, activated_at
			FROM first, numbers, unnest($1::bigint[]) a
		)
		SELECT id
		FROM numbers`, idsOf(accounts), demoAccount, f.subscription, n, subscription)
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	if err != nil {
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	return ids, nil
}

// removeTasks removes all tasks, so that one round leaves no work to the next and all
// find tables of the same size. The accounts that had some are not used again.
func (f *fixture) removeTasks(ctx context.Context) error {
	if _, err := f.conn.Exec(ctx, `TRUNCATE tasks`); err != nil {
		return fmt.Errorf("remove tasks: %w", err)
	}
	return nil
}
