package control_test

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// life is what the model knows of the state of an account: what a fork and a snapshot have of it.
type life struct {
	now          time.Time // of its clock, at some real time between these
	known, until time.Time
	rate         float64 // 0: it stands still
	policy       string
	speed        *float64
	lengths      map[string]time.Duration // its own
	rules        []*rule                  // for it alone
	tasks        []task                   // in their order
	resources    []resource
	steps        []step
	drawn        int64 // ids of resources
}

type task struct {
	id, operation, name, status string
	work                        time.Duration
	due, ended                  time.Time // zero: not known yet
	held                        bool
	target, made                int64 // resources
	struck                      *rule // nil: by none
	seen                        string
}

type resource struct {
	kind         string
	id           int64
	name, status string
	seen         string // status of which is known that the server has it, too
}

// step is what provisioning has to do.
type step struct {
	kind   string
	id     int64
	status string
	after  time.Duration
	due    time.Time // zero: it waits for a slot
	holds  int64     // subscription; 0: none
}

// rule is a fault rule.
type rule struct {
	id                       int64
	operation, do            string
	after, first, nth, every int64
	seen, hits               int64
	gone                     bool // disarmed
}

const (
	subscriptionKind, databaseKind, ruleKind = "subscription", "database", "ACL rule"

	createSubscription, createRule, deleteRule = "createProSubscription", "createAclRedisRule", "deleteAclRedisRule"

	// taskAge is how long a task can be read.
	taskAge = 30 * 24 * time.Hour
)

// usual is how long work takes.
var usual = map[string]time.Duration{
	"change": 5 * time.Second, "subscription.creation": 4 * time.Minute, "access-control.change": 15 * time.Second,
}

func newLife() *life { return &life{rate: 1, lengths: map[string]time.Duration{}} }

// clone is the life of a copy: with its own rules, which strike the tasks that those of the original do.
func (l *life) clone() *life {
	c := *l
	c.lengths = maps.Clone(l.lengths)
	c.resources, c.steps, c.tasks = slices.Clone(l.resources), slices.Clone(l.steps), slices.Clone(l.tasks)
	c.rules = nil
	for _, r := range l.rules {
		copied := *r
		c.rules = append(c.rules, &copied)
		for i := range c.tasks {
			if c.tasks[i].struck == r {
				c.tasks[i].struck = &copied
			}
		}
	}
	return &c
}

// reset is what is left after a reset.
func (l *life) reset(rules, clock bool) {
	l.tasks, l.resources, l.steps, l.drawn = nil, nil, nil, 0
	if rules {
		l.disarm(l.rules)
	}
	if clock {
		l.rate, l.speed, l.lengths = 1, nil, map[string]time.Duration{}
	}
}

func (l *life) disarm(rules []*rule) {
	for _, r := range slices.Clone(rules) {
		r.gone = true
		l.rules = slices.DeleteFunc(l.rules, func(other *rule) bool { return other == r })
	}
}

// takes is how long work takes for what begins now.
func (l *life) takes(names ...string) time.Duration {
	for _, name := range names {
		if own, ok := l.lengths[name]; ok {
			return own
		}
	}
	d := usual[names[len(names)-1]]
	if l.speed == nil {
		return d
	}
	if *l.speed == 0 {
		return 0
	}
	return time.Duration(float64(d) / *l.speed)
}

// head is the task on whose turn it is; nil: there is none.
func (l *life) head() *task {
	for i := range l.tasks {
		if l.tasks[i].ended.IsZero() {
			return &l.tasks[i]
		}
	}
	return nil
}

func (l *life) pending() (n int) {
	for i := range l.tasks {
		if l.tasks[i].ended.IsZero() {
			n++
		}
	}
	return n
}

func (l *life) idle() bool { return l.head() == nil && len(l.steps) == 0 }

// accept queues a task.
func (l *life) accept(t task) {
	t.status, t.work = "received", l.takes(t.operation, "change")
	l.tasks = append(l.tasks, t)
}

// next is when something is due next; ok is false where nothing ever is.
func (l *life) next() (at time.Time, ok bool) {
	if h := l.head(); h != nil && !h.due.IsZero() && !h.held {
		at, ok = h.due, true
	}
	for _, s := range l.steps {
		if !s.due.IsZero() && (!ok || s.due.Before(at)) {
			at, ok = s.due, true
		}
	}
	return at, ok
}

// work does what is due, and returns how many events that were.
func (l *life) work() (events int) {
	for {
		if n := l.provision(); n > 0 {
			events += n
			continue
		}
		h := l.head()
		switch {
		case h == nil || h.held || !h.due.IsZero() && h.due.After(l.now):
			return events
		case h.due.IsZero() && h.work > 0:
			h.status, h.due = "running", l.now.Add(h.work)
			return events
		case h.struck != nil && h.struck.do == "task-stuck" && !h.struck.gone:
			h.status, h.due, h.held = "running", l.now, true
			return events
		}
		l.process(h)
		events++
	}
}

// provision does the steps that are due.
func (l *life) provision() (n int) {
	slices.SortStableFunc(l.steps, func(a, b step) int { return a.due.Compare(b.due) })
	l.steps = slices.DeleteFunc(l.steps, func(s step) bool {
		if s.due.IsZero() || s.due.After(l.now) {
			return false
		}
		n++
		l.reach(s)
		return true
	})
	if n > 0 {
		l.admit()
	}
	return n
}

func (l *life) reach(s step) {
	is := func(r resource) bool { return r.kind == s.kind && r.id == s.id }
	if s.status == "gone" {
		l.resources = slices.DeleteFunc(l.resources, is)
		return
	}
	l.resources[slices.IndexFunc(l.resources, is)].status = s.status
}

// admit lets steps begin that wait for a slot. Subscriptions take slots in the order of their ids here, since all of
// them are new.
func (l *life) admit() {
	var waiting []int64
	taken := map[int64]bool{}
	for _, s := range l.steps {
		switch {
		case s.holds == 0:
		case s.due.IsZero():
			waiting = append(waiting, s.holds)
		default:
			taken[s.holds] = true
		}
	}
	slices.Sort(waiting)
	for _, id := range slices.Compact(waiting) {
		if len(taken) == 3 {
			return
		}
		taken[id] = true
		for i := range l.steps {
			if s := &l.steps[i]; s.holds == id {
				s.due = l.now.Add(s.after)
			}
		}
	}
}

// process brings a task to its end.
func (l *life) process(t *task) {
	t.status, t.ended = "done", l.now
	if t.struck != nil && t.struck.do == "task-error" {
		t.status = "failed"
		return
	}
	switch t.operation {
	case createSubscription:
		l.createSubscription(t)
	case createRule:
		l.drawn++
		t.made = 1_000 + l.drawn
		l.provide(l.takes("access-control.change"), 0, "active", resource{ruleKind, t.made, t.name, "pending", ""})
	case deleteRule:
		i := slices.IndexFunc(l.resources, func(r resource) bool { return r.kind == ruleKind && r.id == t.target })
		r := l.resources[i]
		l.resources = slices.Delete(l.resources, i, i+1)
		r.status = "deleting"
		l.provide(l.takes("access-control.change"), 0, "gone", r)
	}
}

func (l *life) createSubscription(t *task) {
	takes := l.takes("subscription.creation")
	held := map[int64]bool{}
	for _, s := range l.steps {
		if s.holds != 0 {
			held[s.holds] = true
		}
	}
	if l.policy == "reject" && takes > 0 && len(held) == 3 {
		t.status = "failed"
		return
	}
	t.made = 100_000 + l.drawn + 1
	database := 51_000_000 + l.drawn + 2
	l.drawn += 2
	l.provide(takes, t.made, "active", resource{subscriptionKind, t.made, t.name, "pending", ""},
		resource{databaseKind, database, "cache", "pending", ""})
}

// provide lets resources reach a status after a time, with a slot for what holds them.
func (l *life) provide(takes time.Duration, holds int64, status string, made ...resource) {
	for _, r := range made {
		l.resources = append(l.resources, r)
		s := step{kind: r.kind, id: r.id, status: status, after: takes, holds: holds}
		switch {
		case takes == 0:
			l.reach(s)
			continue
		case holds == 0:
			s.due = l.now.Add(takes)
		}
		l.steps = append(l.steps, s)
	}
	l.admit()
}

// pass lets time pass, event by event: for a length and for some instants where those are not negative, and until a
// task is finished where one is named. It returns how many events there were, and whether nothing is under way any
// more.
func (l *life) pass(by time.Duration, instants int, until string) (events int, idle bool) {
	end := l.now.Add(by)
	for {
		if until != "" && l.finished(until) {
			return events, false
		}
		events += l.workUntil(until)
		if until != "" && l.finished(until) {
			return events, false
		}
		if instants == 0 {
			return events, false
		}
		next, ok := l.next()
		switch {
		case by < 0 && !ok:
			return events, true
		case by >= 0 && (!ok || next.After(end)):
			l.now = end
			return events, !ok
		}
		l.now = next
		instants--
	}
}

// workUntil is work, but for what comes after a task.
func (l *life) workUntil(id string) (events int) {
	if id == "" {
		return l.work()
	}
	i := slices.IndexFunc(l.tasks, func(t task) bool { return t.id == id })
	later := slices.Clone(l.tasks[i+1:])
	l.tasks = l.tasks[:i+1]
	events = l.work()
	l.tasks = append(l.tasks, later...)
	return events
}

func (l *life) finished(id string) bool {
	return slices.ContainsFunc(l.tasks, func(t task) bool { return t.id == id && !t.ended.IsZero() })
}

// forget forgets tasks that are too old.
func (l *life) forget() {
	l.tasks = slices.DeleteFunc(l.tasks, func(t task) bool {
		return !t.ended.IsZero() && t.ended.Before(l.now.Add(-taskAge))
	})
}

// flush lets all come to its end.
func (l *life) flush() {
	l.work()
	for next, ok := l.next(); ok; next, ok = l.next() {
		l.now = next
		l.work()
	}
}

// fits reports whether a rule is about an operation.
func (r *rule) fits(operation string) bool {
	prefix, all := strings.CutSuffix(r.operation, "*")
	return all && strings.HasPrefix(operation, prefix) || r.operation == operation
}

// count counts a request that the rule fits, and reports whether it is hit.
func (r *rule) count() (hit bool) {
	r.seen++
	n := r.seen - r.after
	hit = n > 0 && (r.first == 0 || n <= r.first) && (r.nth == 0 || n == r.nth) && (r.every == 0 || n%r.every == 0)
	if hit {
		r.hits++
	}
	return hit
}

func (l *life) has(r *rule) bool { return slices.Contains(l.rules, r) }
