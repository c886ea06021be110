package control_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

func TestFaultRulesAreArmedAndDisarmed(t *testing.T) {
	t.Parallel()
	f := start(t)
	mine := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "mine"})
	other := must(t, f, control.CreateAccount, sandbox.NewAccount{})
	armed := must(t, f, control.ArmFault, sandbox.NewFault{Rule: json.RawMessage(`{
		"name": "busy", "match": {"account": "mine", "operation": "list*"}, "when": {"first": 1},
		"effect": {"do": "status", "status": 503}
	}`)})
	if len(armed.Faults) != 1 || armed.Faults[0].Account != mine.Account.ID {
		t.Fatalf("armed %+v, want one rule of account %d", armed, mine.Account.ID)
	}
	for i, want := range []int{http.StatusServiceUnavailable, http.StatusOK} {
		if status := f.get(t, mine.Keys); status != want {
			t.Errorf("request %d: got %d, want %d", i, status, want)
		}
	}
	if status := f.get(t, other.Keys); status != http.StatusOK {
		t.Errorf("another account: got %d", status)
	}
	path := control.FaultPath{Fault: "1"}
	if one := must(t, f, control.GetFault, path); one.Hits != 1 || one.LastHit == nil || one.Rule.Name != "busy" {
		t.Errorf("the rule is %+v, want one hit", one)
	}
	must(t, f, control.ArmFault, sandbox.NewFault{
		Preset: "rush-hour", Rule: json.RawMessage(`{"match":{"account":"` + other.Account.Name + `"}}`),
	})
	if list := must(t, f, control.ListFaults, control.FaultQuery{Account: other.Account.Name}); len(list.Faults) != 5 {
		t.Errorf("rules of the other account: %+v, want the five of the bundle", list)
	}
	must(t, f, control.DisarmFault, path)
	refused(t, f, "FAULT_NOT_FOUND", control.DisarmFault, path)
	refused(t, f, "FAULT_NOT_FOUND", control.GetFault, path)
	if cleared := must(t, f, control.ClearFaults, control.FaultQuery{}); cleared.Disarmed != 5 {
		t.Errorf("cleared %+v, want 5", cleared)
	}
	if presets := must(t, f, control.ListFaultPresets, control.None{}).Presets; len(presets) < 34 {
		t.Errorf("there are %d presets and bundles", len(presets))
	}
	if effects := must(t, f, control.ListFaultEffects, control.None{}).Effects; len(effects) < 20 {
		t.Errorf("there are %d effects", len(effects))
	}
}

// What a rule names must be there; the refusal names what is most like it.
func TestRefusalsOfFaultRulesNameTheNearest(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, tt := range []struct{ preset, rule, want string }{
		{"", `{"match":{"operation":"getTsk"},"effect":{"do":"empty"}}`, "getTask?"},
		{"", `{"effect":{"do":"latensy","fixed":"1s"}}`, "latency?"},
		{"", `{"effect":{"do":"latency","fixd":"1s"}}`, "fixed?"},
		{"", `{"efect":{"do":"latency","fixed":"1s"}}`, "effect?"},
		{"", `{"match":{"operation":"getProDatabase"},"effect":{"do":"drop","members":["databasId"]}}`, "databaseId?"},
		{"", `{"match":{"kind":"databse"},"effect":{"do":"empty"}}`, "database?"},
		{"", `{"effect":{"do":"task-error","code":"GENERAL_EROR"}}`, "GENERAL_ERROR?"},
		{"rate-492", ``, "rate-429?"},
		{"", `{"effect":{"do":"status","status":200,"members":["name"]}}`, "takes no members"},
		{"", `{"effect":{"do":"status"}}`, "needs status"},
		{"", `{"when":{"first":1,"every":2},"effect":{"do":"empty"}}`, "only one of"},
		{"", `{"when":{"window":{"to":"1m"}},"effect":{"do":"empty"}}`, "match.account"},
		{"", `{"match":{"operation":"getTask"},"effect":{"do":"task-stuck"}}`, "none of these operations"},
		{"", `{"match":{"path":"/subscritions/*"},"effect":{"do":"empty"}}`, "/subscriptions?"},
		{"", `{"match":{"path":"/subscriptions/7/database"},"effect":{"do":"empty"}}`, "no path /subscriptions/7/database"},
		{"", `{"match":{"operation":["listProSubscriptions","getTsk"]},"effect":{"do":"empty"}}`, "getTask?"},
		{"", `{"match":{"operation":"gett*"},"effect":{"do":"empty"},"wehn":{}}`, "when?"},
		{"", `{"match":{"opertion":"getTask"},"effect":{"do":"empty"}}`, "match.opertion (did you mean operation?)"},
		{"", `{"match":{"useragent":"x"},"effect":{"do":"empty"}}`, "match.useragent (did you mean userAgent?)"},
		{"", `{"when":{"frist":1},"effect":{"do":"empty"}}`, "when.frist (did you mean first?)"},
		{
			"", `{"match":{"account":"Demo"},"when":{"window":{"form":"1m"}},"effect":{"do":"empty"}}`,
			"when.window.form (did you mean from?)",
		},
		{"", `{"when":{"per":"acount"},"effect":{"do":"empty"}}`, "account?"},
		{"", `{"match":{"phase":"runing"},"effect":{"do":"empty"}}`, "running?"},
		{"", `{"match":{"method":"PSOT"},"effect":{"do":"empty"}}`, "POST?"},
		{"", `{"effect":{"do":"reset","at":"befor"}}`, "before?"},
		{"", `{"effect":{"do":"drop","members":["name","statu"]}}`, "status?"},
		{"", `{"effect":{"do":"drop","members":["response.resourceIdd"]}}`, "resourceId?"},
		{"", `{"effect":{"do":"rename","names":{"taskIdd":"id"}}}`, "taskId?"},
		{"", `{"effect":{"do":"set","values":{"statsu":"x"}}}`, "status?"},
		{"", `{"match":{"operation":"createProSubscription"},"effect":{"do":"ignore","members":["dryrun"]}}`, "dryRun?"},
		{"", `{"effect":{"do":"drop","member":["name"]}}`, "effect.member (did you mean members?)"},
		{"", `{"Effect":{"do":"empty"}}`, "effect?"},
		{"rate-429", `{"match":{"operation":"getTsk"}}`, "getTask?"},
		{"rush-huor", ``, "rush-hour?"},
		{"", `{"effect":{"do":5}}`, "ffect.do cannot be a number"},
		{"", `{"effect":["empty"]}`, "ffect cannot be a"},
		{"", `{"match":{"operation":5},"effect":{"do":"empty"}}`, "cannot be a number"},
		{"", `{"effect":null}`, "needs an effect"},
		{"", `{"effect":{"do":"latency","fixed":"-1s"}}`, "before now"},
		{"", `{"effect":{"do":"latency","fixed":"99999999h"}}`, "99999999h"},
		{"", `{"effect":{"do":"` + strings.Repeat("x", 500_000) + `"}}`, "here is no effect"},
		{"", `{"match":{"path":"` + strings.Repeat("/a", 5_000) + `"},"effect":{"do":"empty"}}`, "here is no path"},
	} {
		spec := sandbox.NewFault{Preset: tt.preset, Rule: json.RawMessage(tt.rule)}
		_, err := control.ArmFault.Call(t.Context(), f.client, spec)
		problem, ok := err.(*control.Problem) //nolint:errorlint // Call does not wrap it
		if !ok || problem.Code != "FAULT_INVALID" || !strings.Contains(problem.Detail, tt.want) {
			t.Errorf("%s %s: got %v, want a refusal that says %q", tt.preset, tt.rule, err, tt.want)
		}
	}
	if list := must(t, f, control.ListFaults, control.FaultQuery{}); len(list.Faults) != 0 {
		t.Errorf("armed: %+v", list)
	}
}
