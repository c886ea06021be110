package control_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

const listSubscriptions = "listProSubscriptions"

// A round has no more accounts.
const mostAccounts = 4

// newName draws a name, which another account may have; empty: none is given.
func (m *model) newName() string {
	return draw(m, "name", "", m.prefix+"ann", m.prefix+"bob", m.prefix+"cat")
}

func (m *model) nameTaken(name string) bool {
	return slices.ContainsFunc(m.accounts, func(a *modelled) bool { return name != "" && a.name == name })
}

func (m *model) newAccount() {
	if len(m.accounts) == mostAccounts {
		m.Skip("there are enough")
	}
	name := m.newName()
	if m.nameTaken(name) {
		call(m, control.CreateAccount, sandbox.NewAccount{Name: name}, "ACCOUNT_NAME_TAKEN")
		return
	}
	m.createAccount(name)
}

func (m *model) createAccount(name string) {
	made := call(m, control.CreateAccount, sandbox.NewAccount{Name: name}, "")
	a := m.add(made, name, newLife())
	if rapid.IntRange(0, 3).Draw(m.T, "its clock runs") < 3 {
		a.rate = 0
		call(m, control.SetClock, control.ClockSetting{
			AccountPath: a.path(), ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockFrozen},
		}, "")
	}
	m.readClock(a)
}

// add adds an account that was made.
func (m *model) add(made control.CreatedAccount, name string, l *life) *modelled {
	if name != "" && made.Account.Name != name || m.nameTaken(made.Account.Name) {
		m.Fatalf("an account %q is called %q", name, made.Account.Name)
	}
	a := &modelled{id: made.Account.ID, name: made.Account.Name, life: l}
	keys := call(m, control.ListKeys, a.path(), "").Keys
	if len(keys) != 1 || keys[0].Role != "Owner" {
		m.Fatalf("a new account has the keys %+v", keys)
	}
	a.keys = []key{{id: keys[0].ID, name: keys[0].Name, role: "Owner", pair: made.Keys}}
	m.accounts, m.changed = append(m.accounts, a), append(m.changed, a)
	return a
}

func (m *model) changeAccount() {
	a := m.account()
	change := control.AccountChange{AccountPath: a.path()}
	if m.chance("rename") {
		name := m.newName()
		if name == "" || name != a.name && m.nameTaken(name) {
			change.Name = &name
			call(m, control.ChangeAccount, change, map[bool]string{true: "BAD_REQUEST", false: "ACCOUNT_NAME_TAKEN"}[name == ""])
			return
		}
		a.name, change.Name = name, &name
	}
	policy := draw(m, "policy", "queue", "reject", "default")
	change.CapPolicy = &policy
	call(m, control.ChangeAccount, change, "")
	if a.policy = policy; policy == "default" {
		a.policy = ""
	}
}

func (m *model) deleteAccount() {
	if len(m.accounts) == 1 {
		m.Skip("it is the last one")
	}
	a := m.account()
	call(m, control.DeleteAccount, account(draw(m, "reference", a.ref(), a.name)), "")
	call(m, control.GetAccount, a.path(), "ACCOUNT_NOT_FOUND")
	for _, k := range a.keys {
		m.dead = append(m.dead, k.pair)
	}
	m.accounts = slices.DeleteFunc(m.accounts, func(other *modelled) bool { return other == a })
}

func (m *model) mintKey() {
	a := m.account()
	m.named++
	k := key{name: fmt.Sprintf("key%d", m.named), role: draw(m, "role", "Owner", "Viewer"), nowhere: m.chance("nowhere")}
	spec := control.NewKey{AccountPath: a.path(), NewKey: sandbox.NewKey{Name: k.name, Role: k.role}}
	if k.nowhere {
		spec.AllowFrom = []string{"192.0.2.0/24"}
	}
	if m.chance("a name twice") {
		spec.Name = a.keyed(m).name
		call(m, control.CreateKey, spec, "KEY_NAME_TAKEN")
		return
	}
	if m.chance("a dead pair") {
		pair := one(m, "pair", a.revoked)
		spec.APIKey, spec.APISecretKey = pair.APIKey, pair.APISecretKey
		call(m, control.CreateKey, spec, "KEY_TAKEN")
		return
	}
	made := call(m, control.CreateKey, spec, "")
	k.id, k.pair = made.Key.ID, made.Keys
	a.keys = append(a.keys, k)
}

// keyed draws a key of the account.
func (a *modelled) keyed(m *model) *key {
	one(m, "key", a.keys)
	return &a.keys[rapid.IntRange(0, len(a.keys)-1).Draw(m.T, "which")]
}

func (m *model) keyPath(a *modelled, k *key) control.KeyPath {
	return control.KeyPath{AccountPath: a.path(), Key: draw(m, "reference", fmt.Sprint(k.id), k.name)}
}

func (m *model) rotateKey() {
	a := m.account()
	k := a.keyed(m)
	rotated := call(m, control.RotateKey, m.keyPath(a, k), "")
	m.dead, a.revoked = append(m.dead, k.pair), append(a.revoked, k.pair)
	k.pair = rotated.Keys
}

func (m *model) revokeKey() {
	a := m.account()
	k := a.keyed(m)
	call(m, control.RevokeKey, m.keyPath(a, k), "")
	m.dead, a.revoked = append(m.dead, k.pair), append(a.revoked, k.pair)
	a.keys = slices.DeleteFunc(a.keys, func(other key) bool { return other.id == k.id })
}

func (m *model) useDeadKey() {
	m.ask(nil, key{pair: one(m, "pair", m.dead)}, listSubscriptions, http.MethodGet, "/subscriptions", "")
}

func (m *model) list() {
	a := m.account()
	m.ask(a, *a.keyed(m), listSubscriptions, http.MethodGet, "/subscriptions", "")
}

// create asks for a subscription or a rule.
func (m *model) create() {
	a := m.account()
	m.named++
	t := task{operation: createSubscription, name: fmt.Sprintf("sub%d", m.named)}
	path, body := "/subscriptions", servetestBody(t.name)
	if m.chance("rule") {
		t.operation, t.name = createRule, fmt.Sprintf("rule%d", m.named)
		path, body = rulesPath, ruleBody(t.name)
	}
	m.start(a, t, http.MethodPost, path, body)
}

func (m *model) deleteARule() {
	a := m.account()
	var rules []resource
	for _, r := range a.resources {
		asked := slices.ContainsFunc(a.tasks, func(t task) bool { return t.target == r.id && t.ended.IsZero() })
		if r.kind == ruleKind && r.status == "active" && !asked {
			rules = append(rules, r)
		}
	}
	r := one(m, "rule", rules)
	m.start(a, task{operation: deleteRule, target: r.id}, http.MethodDelete, fmt.Sprintf("/acl/redisRules/%d", r.id), "")
}

// start sends a request that becomes a task.
func (m *model) start(a *modelled, t task, method, path, body string) {
	k, ok := a.key(func(k key) bool { return k.role == "Owner" && !k.nowhere })
	if !ok || m.chance("with any key") {
		k = *a.keyed(m)
	}
	m.startWith(a, k, t, method, path, body)
}

func (m *model) startWith(a *modelled, k key, t task, method, path, body string) {
	if a.rate != 0 && !m.quick(a) {
		m.Skip("that would take too long")
	}
	status, answer, carried := m.ask(a, k, t.operation, method, path, body)
	if !carried {
		return
	}
	var accepted struct{ TaskID string }
	if err := json.Unmarshal([]byte(answer), &accepted); err != nil || status != http.StatusAccepted {
		m.Fatalf("%s %s is answered with %d %s", method, path, status, answer)
	}
	t.id, t.struck = accepted.TaskID, m.strikes(a, t.operation, "task-stuck", "task-error")
	a.accept(t)
	if a.rate == 0 {
		m.settle(a)
		return
	}
	if out := call(m, control.Wait, control.Await{Account: a.ref(), Idle: true, Timeout: "20s"}, ""); !out.Reached {
		m.Fatalf("waited in vain for account %d to be idle: %+v", a.id, out)
	}
	m.readClock(a)
	now := a.now
	a.flush()
	a.now = now
	m.settle(a)
}

// quick reports whether an account whose clock runs is done with a task by itself, and soon. Where it is, it is idle.
func (m *model) quick(a *modelled) bool {
	for _, r := range slices.Concat(m.rules, a.rules) {
		if r.do == "task-stuck" {
			return false
		}
	}
	takes := a.takes("change") + a.takes("subscription.creation") + a.takes("access-control.change")
	return a.idle() && time.Duration(float64(takes)/a.rate) < time.Second/2
}

func (m *model) setDurations() {
	a := m.account()
	change := control.DurationsChange{AccountPath: a.path()}
	name := draw(m, "work", "", "change", createSubscription, "subscription.creation", "access-control.change")
	if name == "" {
		speed := draw(m, "speed", -1.0, 0, 10)
		change.Speed = &speed
		if a.speed = &speed; speed < 0 {
			a.speed = nil
		}
	} else {
		length := draw(m, "length", -1, 0, 1500*time.Millisecond, 7*time.Second, 10*time.Minute)
		text := length.String()
		if a.lengths[name] = length; length < 0 {
			text = "usual"
			delete(a.lengths, name)
		}
		change.Lengths = map[string]string{name: text}
	}
	is := call(m, control.SetDurations, change, "")
	for _, l := range is.Lengths {
		own, ok := a.lengths[l.Name]
		if ok != (l.Own != "") || ok && l.Own != own.String() {
			m.Fatalf("%+v is to take %v", l, own)
		}
	}
}

func (m *model) resetDurations() {
	a := m.account()
	call(m, control.ResetDurations, a.path(), "")
	a.speed, a.lengths = nil, map[string]time.Duration{}
}
