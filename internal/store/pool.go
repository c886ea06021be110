package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pool is the connections, and the ways to them. To read is what the pool itself is for. What changes something that an
// answer may show that is kept, or takes from pairs of keys, goes through exec, send or inPipeline, which pass the
// gate, and all else aside.
type pool struct {
	door
	aside door // for leases, what is counted, idempotency keys, snapshots, webhooks, events
	gate  gate
	conns *pgxpool.Pool
	open  context.Context
	shut  context.CancelFunc
}

func newPool(conns *pgxpool.Pool, alone bool) *pool {
	p := &pool{
		door:  door{conns: conns, refuses: changing(`[\w"]+`)},
		aside: door{conns: conns, refuses: changing(`(resources|steps|tallies|api_keys)`)},
		gate:  gate{alone: alone}, conns: conns,
	}
	p.open, p.shut = context.WithCancel(context.Background())
	return p
}

func (p *pool) close() {
	p.shut()
	p.conns.Close()
}

// changing finds what changes some tables in a statement of ours.
func changing(tables string) *regexp.Regexp {
	return regexp.MustCompile(`\b(INSERT INTO|DELETE FROM|MERGE INTO|COPY|TRUNCATE|LOCK TABLE) ` + tables + `\b|` +
		`\bUPDATE ` + tables + `(\s+(AS\s+)?\w+)?\s+SET\b`)
}

// door is a way to the connections that refuses some changes: whoever takes the wrong one is told the first time.
type door struct {
	conns   *pgxpool.Pool
	refuses *regexp.Regexp
	passed  sync.Map // statements that were let through
}

var errPastGate = errors.New("a change that does not pass the gate")

func (d *door) check(sql string) error {
	if _, ok := d.passed.Load(sql); ok {
		return nil
	}
	if d.refuses.MatchString(sql) {
		return fmt.Errorf("%w: %s", errPastGate, sql)
	}
	d.passed.Store(sql, nil)
	return nil
}

func (d *door) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := d.check(sql); err != nil {
		return nil, err
	}
	return d.conns.Query(ctx, sql, args...)
}

func (d *door) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := d.check(sql); err != nil {
		return pipelineRow{err: err}
	}
	return d.conns.QueryRow(ctx, sql, args...)
}

func (d *door) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := d.check(sql); err != nil {
		return pgconn.CommandTag{}, err
	}
	return d.conns.Exec(ctx, sql, args...)
}

func (d *door) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	for _, q := range batch.QueuedQueries {
		if err := d.check(q.SQL); err != nil {
			return answers{err: err}
		}
	}
	return d.conns.SendBatch(ctx, batch)
}

// exec changes something by one statement.
func (p *pool) exec(ctx context.Context, s scope, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = p.conns.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		defer p.enter(conn.Conn(), s)()
		tag, err = conn.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

// send changes something by what travels as one, and reads what it is answered.
func (p *pool) send(ctx context.Context, s scope, batch *pgx.Batch) error {
	return p.conns.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		defer p.enter(conn.Conn(), s)()
		return conn.SendBatch(ctx, batch).Close() // which waits for the commit
	})
}

// enter lets what is sent on a connection pass the gate, until leave is called. Where the connection is lost by then,
// its change may come about later, or have come about, and is at the gate until that is over.
func (p *pool) enter(conn *pgx.Conn, s scope) (leave func()) {
	passed := p.gate.enter(s)
	if !p.gate.alone {
		return passed
	}
	return func() {
		c := conn.PgConn()
		if !c.IsClosed() && !c.IsBusy() && c.TxStatus() == idle {
			passed()
			return
		}
		go p.outlive(c.PID(), passed)
	}
}

// idle is the status of a connection that is in no transaction.
const idle = 'I'

// outlivePause is how long a process of Postgres is left alone that is not gone yet.
const outlivePause = 50 * time.Millisecond

// outlive calls leave when a process of Postgres is gone, whose client we were: then it commits nothing any more.
func (p *pool) outlive(pid uint32, leave func()) {
	for gone := false; !gone; {
		err := p.QueryRow(p.open,
			`SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)`, int32(pid)).Scan(&gone)
		if err == nil && gone {
			break
		}
		if err := sleep(p.open, outlivePause); err != nil {
			return
		}
	}
	leave()
}
