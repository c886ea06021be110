package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// session is set on every connection: a query that hangs, a lock nobody gives
// back or a client that is gone must not hold the account's lock for long.
// Values are milliseconds where Postgres takes no unit.
var session = map[string]string{
	"application_name":                 "understudy",
	"client_connection_check_interval": "1000",
	// A plan that is made while a table is small is kept while it grows: none may read it from end to end, where there is
	// an index. That makes plans that must do so look dear, which none of ours is.
	"enable_seqscan":                      "off",
	"jit":                                 "off",
	"idle_in_transaction_session_timeout": "10000",
	"lock_timeout":                        "5000",
	// Our statements want the same plan whatever their arguments, and planning the
	// larger ones costs more than running them.
	"plan_cache_mode":   "force_generic_plan",
	"statement_timeout": "10000",
	"timezone":          "UTC",
}

const (
	connectTimeout = 5 * time.Second // of each host that the URL names
	defaultConns   = 24              // suits one small server
)

// A host that is gone says nothing. So many seconds later its connections are, too.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}

// Option changes how a database is asked.
type Option func(*settings)

type settings struct {
	tracer pgx.QueryTracer
	direct string
	alone  bool
}

// Traced tells a tracer of every question.
func Traced(tracer pgx.QueryTracer) Option { return func(s *settings) { s.tracer = tracer } }

// Direct is how the database is reached by whoever needs a session of its own, where the other URL leads to a pooler
// that gives each transaction any session. Empty: by the same URL.
func Direct(url string) Option { return func(s *settings) { s.direct = url } }

// Alone says that nobody else changes anything in the database for as long as it is open, so that the Validity of what
// a Read finds is known.
func Alone() Option { return func(s *settings) { s.alone = true } }

// Open connects to a database. It asks nothing of its schema, which must be migrated before anything else is asked.
// maxConns bounds the pool; 0 takes a default that suits one small server.
func Open(ctx context.Context, url string, maxConns int, options ...Option) (*DB, error) {
	var with settings
	for _, option := range options {
		option(&with)
	}
	cfg, err := parse(url, with)
	if err != nil {
		return nil, err
	}
	if maxConns == 0 {
		maxConns = defaultConns
	}
	cfg.MaxConns = int32(min(maxConns, 1000))
	db := &DB{queues: accountQueues{accounts: map[int64]*accountQueue{}}, id: uuid.NewString(), upgrades: allUpgrades()}
	var conns *pgxpool.Pool
	if with.direct != "" {
		direct, wrong := parse(with.direct, with)
		if wrong != nil {
			return nil, wrong
		}
		maps.Copy(direct.ConnConfig.RuntimeParams, session)
		db.direct = direct.ConnConfig
		conns, err = openShared(ctx, cfg)
	} else {
		conns, err = openOwn(ctx, cfg)
	}
	if err != nil {
		return nil, err
	}
	db.pool = newPool(conns, with.alone)
	db.reads = newReads(db.pool)
	return db, nil
}

// parse is what all connections to a URL have in common.
func parse(url string, with settings) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	c := cfg.ConnConfig
	c.Tracer = with.tracer
	if c.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		c.DescriptionCacheCapacity = 0 // of another mode; each connection would make room for it
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	c.DialFunc = (&net.Dialer{KeepAliveConfig: keepAlive}).DialContext
	fatal := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) (keep bool) {
		// Who takes no writes any more has been followed by another one: the next connection is to that.
		return fatal(conn, err) && err.Code != readOnly
	}
	cfg.PingTimeout = connectTimeout // of a connection that was idle: it may have died unheard
	return cfg, nil
}

// openOwn opens connections that have sessions of their own, be it through a pooler.
func openOwn(ctx context.Context, cfg *pgxpool.Config) (*pgxpool.Pool, error) {
	plain := cfg.Copy()
	maps.Copy(cfg.ConnConfig.RuntimeParams, session)
	pool, pooled, err := open(ctx, cfg)
	refused := refusesParameters(err)
	switch {
	case err != nil && !refused:
		return nil, err
	case !refused && !pooled:
		return pool, nil
	case pool != nil:
		pool.Close()
	}
	shared, err := sharesSessions(ctx, plain.ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("reach database: %w", err)
	}
	if shared {
		return nil, ErrSharedSessions
	}
	// A pooler takes few settings with the connection, or forgets them.
	var set strings.Builder
	for name, value := range session {
		fmt.Fprintf(&set, "SET %s = '%s';", name, value)
	}
	plain.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, set.String())
		return err
	}
	pool, _, err = open(ctx, plain)
	return pool, err
}

// openShared opens connections to a pooler that gives each transaction any session. So nothing is kept in one: neither
// settings, which are those of the role, nor prepared statements.
func openShared(ctx context.Context, cfg *pgxpool.Config) (*pgxpool.Pool, error) {
	c := cfg.ConnConfig
	c.DefaultQueryExecMode, c.StatementCacheCapacity = pgx.QueryExecModeCacheDescribe, 0
	c.DescriptionCacheCapacity = descriptions
	pool, _, err := open(ctx, cfg)
	return pool, err
}

// descriptions is how many statements each connection knows the types of: more than there are.
const descriptions = 512

// open opens connections and reports whether there is a pooler between them and Postgres: then the process at the other
// end is not the one that the connection was told of.
func open(ctx context.Context, cfg *pgxpool.Config) (_ *pgxpool.Pool, pooled bool, err error) {
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, false, fmt.Errorf("open database: %w", err)
	}
	err = pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		pid, err := backend(ctx, conn.Conn())
		pooled = pid != conn.Conn().PgConn().PID()
		return err
	})
	if err != nil {
		pool.Close()
		return nil, false, fmt.Errorf("reach database: %w", err)
	}
	return pool, pooled, nil
}

// ErrSharedSessions says that a pooler gives each transaction any session.
var ErrSharedSessions = errors.New("it leads to a pooler that gives each transaction any session, " +
	"as PgBouncer does with pool_mode=transaction")

// refusesParameters reports whether who was connected to is a pooler that takes no such settings as Postgres has.
func refusesParameters(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.Code == "08P01"
}

// sharesSessions looks whether a pooler gives the session of one connection to another one.
func sharesSessions(ctx context.Context, cfg *pgx.ConnConfig) (bool, error) {
	var conns [2]*pgx.Conn
	for i := range conns {
		conn, err := pgx.ConnectConfig(ctx, cfg)
		if err != nil {
			return false, err
		}
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is left undone
		conns[i] = conn
	}
	first, err := backend(ctx, conns[0])
	if err != nil {
		return false, err
	}
	const often = 20 // a pooler may give sessions in turn
	for range often {
		second, err := backend(ctx, conns[1])
		if err != nil || second == first {
			return err == nil, err
		}
	}
	return false, nil
}

// backend is the process of Postgres that answers.
func backend(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	err = conn.QueryRow(ctx, `SELECT pg_backend_pid()`, pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, err
}

// ClusterName is what the Postgres calls itself; empty: nothing.
func (db *DB) ClusterName(ctx context.Context) (name string, err error) {
	if err := db.pool.QueryRow(ctx, `SELECT current_setting('cluster_name')`).Scan(&name); err != nil {
		return "", fmt.Errorf("read settings: %w", err)
	}
	return name, nil
}

// Unbounded are the settings that bound how long things may take, and that have no value where the pool's connections
// lead: a pooler takes none, so the role must have them.
func (db *DB) Unbounded(ctx context.Context) (names []string, err error) {
	rows, err := db.pool.Query(ctx, `
		SELECT name
		FROM unnest(ARRAY['idle_in_transaction_session_timeout', 'lock_timeout', 'statement_timeout']) name
		WHERE current_setting(name) = '0'`)
	if err == nil {
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return names, nil
}
