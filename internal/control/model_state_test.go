package control_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

func servetestBody(name string) string {
	text, err := json.Marshal(servetest.SubscriptionBody(name))
	if err != nil {
		panic(err) // it is a map of texts
	}
	return string(text)
}

const rulesPath = "/acl/redisRules"

func ruleBody(name string) string { return fmt.Sprintf(`{"name": %q, "redisRule": "+@read ~*"}`, name) }

func (m *model) setClock() {
	a := m.account()
	rate := draw(m, "rate", 0, 0, 1, 60, 10_000.0)
	if rate != 0 && !a.idle() {
		m.Skip("something is under way")
	}
	to := control.ClockSetting{AccountPath: a.path()}
	switch rate {
	case 0:
		to.Mode = sandbox.ClockFrozen
	case 1:
		to.Mode = sandbox.ClockReal
	default:
		to.Mode, to.Rate = sandbox.ClockScaled, rate
	}
	before := time.Now()
	call(m, control.SetClock, to, "")
	now := call(m, control.GetClock, a.path(), "").Now
	least, _ := a.span(before)
	a.rate = max(a.rate, rate) // it has run in one way, and then in the other
	if _, most := a.span(before); now.Before(least) || now.After(most) {
		m.Fatalf("it is %v, want between %v and %v", now, least, most)
	}
	a.rate = rate
	m.readClock(a)
	a.forget()
}

// somewhile draws a length of time.
func (m *model) somewhile() time.Duration {
	return draw(m, "length", 0, time.Second, 2*time.Second, 5*time.Second, 15*time.Second, time.Minute, 4*time.Minute,
		time.Hour, 31*24*time.Hour)
}

// jump sets a clock that stands still, forth or back.
func (m *model) jump() {
	a := m.stopped()
	to := a.now.Add(m.somewhile() * draw[time.Duration](m, "sign", 1, -1))
	if a.policy == "reject" && len(a.steps) > 0 {
		m.Skip("what comes first is chance")
	}
	call(m, control.SetClock, control.ClockSetting{
		AccountPath: a.path(), ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockFrozen, At: &to},
	}, "")
	a.now = to
	a.forget()
	m.settle(a)
	a.forget()
}

// advance lets time pass on a clock that runs or stands still.
func (m *model) advance() {
	a, by := m.account(), m.somewhile()
	before := time.Now()
	passed := call(m, control.AdvanceClock, control.ClockAdvance{
		AccountPath: a.path(), Advance: sandbox.Advance{By: by.String()},
	}, "")
	m.isTime(a, passed.From, before)
	if passed.Moved != by.String() {
		m.Fatalf("%s have passed, want %v", passed.Moved, by)
	}
	if a.rate != 0 {
		a.now = a.now.Add(by)
		a.forget()
		return
	}
	m.passes(a, passed, func() (int, bool) { return a.pass(by, -1, "") })
}

// passes lets time pass in the model as it did on the server.
func (m *model) passes(a *modelled, passed sandbox.Advanced, pass func() (events int, idle bool)) {
	m.Helper()
	at := a.now
	exact := true // a task that takes no time may be processed by another worker, untold
	for _, t := range a.tasks {
		exact = exact && (t.work > 0 || !t.ended.IsZero())
	}
	events, _ := pass()
	if moved := a.now.Sub(at); passed.Moved != moved.String() || exact && passed.Count != events {
		m.Fatalf("time has passed by %s with %d events %+v, want %v with %d", passed.Moved, passed.Count, passed.Events,
			moved, events)
	}
	a.forget()
	m.settle(a)
}

func (m *model) step() {
	a := m.stopped()
	n := rapid.IntRange(1, 3).Draw(m.T, "events")
	events, idle := a.clone().pass(-1, n, "")
	m.passesUntil(a, sandbox.Advance{Events: n}, idle && events == 0, func() (int, bool) { return a.pass(-1, n, "") })
}

// passesUntil lets time pass until something comes, or nothing more does.
func (m *model) passesUntil(a *modelled, to sandbox.Advance, vain bool, pass func() (events int, idle bool)) {
	in := control.ClockAdvance{AccountPath: a.path(), Advance: to}
	if vain {
		call(m, control.AdvanceClock, in, "NOTHING_COMES")
		pass()
		m.settle(a)
		return
	}
	m.passes(a, call(m, control.AdvanceClock, in, ""), pass)
}

func (m *model) advanceUntilIdle() { m.untilIdle(m.stopped()) }

func (m *model) untilIdle(a *modelled) {
	passed := call(m, control.AdvanceClock, control.ClockAdvance{
		AccountPath: a.path(), Advance: sandbox.Advance{Idle: true},
	}, "")
	m.passes(a, passed, func() (int, bool) { return a.pass(-1, -1, "") })
}

func (m *model) advanceUntilTask() {
	a := m.stopped()
	t := one(m, "task", a.tasks)
	_, idle := a.clone().pass(-1, -1, t.id)
	m.passesUntil(a, sandbox.Advance{Task: t.id}, idle, func() (int, bool) { return a.pass(-1, -1, t.id) })
}

// stuck has a task be held by a rule.
func (m *model) stuck() {
	a := m.stopped()
	k, ok := a.key(func(k key) bool { return k.role == "Owner" && !k.nowhere })
	if !ok || slices.ContainsFunc(m.allRules(), func(r *rule) bool { return r.do == "status" }) {
		m.Skip("it may not come so far")
	}
	r := &rule{do: "task-stuck", operation: createRule, every: 1}
	m.armRule(r, a)
	m.named++
	name := fmt.Sprintf("rule%d", m.named)
	m.startWith(a, k, task{operation: createRule, name: name}, http.MethodPost, rulesPath, ruleBody(name))
	m.untilIdle(a)
}

func (m *model) arm() {
	r := &rule{do: draw(m, "effect", "status", "status", "task-stuck", "task-error")}
	r.operation = draw(m, "operation", "create*", createSubscription, "*", listSubscriptions)
	if r.do != "status" && r.operation == listSubscriptions {
		r.operation = deleteRule
	}
	switch n := int64(rapid.IntRange(1, 3).Draw(m.T, "number")); draw(m, "when", "first", "nth", "every") {
	case "first":
		r.first = n
	case "nth":
		r.nth = n
	default:
		r.every = n
	}
	r.after = int64(rapid.IntRange(0, 2).Draw(m.T, "after"))
	if m.chance("for one account") {
		m.armRule(r, m.account())
		return
	}
	m.armRule(r, nil)
}

// armRule arms a rule for an account; nil: for all.
func (m *model) armRule(r *rule, a *modelled) {
	effect := map[string]any{"do": r.do}
	switch r.do {
	case "status":
		effect["status"] = 503
	case "task-error":
		effect["code"] = "GENERAL_ERROR"
	}
	match := map[string]any{"operation": r.operation}
	if a != nil {
		match["account"] = a.ref()
	}
	text, err := json.Marshal(map[string]any{
		"match": match, "effect": effect,
		"when": map[string]any{"first": r.first, "nth": r.nth, "every": r.every, "after": r.after},
	})
	if err != nil {
		m.Fatal(err)
	}
	r.id = call(m, control.ArmFault, sandbox.NewFault{Rule: text}, "").Faults[0].ID
	if a == nil {
		m.rules = append(m.rules, r)
	} else {
		a.rules = append(a.rules, r)
	}
}

func (m *model) disarm() {
	r := one(m, "rule", m.allRules())
	call(m, control.DisarmFault, control.FaultPath{Fault: fmt.Sprint(r.id)}, "")
	m.disarmed(r)
}

func (m *model) clear() {
	if m.chance("all") {
		all := m.allRules()
		if n := call(m, control.ClearFaults, control.FaultQuery{}, "").Disarmed; n != len(all) {
			m.Fatalf("disarmed %d rules, want %d", n, len(all))
		}
		m.disarmed(all...)
		return
	}
	a := m.account()
	if n := call(m, control.ClearFaults, control.FaultQuery{Account: a.ref()}, "").Disarmed; n != len(a.rules) {
		m.Fatalf("disarmed %d rules, want %d", n, len(a.rules))
	}
	m.disarmed(slices.Clone(a.rules)...)
}

// disarmed lets go on what rules hold.
func (m *model) disarmed(rules ...*rule) {
	global := life{rules: m.rules}
	global.disarm(rules)
	m.rules = global.rules
	for _, a := range m.accounts {
		a.disarm(rules)
		if h := a.head(); h != nil && h.held && h.struck.gone {
			h.held, h.due = false, a.now
			m.settle(a)
		}
	}
}

func (m *model) snapshotName() string { return m.prefix + draw(m, "snapshot", "one", "two") }

func (m *model) save() {
	a, name := m.account(), m.snapshotName()
	in := control.SaveInput{
		SnapshotPath: control.SnapshotPath{Snapshot: name}, Account: a.ref(), Replace: m.chance("replace"),
	}
	if m.snapshots[name] != nil && !in.Replace {
		call(m, control.SaveSnapshot, in, "SNAPSHOT_NAME_TAKEN")
		return
	}
	call(m, control.SaveSnapshot, in, "")
	m.snapshots[name] = &snapshot{account: a.name, at: a.now, running: a.rate != 0, life: a.clone()}
}

func (m *model) load() {
	a, name := m.account(), m.snapshotName()
	in := control.SnapshotInput{AccountPath: a.path(), Snapshot: name}
	s := m.snapshots[name]
	if s == nil {
		call(m, control.LoadSnapshot, in, "SNAPSHOT_NOT_FOUND")
		return
	}
	call(m, control.LoadSnapshot, in, "")
	a.disarm(a.rules)
	a.life = s.clone()
	m.arrived(a)
}

// arrived learns of the rules that came along with a state, and lets it go on.
func (m *model) arrived(a *modelled) {
	armed := call(m, control.ListFaults, control.FaultQuery{Account: a.ref()}, "").Faults
	if len(armed) != len(a.rules) {
		m.Fatalf("armed are %+v, want %d", armed, len(a.rules))
	}
	for i, f := range armed {
		a.rules[i].id = f.ID
	}
	if h := a.head(); h != nil && h.held && h.struck.gone {
		h.held, h.due = false, a.now
	}
	m.settle(a)
}

func (m *model) deleteSnapshot() {
	name := m.snapshotName()
	code := ""
	if m.snapshots[name] == nil {
		code = "SNAPSHOT_NOT_FOUND"
	}
	call(m, control.DeleteSnapshot, control.SnapshotPath{Snapshot: name}, code)
	delete(m.snapshots, name)
}

// byFile makes a snapshot of another one by way of a file.
func (m *model) byFile() {
	from, to := one(m, "from", slices.Sorted(maps.Keys(m.snapshots))), m.snapshotName()
	s := m.snapshots[from]
	file := call(m, control.ExportSnapshot, control.SnapshotPath{Snapshot: from}, "")
	in := control.ImportInput{
		SnapshotPath: control.SnapshotPath{Snapshot: to}, File: file, Replace: m.chance("replace"),
	}
	if m.snapshots[to] != nil && !in.Replace {
		call(m, control.ImportSnapshot, in, "SNAPSHOT_NAME_TAKEN")
		return
	}
	call(m, control.ImportSnapshot, in, "")
	imported := &snapshot{account: s.account, at: s.at, running: s.running, life: s.clone()}
	for i := range imported.tasks { // rules for all accounts are not in the file
		if r := imported.tasks[i].struck; r != nil && !imported.has(r) {
			other := *r
			other.gone = true
			imported.tasks[i].struck = &other
		}
	}
	m.snapshots[to] = imported
}

func (m *model) fork() {
	if len(m.accounts) == mostAccounts {
		m.Skip("there are enough")
	}
	a, name := m.account(), m.newName()
	in := control.ForkInput{AccountPath: a.path(), Name: name}
	if m.nameTaken(name) {
		call(m, control.ForkAccount, in, "ACCOUNT_NAME_TAKEN")
		return
	}
	made := call(m, control.ForkAccount, in, "")
	m.arrived(m.add(made, name, a.clone()))
}

func (m *model) reset() {
	a := m.account()
	with := sandbox.Reset{Rules: m.chance("rules"), Clock: m.chance("clock")}
	call(m, control.ResetAccount, control.ResetInput{AccountPath: a.path(), Reset: with}, "")
	m.wasReset(a, with)
}

func (m *model) resetAll() {
	with := sandbox.Reset{Rules: m.chance("rules"), Clock: m.chance("clock")}
	call(m, control.ResetAccounts, with, "")
	for _, a := range m.accounts {
		m.changed = append(m.changed, a)
		m.wasReset(a, with)
	}
}

func (m *model) wasReset(a *modelled, with sandbox.Reset) {
	a.reset(with.Rules, with.Clock)
	if with.Clock {
		a.now, a.known, a.until = time.Now(), time.Now(), time.Now()
		m.lookAtClock(a)
		m.readClock(a)
	}
}
