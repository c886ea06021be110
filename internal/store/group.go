package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	errBusy     = errors.New("somebody else is at work for the account")
	errSlow     = errors.New("a function takes too long for its group")
	errUnfit    = errors.New("it cannot be taken back alone")
	errDisband  = errors.New("the group has ended")
	errVanished = errors.New("a function did not return")
)

// Busy says what becomes of a task whose account somebody else is at work for.
type Busy int

// To leave the account out, or to wait for it; where tasks share a transaction but briefly, since what the others have
// locked waits with them.
const (
	BusyLeave Busy = iota
	BusyWait
)

// waitBriefly bounds the wait for what somebody else has locked. Whoever waits like this has locked nothing but
// accounts with lower ids, as all do that lock several and wait; and if they did not, this ends before Postgres would
// look for a deadlock.
const waitBriefly = `SELECT set_config('lock_timeout', '100', true)`

// lock is how a task and its account are locked.
func (b Busy) lock() string {
	if b == BusyLeave {
		return "SKIP LOCKED"
	}
	return ""
}

// group is a transaction that several tasks share, each of another account. Their functions run at the same time, each
// in a goroutine and with a pipeline of its own. When all of them wait for an answer, what they have queued travels as
// one; when all are done, the rest travels with the commit.
type group struct {
	shared *pipeline
	parked chan *member  // waits for an answer, or is done
	over   chan struct{} // closed: nobody answers any more
}

// member is one task of a group.
type member struct {
	group  *group
	own    *pipeline
	asks   *pgx.Batch   // that its pipeline sends; nil: it is done
	answer chan answers // to that
	err    error        // in which it is done
	left   bool         // it has nothing in the transaction
}

// ProcessTogether is Process for several claims at once, each of another account, in one transaction. do is called for
// each of them, by its index, in a goroutine of its own, and calls process with what Process is to run, once. Claims
// are in the order of their accounts.
//
// left says which of the claims have nothing in the transaction and are still to be processed: those whose account
// somebody else is at work for, and those that ended in an error before anything was written. Any other error rolls
// back all, and so does a function that keeps the others waiting for longer than patience: it may still run then, but
// finds that its group has ended.
func (db *DB) ProcessTogether(
	ctx context.Context, claims []Claim, busy Busy, patience time.Duration,
	do func(i int, process func(func(*Tx) error) error) error,
) (left []bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = db.inPipeline(ctx, func(shared *pipeline) error {
		if busy == BusyWait {
			shared.write(waitBriefly)
		}
		shared.scope = ofAll(claims, func(c Claim) int64 { return c.Account })
		g := &group{shared: shared, parked: make(chan *member, len(claims)), over: make(chan struct{})}
		defer close(g.over)
		members := make([]*member, len(claims))
		for i, c := range claims {
			m := &member{group: g, answer: make(chan answers, 1), err: errVanished}
			m.own = &pipeline{to: m, queued: &pgx.Batch{}}
			members[i] = m
			go func() {
				defer m.park()
				m.err = do(i, func(fn func(*Tx) error) error {
					found, err := db.hold(ctx, m.own, c, busy, fn)
					if err == nil && !found {
						err = errBusy
					}
					return err
				})
			}()
		}
		left, err = g.run(ctx, members, patience)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("process together: %w", err)
	}
	return left, nil
}

// SendBatch has what a member has queued travel with what the others have.
func (m *member) SendBatch(_ context.Context, asks *pgx.Batch) pgx.BatchResults {
	m.asks = asks
	m.park()
	select {
	case <-m.group.over:
		return answers{err: errDisband}
	case a := <-m.answer:
		m.asks = nil
		return a
	}
}

// park tells the group that a member waits, or is done. Where nobody listens any more, it does nothing.
func (m *member) park() {
	select {
	case <-m.group.over:
	case m.group.parked <- m:
	}
}

// run answers the members until all are done, and queues what they leave for the commit.
func (g *group) run(ctx context.Context, members []*member, patience time.Duration) (left []bool, err error) {
	for asking := members; len(asking) > 0; {
		began := time.Now()
		if asking, err = g.gather(ctx, len(asking), patience); err != nil {
			return nil, err
		}
		patience -= time.Since(began)
		if err := g.ask(ctx, asking); err != nil {
			return nil, err
		}
	}
	left = make([]bool, len(members))
	for i, m := range members {
		if left[i] = m.left; !m.left {
			g.queue(m.own, m.own.queued)
		}
	}
	return left, nil
}

// gather waits until so many members wait for an answer, or are done, and returns the former.
func (g *group) gather(ctx context.Context, running int, patience time.Duration) (asking []*member, err error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for range running {
		select {
		case m := <-g.parked:
			if m.asks != nil {
				asking = append(asking, m)
			} else if err := m.end(); err != nil {
				return nil, err
			}
		case <-timer.C:
			return nil, errSlow
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return asking, nil
}

// end returns why a member that is done keeps its group from committing.
func (m *member) end() error {
	switch {
	case m.err == nil && m.own.err == nil:
		return nil
	case m.own.sent == 0 && !m.own.told:
		m.left = true
		return nil
	}
	return errors.Join(errUnfit, m.err, m.own.err)
}

// queue queues what is of a member. The triggers are told whose it is.
func (g *group) queue(own *pipeline, batch *pgx.Batch) {
	if own.changes() {
		g.shared.write(inGroup, own.now, own.task)
	}
	g.shared.queued.QueuedQueries = append(g.shared.queued.QueuedQueries, batch.QueuedQueries...)
	g.shared.writes += len(batch.QueuedQueries)
}

// ask has all that members ask travel as one, and hands out the answers.
func (g *group) ask(ctx context.Context, asking []*member) error {
	if len(asking) == 0 {
		return nil
	}
	before := make([]int, len(asking)) // how many writes there are before each question
	for i, m := range asking {
		was := g.shared.writes
		if i == 0 {
			was = 0
		}
		g.queue(m.own, m.asks)
		before[i] = g.shared.writes - was - 1
	}
	results := g.shared.to.SendBatch(ctx, g.shared.queued)
	g.shared.queued, g.shared.writes = &pgx.Batch{}, 0
	for i, m := range asking {
		found, err := answerAfter(results, before[i])
		if err != nil {
			return errors.Join(err, results.Close())
		}
		m.answer <- answers{last: found}
	}
	return results.Close()
}

// answerAfter reads the answer to the question that comes after so many writes.
func answerAfter(results pgx.BatchResults, writes int) (answer, error) {
	for range writes {
		if _, err := results.Exec(); err != nil {
			return answer{}, err
		}
	}
	rows, err := results.Query()
	if err != nil {
		return answer{}, err
	}
	return answerOf(rows)
}

// Restart takes back all that the function of a group has done in its transaction so far, so that something else can be
// done instead. It reports false, and takes nothing back, where some of that is with the database already.
func (tx *Tx) Restart() bool {
	p := tx.writes
	if p.err != nil || p.sent > p.begun {
		return false
	}
	keep := p.begun - p.sent
	p.queued.QueuedQueries = p.queued.QueuedQueries[:keep]
	p.writes, p.total = keep, p.begun
	tx.lastID, tx.names, tx.planned, tx.inserted, tx.dropped = tx.storedID, map[int64]string{}, nil, 0, false
	return true
}
