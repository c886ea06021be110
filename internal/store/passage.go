package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Event is what happens to an account at a time: a resource reaches a status, or the processing of a task is over.
type Event struct {
	At     time.Time
	Kind   string // of the resource, with
	ID     int64  // its id and
	Status string // the status that it reaches
	Task   string // empty: it is about a resource

	step int64 // its id
}

// Agenda is what an account has before it.
type Agenda struct {
	Now     time.Time
	Next    []Event // those whose times are known, the next one first
	LastSeq int64   // of its newest task
	Head    *Head   // its first unfinished task; nil: it has none
	Tasks   int     // that are not finished
	Steps   int     // of provisioning, those that wait for a slot included
}

// Head is the first unfinished task of an account.
type Head struct {
	Task   string
	Seq    int64
	Worked bool       // a worker has it, or is to take it at once
	Due    *time.Time // business time at which its processing is over; nil: it has not begun
}

// waits reports whether the task is to be processed by now, and before time goes on.
func (h *Head) waits(now time.Time) bool {
	return h != nil && (h.Worked || h.Due == nil || !h.Due.After(now))
}

// Agenda reads what an account has before it, with up to limit events.
func (db *DB) Agenda(ctx context.Context, account int64, limit int) (a Agenda, err error) {
	if a, err = readAgenda(ctx, db.pool, account, limit); err != nil {
		return a, err
	}
	err = db.pool.QueryRow(ctx, `
		SELECT last_seq - done_seq, (SELECT count(*) FROM steps s WHERE s.account_id = a.id)
		FROM accounts a
		WHERE id = $1`, account).Scan(&a.Tasks, &a.Steps)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoAccount
	}
	if err != nil {
		return a, fmt.Errorf("read what is next: %w", err)
	}
	return a, nil
}

func readAgenda(ctx context.Context, q querier, account int64, limit int) (a Agenda, err error) {
	rows, err := q.Query(ctx, `
		SELECT business_now(a), a.last_seq, h.id, h.seq, h.lease IS NOT NULL, h.due_at,
			s.due_at, s.kind, s.resource_id, s.status, s.id
		FROM accounts a
		LEFT JOIN tasks h ON h.account_id = a.id AND h.head
		LEFT JOIN (
			SELECT id, account_id, due_at, kind, resource_id, status
			FROM steps
			WHERE account_id = $1 AND due_at IS NOT NULL
			ORDER BY due_at, id
			LIMIT $2
		) s ON s.account_id = a.id
		WHERE a.id = $1
		ORDER BY s.due_at, s.id`, account, limit)
	if err != nil {
		return a, fmt.Errorf("read what is next: %w", err)
	}
	var task, kind, status *string
	var seq, id, step *int64
	var worked *bool
	var due, at *time.Time
	found := false
	columns := []any{&a.Now, &a.LastSeq, &task, &seq, &worked, &due, &at, &kind, &id, &status, &step}
	_, err = pgx.ForEachRow(rows, columns, func() error {
		if !found && task != nil {
			a.Head = &Head{Task: *task, Seq: *seq, Worked: *worked, Due: due}
		}
		found = true
		if at != nil {
			a.Next = append(a.Next, Event{At: *at, Kind: *kind, ID: *id, Status: *status, step: *step})
		}
		return nil
	})
	if err == nil && !found {
		err = ErrNoAccount
	}
	if err != nil {
		return a, fmt.Errorf("read what is next: %w", err)
	}
	return a, nil
}

// next returns when something is due next; ok is false if nothing ever is by time alone.
func (a *Agenda) next() (at time.Time, ok bool) {
	if h := a.Head; h != nil && !h.waits(a.Now) && !h.Due.After(EndOfTime) {
		at, ok = *h.Due, true
	}
	if len(a.Next) > 0 && (!ok || a.Next[0].At.Before(at)) {
		at, ok = a.Next[0].At, true
	}
	return at, ok
}

// Passage says how far the time of an account is to pass.
type Passage struct {
	Left     time.Duration // at most so much,
	Instants int           // and so many times at which something happens; negative: any number
	Through  bool          // it passes, too, where nothing is due any more
	// Mark is the number of the newest task that has to be processed before time goes on. Tasks that came later came at a
	// time that is over.
	Mark int64
	Last int64      // of the last task that is waited for at all, where time passes through
	Task *uuid.UUID // no time passes once this one is finished; nil: whatever is
	// Reached is asked before anything happens; nil: it never is.
	Reached func(context.Context, *Tx) (bool, error)
	Before  func() // is called just before the commit
}

// Passed is how far it has passed.
type Passed struct {
	End      PassageEnd
	Moved    time.Duration
	Instants int
	Events   []Event // of provisioning
	Head     Head    // PassageTask: the task
	LastSeq  int64   // of the account's newest task
}

// PassageEnd is why time has not passed any further.
type PassageEnd string

// The ends of a passage.
const (
	PassageGoesOn PassageEnd = ""        // it was long enough for one transaction
	PassageOver   PassageEnd = "over"    // it has passed as far as it was to
	PassageThere  PassageEnd = "reached" // Task is finished, or Reached said so
	PassageTask   PassageEnd = "task"    // a task has to be processed first
	PassageIdle   PassageEnd = "idle"    // nothing will be due by time alone
)

// A transaction of PassTime ends after so many events, or so much time of its own, so that others get the account's
// lock.
const (
	passEvents = 5000
	passLength = 250 * time.Millisecond
)

// PassTime lets time pass for an account, from one thing that is due to the next. Each is done before time goes on, so
// that nothing is skipped and all happens at its own time. It stops at a task, which is for others to process. Where
// Task is not there it returns ErrNoTask.
func (db *DB) PassTime(ctx context.Context, account int64, p Passage) (passed Passed, err error) {
	err = db.Write(ctx, cloud.Caller{Account: account}, func(tx *Tx) error {
		if passed, err = tx.passTime(ctx, p); err == nil {
			p.Before()
		}
		return err
	})
	if err != nil {
		return Passed{}, fmt.Errorf("pass time: %w", err)
	}
	return passed, nil
}

func (tx *Tx) passTime(ctx context.Context, p Passage) (passed Passed, err error) {
	// Under the account's lock: nobody ends the task while time passes.
	if done, err := tx.finished(ctx, p.Task); err != nil || done {
		passed.End = PassageThere
		return passed, err
	}
	together, err := tx.mayPassTogether(ctx, p)
	if err != nil {
		return passed, err
	}
	look := fewEvents
	if together {
		look = manyEvents
	}
	tx.write(`SELECT set_config('understudy.now', 'due', true), set_config('understudy.task', '', true)`)
	until := time.Now().Add(passLength)
	for passed.End == PassageGoesOn && len(passed.Events) < passEvents && time.Now().Before(until) {
		agenda, err := readAgenda(ctx, tx.q, tx.Caller.Account, look)
		if err != nil {
			return passed, err
		}
		passed.LastSeq = agenda.LastSeq
		if p.Reached != nil {
			reached, err := p.Reached(ctx, tx)
			if err != nil {
				return passed, err
			}
			if reached {
				passed.End = PassageThere
				break
			}
		}
		tx.passOn(agenda, p, together, &passed)
	}
	if passed.Moved > 0 {
		tx.wakeByClock()
	}
	return passed, nil
}

// finished reports whether a task is finished; nil is not. One that is not there is ErrNoTask.
func (tx *Tx) finished(ctx context.Context, task *uuid.UUID) (bool, error) {
	if task == nil {
		return false, nil
	}
	var status cloud.TaskStatus
	err := tx.q.QueryRow(ctx, `SELECT status FROM tasks WHERE account_id = $1 AND id = $2`,
		tx.Caller.Account, task).Scan(&status)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoTask
	}
	return status.Finished(), err
}

// mayPassTogether reports whether the events of several instants may be done in one go: not where somebody looks at
// each of them, and not where one of them lets a step begin that waits for a slot.
func (tx *Tx) mayPassTogether(ctx context.Context, p Passage) (bool, error) {
	if p.Instants >= 0 || p.Reached != nil {
		return false, nil
	}
	var waits bool
	err := tx.q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM steps WHERE account_id = $1 AND due_at IS NULL)`,
		tx.Caller.Account).Scan(&waits)
	if err != nil {
		return false, fmt.Errorf("look for steps that wait: %w", err)
	}
	return !waits, nil
}

// How many events an agenda is read with, to see those of the next instant, or those of many.
const (
	fewEvents  = 16
	manyEvents = 500
)

// passOn does what is due, or lets time go on to what is next and does that.
func (tx *Tx) passOn(agenda Agenda, p Passage, together bool, passed *Passed) {
	next, ok := agenda.next()
	if ok && !next.After(agenda.Now) {
		tx.passEvents(agenda.Now, agenda.until(agenda.Now), passed)
		return
	}
	switch left := p.Left - passed.Moved; {
	case agenda.Head.waits(agenda.Now) && (agenda.Head.Seq <= p.Mark || !ok && (!p.Through || agenda.Head.Seq <= p.Last)):
		passed.End, passed.Head = PassageTask, *agenda.Head
	case p.Instants >= 0 && passed.Instants >= p.Instants:
		passed.End = PassageOver
	case !ok && !p.Through:
		passed.End = PassageIdle
	case !ok || next.Sub(agenda.Now) > left:
		tx.moveClock(left)
		passed.Moved += left
		passed.End = PassageOver
	default:
		events, to := agenda.until(next), next
		if together {
			events, to = agenda.together(agenda.Now.Add(left), next)
		}
		tx.moveClock(to.Sub(agenda.Now))
		passed.Moved += to.Sub(agenda.Now)
		passed.Instants++
		tx.passEvents(agenda.Now, events, passed)
	}
}

// passEvents does what provisioning has to do, at the times at which it is due, or at one that it is already.
func (tx *Tx) passEvents(now time.Time, events []Event, passed *Passed) {
	if len(events) == 0 { // it is for a task that time went on
		return
	}
	steps := make([]int64, 0, len(events))
	for _, e := range events {
		steps = append(steps, e.step)
	}
	passed.Events = append(passed.Events, events...)
	tx.write(`UPDATE steps SET wake_at = now() WHERE id = ANY ($1) AND wake_at > now()`, steps)
	tx.write(applyDue, []int64{tx.Caller.Account}, now)
	tx.Admit()
}

// together returns the events up to a time, or to when the first task is to be processed, and when the last of them is;
// that is next, where there are none.
func (a *Agenda) together(limit, next time.Time) (events []Event, to time.Time) {
	if h := a.Head; h != nil && !h.waits(a.Now) && h.Due.Before(limit) {
		limit = *h.Due
	}
	events = a.until(limit)
	if len(events) == 0 {
		return nil, next
	}
	return events, events[len(events)-1].At
}

// until returns the events up to a time that can be done in one go: the first of each resource, and none after one that
// removes a resource, which others may go with.
func (a *Agenda) until(at time.Time) []Event {
	type resource struct {
		kind string
		id   int64
	}
	seen := map[resource]bool{}
	for i, e := range a.Next {
		switch of := (resource{e.Kind, e.ID}); {
		case e.At.After(at) || seen[of]:
			return a.Next[:i]
		case e.Status == string(cloud.StatusGone):
			return a.Next[:i+1]
		default:
			seen[of] = true
		}
	}
	return a.Next
}

// ResourceState returns the status of a resource of any kind, as the engine knows it, and whether provisioning still
// has something to do for it. One that is not there has cloud.StatusGone.
func (tx *Tx) ResourceState(
	ctx context.Context, kind string, id int64,
) (status cloud.Status, underWay bool, err error) {
	var held bool
	err = tx.q.QueryRow(ctx, `
		SELECT r.status,
			EXISTS (SELECT FROM steps s WHERE s.account_id = r.account_id AND s.kind = r.kind AND s.resource_id = r.id),
			EXISTS (
				SELECT FROM steps s
				JOIN resources of ON of.account_id = s.account_id AND of.kind = s.kind AND of.id = s.resource_id
				WHERE s.account_id = r.account_id AND s.holds = r.id
					AND ((of.kind, of.id) = (r.kind, r.id) OR (of.parent_kind, of.parent_id) = (r.kind, r.id))
			)
		FROM resources r
		WHERE r.account_id = $1 AND r.kind = $2 AND r.id = $3`, tx.Caller.Account, kind, id).Scan(&status, &underWay, &held)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return cloud.StatusGone, false, nil
	case err != nil:
		return "", false, fmt.Errorf("read the state of %s %d: %w", kind, id, err)
	}
	if held && status == cloud.StatusActive {
		status = cloud.StatusPending
	}
	return status, underWay || held, nil
}

// Events returns those whose times are known, that of the first unfinished task included, the next one first.
func (a *Agenda) Events() []Event {
	h := a.Head
	if h == nil || h.Due == nil {
		return a.Next
	}
	i := 0
	for i < len(a.Next) && !a.Next[i].At.After(*h.Due) {
		i++
	}
	return slices.Insert(slices.Clone(a.Next), i, Event{At: *h.Due, Task: h.Task})
}
