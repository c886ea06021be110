package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// manyAccounts is what "over 100 accounts" means.
const manyAccounts = 100

// demoAccount is the account of demoKeys.
const demoAccount = 1000

// What is asked for, over and over. The texts are those of a client that names
// the usual settings.
const (
	subscriptionBody = `{"name":"bench","paymentMethod":"credit-card","paymentMethodId":24681,"memoryStorage":"ram",` +
		`"cloudProviders":[{"provider":"AWS","cloudAccountId":1,"regions":[{"region":"us-east-1",` +
		`"multipleAvailabilityZones":false,"networking":{"deploymentCIDR":"10.0.0.0/24"}}]}],` +
		`"databases":[` + databaseSettings + `}]}`
	databaseSettings = `{"name":"bench","protocol":"redis","datasetSizeInGb":1,"dataPersistence":"none","replication":false,` +
		`"throughputMeasurement":{"by":"operations-per-second","value":1000},"supportOSSClusterApi":false`
	databaseBody = databaseSettings + `}`
)

// account is a tenant with its keys, as header lines.
type account struct {
	id      int64
	headers string
}

func headers(s store.Secrets) string {
	return "X-Api-Key: " + s.Key + "\r\nX-Api-Secret-Key: " + s.Secret + "\r\n"
}

// stage is the product's database. The product itself made one subscription with
// a database on it; accounts get copies of these.
type stage struct {
	url          string
	db           *store.DB
	conn         *pgx.Conn
	subscription int64 // id of the copies; an id is an account's own
	accounts     int
}

// onStage gives back the stage, built by whoever asks first.
func (g *ground) onStage(ctx context.Context) (*stage, error) {
	if g.stage != nil {
		return g.stage, nil
	}
	g.say("preparing accounts")
	var err error
	g.stage, err = g.newStage(ctx, "product")
	return g.stage, err
}

// newStage builds a stage on a database of that name. Who asks closes it.
func (g *ground) newStage(ctx context.Context, database string) (_ *stage, err error) {
	s := &stage{}
	if s.url, err = g.database(ctx, database); err != nil {
		return nil, err
	}
	if s.conn, err = pgx.Connect(ctx, s.url); err != nil {
		return nil, err
	}
	if s.db, err = store.Open(ctx, s.url, 2); err != nil {
		return nil, errors.Join(err, s.conn.Close(ctx))
	}
	p, err := g.serveOn(ctx, s, "--speed", "0")
	if err == nil {
		s.subscription, err = firstSubscription(ctx, p.addr)
		err = errors.Join(err, p.stop())
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// serveStage starts the product on the stage.
func (g *ground) serveStage(ctx context.Context, args ...string) (*product, error) {
	return g.serveOn(ctx, g.stage, args...)
}

func (g *ground) serveOn(ctx context.Context, s *stage, args ...string) (*product, error) {
	dir, err := g.tempDir()
	if err != nil {
		return nil, err
	}
	return g.serve(ctx, append(args, "--database-url", s.url, "--data-dir", dir)...)
}

func firstSubscription(ctx context.Context, addr string) (int64, error) {
	p, err := newPlayer(ctx, addr, headers(demoKeys()))
	if err != nil {
		return 0, err
	}
	defer p.close()
	id, err := p.create(ctx, "/v1/subscriptions", subscriptionBody)
	if err != nil {
		return 0, err
	}
	return id, p.settle(ctx, fmt.Sprintf("/v1/subscriptions/%d", id))
}

func (s *stage) close() {
	s.db.Close()
	_ = s.conn.Close(context.Background()) // the Postgres is stopped next
}

// newAccounts makes accounts with a copy of the subscription each.
func (s *stage) newAccounts(ctx context.Context, n int) ([]account, error) {
	accounts := make([]account, n)
	for i := range n {
		s.accounts++
		id, err := s.db.CreateAccount(ctx, cloud.Account{Name: "Bench", OwnerName: "Ben Bench", OwnerEmail: "ben@bench.example"})
		if err != nil {
			return nil, err
		}
		keys := store.Secrets{Key: fmt.Sprintf("key-%d", s.accounts), Secret: fmt.Sprintf("secret-%d", s.accounts)}
		if err := s.db.EnsureKey(ctx, id, "bench", keys); err != nil {
			return nil, err
		}
		accounts[i] = account{id: id, headers: headers(keys)}
	}
	return accounts, s.subscribe(ctx, accounts, s.subscription)
}

// subscribe gives accounts a copy of the first subscription under an id.
func (s *stage) subscribe(ctx context.Context, accounts []account, id int64) error {
	_, err := s.conn.Exec(ctx, `
		INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at, activated_at)
		SELECT a, kind, $4, name, status, body, created_at, updated_at, activated_at
		FROM resources, unnest($1::bigint[]) a
		WHERE account_id = $2 AND kind = 'subscription' AND id = $3`, idsOf(accounts), demoAccount, s.subscription, id)
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
// gives back the ids that they have in every account.
func (s *stage) fill(ctx context.Context, accounts []account, subscription int64, n int) (ids []int64, err error) {
	rows, err := s.conn.Query(ctx, `
		WITH first AS (
			SELECT *
			FROM resources
			WHERE account_id = $2 AND kind = 'database' AND parent_id = $3
			LIMIT 1
		), numbers AS (
			SELECT n, first.id + nextval('resource_ids') AS id
			FROM first, generate_series(1, $4::int) n
		), copied AS (
			INSERT INTO resources (account_id, kind, id, parent_kind, parent_id, name, status, body, created_at, updated_at, activated_at)
			SELECT a, kind, numbers.id, parent_kind, $5, 'copy-' || n, status, body, created_at, updated_at, activated_at
			FROM first, numbers, unnest($1::bigint[]) a
		)
		SELECT id
		FROM numbers`, idsOf(accounts), demoAccount, s.subscription, n, subscription)
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	if err != nil {
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	return ids, nil
}

// forget removes all tasks, so that one round leaves no work to the next and all
// find tables of the same size. The accounts that had some are not used again.
func (s *stage) forget(ctx context.Context) error {
	if _, err := s.conn.Exec(ctx, `TRUNCATE tasks`); err != nil {
		return fmt.Errorf("remove tasks: %w", err)
	}
	return nil
}
