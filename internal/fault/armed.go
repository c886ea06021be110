package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-dev/understudy/internal/store"
)

// Armed are the rules that are armed: kept in the database, and copied here. While there are none, asking costs a look
// at a pointer. Its methods may be called by many goroutines at once.
type Armed struct {
	db         *store.DB
	vocabulary Vocabulary

	reading sync.Mutex // so that an older copy never replaces a newer one
	rules   atomic.Pointer[[]armedRule]
}

// armedRule is a rule with its patterns compiled.
type armedRule struct {
	id      int64
	account int64 // 0: all
	Rule
	effect EffectInfo
	match  matcher
	spent  *atomic.Bool // no request will be a hit any more
}

// NewArmed returns the rules of a database; none before Refresh.
func NewArmed(db *store.DB, v Vocabulary) *Armed { return &Armed{db: db, vocabulary: v} }

// None reports whether no rule is armed.
func (a *Armed) None() bool { return a.rules.Load() == nil }

// Vocabulary returns what rules may name.
func (a *Armed) Vocabulary() Vocabulary { return a.vocabulary }

// Refresh copies the rules of the database.
func (a *Armed) Refresh(ctx context.Context) error {
	a.reading.Lock()
	defer a.reading.Unlock()
	stored, err := a.db.FaultRules(ctx)
	if err != nil {
		return err
	}
	var rules []armedRule
	for _, s := range stored {
		one := armedRule{id: s.ID, account: s.Account, spent: &atomic.Bool{}}
		if err := json.Unmarshal(s.Rule, &one.Rule); err != nil {
			return fmt.Errorf("read fault rule %d: %w", s.ID, err)
		}
		var ok bool
		if one.effect, ok = effectNamed(one.Effect.Do); !ok { // of a newer version
			continue
		}
		one.match = compile(one.Match, a.vocabulary)
		rules = append(rules, one)
	}
	if rules == nil {
		a.rules.Store(nil)
		return nil
	}
	a.rules.Store(&rules)
	return nil
}

// Arm arms rules that Check has let through, for an account or, where that is 0, for all: all of them or none.
func (a *Armed) Arm(ctx context.Context, account int64, rules ...Rule) ([]store.FaultRule, error) {
	stored := make([]store.FaultRule, len(rules))
	for i, r := range rules {
		text, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("arm a fault: %w", err)
		}
		stored[i] = store.FaultRule{Account: account, Rule: text}
	}
	armed, err := a.db.ArmFaults(ctx, stored)
	if err != nil {
		return nil, err
	}
	return armed, a.Refresh(ctx)
}

// Disarm disarms rules by their ids and lets go on the tasks that they hold. It returns how many were armed. The caller
// wakes the engine.
func (a *Armed) Disarm(ctx context.Context, ids ...int64) (int, error) {
	n, err := a.db.DisarmFaults(ctx, ids)
	if err != nil {
		return 0, err
	}
	return n, a.Refresh(ctx)
}

// Request is what rules look at.
type Request struct {
	Account   int64
	Key       string // name of the API key
	Operation string
	Method    string
	Path      string // without what it is below in its API
	Params    map[string]string
	Body      []byte // JSON; nil: none
	Agent     string
	Phase     string // of the task that is answered with

	Counted bool   // the account's requests are counted already
	Quota   *Quota // is set where a rule limits the account's requests

	subject *subject // nil: not looked up yet
}

// Quota is how many requests of a limit for a minute are left.
type Quota struct{ Limit, Left int }

// Stage is a point in the life of a request at which rules are asked.
type Stage int

// The stages.
const (
	Arrived  Stage = iota // before anything is done
	Answered              // with a task, whose phase is known
	Accepted              // it becomes a task
)

// of reports whether a rule is asked at a stage.
func (r *armedRule) of(stage Stage) bool {
	switch {
	case r.effect.layer == engine:
		return stage == Accepted
	case r.Match.Phase != "":
		return stage == Answered
	}
	return stage == Arrived
}

// Strikes asks the rules, in the order in which they were armed, and counts the request for those that it fits. It
// stops at a strike that leaves nothing to strike for others.
func (a *Armed) Strikes(ctx context.Context, stage Stage, r *Request) (strikes []Strike, err error) {
	rules := a.rules.Load()
	if rules == nil {
		return nil, nil
	}
	for i := range *rules {
		rule := &(*rules)[i]
		if !rule.of(stage) || rule.account != 0 && rule.account != r.Account || rule.spent.Load() {
			continue
		}
		fits, err := a.fits(ctx, rule, r)
		if err != nil {
			return nil, err
		}
		if !fits {
			continue
		}
		strike, hit, err := a.count(ctx, rule, r)
		if err != nil {
			return nil, err
		}
		if !hit {
			continue
		}
		strikes = append(strikes, strike)
		if rule.effect.final {
			break
		}
	}
	return strikes, nil
}

// count counts a request that a rule fits.
func (a *Armed) count(ctx context.Context, rule *armedRule, r *Request) (s Strike, hit bool, err error) {
	s = Strike{Rule: rule.id, Name: rule.Name, Effect: rule.Effect, Kind: rule.Match.Kind}
	if s.Effect.Do == "stale" { // counted by what is shown
		return s, true, nil
	}
	if limit := s.Effect.Limit; limit > 0 {
		count := a.db.CountRequest
		if r.Counted {
			count = a.db.Requests
		}
		used, left, err := count(ctx, r.Account)
		if err != nil {
			return s, false, err
		}
		r.Quota = &Quota{Limit: limit, Left: max(limit-used, 0)}
		if used <= limit {
			return s, false, nil
		}
		if s.Effect.RetryAfter == 0 {
			s.Effect.RetryAfter = int(math.Ceil(left.Seconds()))
		}
	}
	w := rule.When
	m := store.FaultMatch{
		Rule: rule.id, Account: r.Account, Subject: r.counted(w.Per),
		After: w.After, First: w.First, Nth: w.Nth, Every: w.Every, Chance: w.Probability, Seed: w.Seed,
	}
	if w.Window != nil {
		m.From = time.Duration(w.Window.From)
		if w.Window.To != 0 {
			m.To = new(time.Duration(w.Window.To))
		}
	}
	hit, s.N, err = a.db.CountFault(ctx, m)
	if last := max(w.First, w.Nth); last > 0 && w.Per == "" && s.N >= w.After+last {
		rule.spent.Store(true) // it has counted enough
	}
	return s, hit, err
}

// counted is what is counted on its own.
func (r *Request) counted(per string) string {
	switch per {
	case "path":
		return fmt.Sprintf("%d %s %s", r.Account, r.Method, r.Path)
	case "account":
		return fmt.Sprint(r.Account)
	case "key":
		return fmt.Sprintf("%d %s", r.Account, r.Key)
	}
	return ""
}

// Keep returns what a stale read shows, given what is there.
func (a *Armed) Keep(
	ctx context.Context, s Strike, account int64, target, fresh string,
) (shown string, stale bool, err error) {
	return a.db.KeepAnswer(ctx, s.Rule, fmt.Sprintf("%d %s", account, target), fresh, s.Effect.Reads)
}

// Of returns the strikes that do one of some things.
func Of(strikes []Strike, do ...string) (found []Strike) {
	for _, s := range strikes {
		if slices.Contains(do, s.Effect.Do) {
			found = append(found, s)
		}
	}
	return found
}
