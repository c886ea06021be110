package control_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// settle waits until the server has done what is due in an account, as the model has.
func (m *model) settle(a *modelled) {
	m.Helper()
	a.work()
	wait := func(in control.Await) {
		m.Helper()
		in.Account, in.Timeout = a.ref(), "20s"
		if out := call(m, control.Wait, in, ""); !out.Reached {
			m.Fatalf("waited in vain for %+v: it is %+v", in, out)
		}
	}
	for i := range a.tasks {
		if t := &a.tasks[i]; t.seen != t.status {
			if t.status != "received" {
				wait(control.Await{Task: t.id, State: t.status})
			}
			t.seen = t.status
		}
	}
	for i := range a.resources {
		if r := &a.resources[i]; r.seen != r.status {
			wait(control.Await{Resource: fmt.Sprintf("%s/%d", r.kind, r.id), State: r.status})
			r.seen = r.status
		}
	}
}

// lookAtSome looks at the accounts that the last command changed.
func (m *model) lookAtSome() {
	for _, a := range m.changed {
		if slices.Contains(m.accounts, a) {
			m.look(a)
		}
	}
	m.changed = nil
}

func (m *model) lookAtAll() {
	for _, a := range m.accounts {
		m.look(a)
	}
	var have []string
	for _, s := range call(m, control.ListSnapshots, control.None{}, "").Snapshots {
		want := m.snapshots[s.Name]
		if want == nil || s.Account != want.account || s.Resources != len(want.resources) || s.Tasks != len(want.tasks) ||
			!want.running && !s.StateAt.Equal(want.at) {
			m.Fatalf("there is the snapshot %+v, want %+v", s, want)
		}
		have = append(have, s.Name)
	}
	if len(have) != len(m.snapshots) {
		m.Fatalf("the snapshots are %v, want %d", have, len(m.snapshots))
	}
	if armed := call(m, control.ListFaults, control.FaultQuery{}, "").Faults; len(armed) != len(m.allRules()) {
		m.Fatalf("armed are %+v, want %d", armed, len(m.allRules()))
	}
}

func (m *model) allRules() []*rule {
	all := slices.Clone(m.rules)
	for _, a := range m.accounts {
		all = append(all, a.rules...)
	}
	return all
}

// look holds all that can be seen of an account against the model.
func (m *model) look(a *modelled) {
	m.Helper()
	is := call(m, control.GetAccount, account(draw(m, "reference", a.ref(), a.name)), "")
	if is.ID != a.id || is.Name != a.name || is.CapPolicy != a.policy || is.Resources != len(a.resources) ||
		is.PendingTasks != a.pending() {
		m.Fatalf("the account is %+v, want %q with policy %q, %d resources and %d pending tasks",
			is, a.name, a.policy, len(a.resources), a.pending())
	}
	m.lookAtClock(a)
	m.lookAtTasks(a)
	m.lookAtKeys(a)
	armed := call(m, control.ListFaults, control.FaultQuery{Account: a.ref()}, "").Faults
	for i, r := range a.rules {
		if len(armed) != len(a.rules) || armed[i].ID != r.id || armed[i].Hits != r.hits || armed[i].Rule.Effect.Do != r.do {
			m.Fatalf("armed are %+v, want %+v as number %d", armed, r, i)
		}
	}
	if len(armed) != len(a.rules) {
		m.Fatalf("armed are %+v, want none", armed)
	}
	m.lookAtResources(a)
}

func (m *model) lookAtClock(a *modelled) {
	m.Helper()
	before := time.Now()
	c := call(m, control.GetClock, a.path(), "")
	m.isTime(a, c.Now, before)
	mode := sandbox.ClockScaled
	switch a.rate {
	case 0:
		mode = sandbox.ClockFrozen
	case 1:
		mode = sandbox.ClockReal
	}
	next, ok := a.next()
	if c.Mode != mode || c.Rate != a.rate || c.PendingTasks != a.pending() || c.PendingSteps != len(a.steps) ||
		ok && (len(c.Next) == 0 || !c.Next[0].At.Equal(next)) {
		m.Fatalf("the clock is %+v, want it %s at %v, with %d tasks, %d steps and %v next", c, mode, a.rate, a.pending(),
			len(a.steps), next)
	}
}

// isTime holds what a clock showed against the model; it was read after a real time.
func (m *model) isTime(a *modelled, now, before time.Time) {
	m.Helper()
	if least, most := a.span(before); now.Before(least) || now.After(most) {
		m.Fatalf("it is %v, want between %v and %v", now, least, most)
	}
}

// span is what the clock may have shown between a real time and now.
func (a *modelled) span(from time.Time) (least, most time.Time) {
	passed := func(d time.Duration) time.Duration { return time.Duration(float64(d) * a.rate) }
	slack := passed(10 * time.Millisecond) // the clocks of two processes
	return a.now.Add(passed(from.Sub(a.until)) - slack), a.now.Add(passed(time.Since(a.known)) + slack)
}

// readClock sets the clock of the model by what the server shows.
func (m *model) readClock(a *modelled) {
	before := time.Now()
	a.now = call(m, control.GetClock, a.path(), "").Now
	a.known, a.until = before, time.Now()
}

func (m *model) lookAtTasks(a *modelled) {
	m.Helper()
	list := call(m, control.ListTasks, control.TaskList{Account: a.ref(), Limit: 1000}, "").Tasks
	if len(list) != len(a.tasks) {
		m.Fatalf("the tasks are %+v, want %+v", list, a.tasks)
	}
	slices.Reverse(list)
	for i, t := range a.tasks {
		if is := list[i]; is.ID != t.id || is.Status != t.status || is.Operation != t.operation ||
			a.rate == 0 && t.made != 0 && is.ResourceID != t.made {
			m.Fatalf("a task is %+v, want %+v", is, t)
		}
	}
}

func (m *model) lookAtKeys(a *modelled) {
	m.Helper()
	list := call(m, control.ListKeys, a.path(), "").Keys
	if len(list) != len(a.keys) {
		m.Fatalf("the keys are %+v, want %+v", list, a.keys)
	}
	for i, k := range a.keys {
		if is := list[i]; is.ID != k.id || is.Name != k.name || is.Role != k.role || (len(is.AllowFrom) > 0) != k.nowhere {
			m.Fatalf("a key is %+v, want %+v", is, k)
		}
	}
}

// lookAtResources holds what the API shows against the model.
func (m *model) lookAtResources(a *modelled) {
	m.Helper()
	reader, ok := a.key(func(k key) bool { return !k.nowhere })
	if !ok {
		return
	}
	for _, of := range []struct{ kind, operation, path, list string }{
		{subscriptionKind, listSubscriptions, "/subscriptions", "subscriptions"},
		{ruleKind, "listAclRedisRules", rulesPath, "redisRules"},
	} {
		status, answer, carried := m.ask(a, reader, of.operation, http.MethodGet, of.path, "")
		if !carried {
			continue
		}
		var lists map[string]json.RawMessage
		var list []struct {
			ID           int64
			Name, Status string
			IsDefault    bool
		}
		if status != http.StatusOK || json.Unmarshal([]byte(answer), &lists) != nil ||
			json.Unmarshal(lists[of.list], &list) != nil {
			m.Fatalf("%s is answered with %d %s", of.path, status, answer)
		}
		var is, want []string
		for _, r := range list {
			if !r.IsDefault {
				is = append(is, fmt.Sprintf("%d %s %s", r.ID, r.Name, r.Status))
			}
		}
		for _, r := range a.resources {
			if r.kind == of.kind {
				want = append(want, fmt.Sprintf("%d %s %s", r.id, r.name, r.status))
			}
		}
		slices.Sort(is)
		slices.Sort(want)
		if !slices.Equal(is, want) {
			m.Fatalf("%s shows\n%s\nwant\n%s", of.path, strings.Join(is, "\n"), strings.Join(want, "\n"))
		}
	}
}

// key returns the first key of an account that is as asked for.
func (a *modelled) key(is func(key) bool) (k key, ok bool) {
	i := slices.IndexFunc(a.keys, is)
	if i < 0 {
		return k, false
	}
	return a.keys[i], true
}

// lookForNothing names what is not there.
func (m *model) lookForNothing() {
	nobody, nothing := account(m.prefix+"nobody"), control.SnapshotPath{Snapshot: m.prefix + "nothing"}
	call(m, control.GetAccount, nobody, "ACCOUNT_NOT_FOUND")
	call(m, control.DeleteAccount, nobody, "ACCOUNT_NOT_FOUND")
	call(m, control.GetClock, nobody, "ACCOUNT_NOT_FOUND")
	call(m, control.ForkAccount, control.ForkInput{AccountPath: nobody}, "ACCOUNT_NOT_FOUND")
	call(m, control.ResetAccount, control.ResetInput{AccountPath: nobody}, "ACCOUNT_NOT_FOUND")
	call(m, control.ExportSnapshot, nothing, "SNAPSHOT_NOT_FOUND")
	call(m, control.DeleteSnapshot, nothing, "SNAPSHOT_NOT_FOUND")
	call(m, control.DisarmFault, control.FaultPath{Fault: "0"}, "FAULT_NOT_FOUND")
	a := m.account()
	call(m, control.RevokeKey, control.KeyPath{AccountPath: a.path(), Key: "nobody"}, "KEY_NOT_FOUND")
	call(m, control.LoadSnapshot, control.SnapshotInput{AccountPath: a.path(), Snapshot: nothing.Snapshot},
		"SNAPSHOT_NOT_FOUND")
}
