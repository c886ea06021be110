package control_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// statuses lets all happen in an account that can, and returns what has become of tasks.
func (f *fixture) statuses(t *testing.T, ref string, tasks ...string) (statuses []string) {
	t.Helper()
	must(t, f, control.AdvanceClock, control.ClockAdvance{AccountPath: account(ref), Advance: sandbox.Advance{Idle: true}})
	for _, id := range tasks {
		task := must(t, f, control.GetTask, control.TaskPath{Task: id, Account: ref})
		statuses = append(statuses, task.Status)
	}
	return statuses
}

// arm arms the preset of stuck tasks for an account and returns the id of its rule.
func (f *fixture) arm(t *testing.T, ref string) string {
	t.Helper()
	armed := must(t, f, control.ArmFault, sandbox.NewFault{
		Preset: "task-stuck", Rule: json.RawMessage(fmt.Sprintf(`{"match": {"account": %q}}`, ref)),
	})
	return fmt.Sprint(armed.Faults[0].ID)
}

// rules are the ids of the rules of an account.
func (f *fixture) rules(t *testing.T, ref string) (ids []string) {
	t.Helper()
	for _, rule := range must(t, f, control.ListFaults, control.FaultQuery{Account: ref}).Faults {
		ids = append(ids, fmt.Sprint(rule.ID))
	}
	return ids
}

// Wherever a state with tasks that are held is copied to, they are freed by the rules there and no others.
func TestStuckTasksAreFreedByTheirOwnRules(t *testing.T) {
	t.Parallel()
	f := start(t)
	one := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "one"})
	f.arm(t, f.account(t).Account.Name) // ids are others in each account
	f.arm(t, "one")
	f.arm(t, "one")
	tasks := []string{
		f.task(t, one.Keys, http.MethodPost, "/subscriptions", newSubscription),
		f.task(t, one.Keys, http.MethodPost, "/subscriptions", newSubscription),
	}
	held, first, done := []string{"running", "received"}, []string{"done", "running"}, []string{"done", "done"}
	wants := func(f *fixture, ref string, want []string) {
		t.Helper()
		if got := f.statuses(t, ref, tasks...); !slices.Equal(got, want) {
			t.Errorf("the tasks of %s are %v, want %v", ref, got, want)
		}
	}
	wants(f, "one", held)
	file := control.SnapshotPath{Snapshot: "held"}
	must(t, f, control.SaveSnapshot, control.SaveInput{SnapshotPath: file, Account: "one"})
	must(t, f, control.ForkAccount, control.ForkInput{AccountPath: account("one"), Name: "fork"})
	must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "loaded"})
	must(t, f, control.LoadSnapshot, control.SnapshotInput{AccountPath: account("loaded"), Snapshot: "held"})
	elsewhere := start(t)
	elsewhere.arm(t, "Demo")
	must(t, elsewhere, control.ImportSnapshot, control.ImportInput{
		SnapshotPath: file, File: must(t, f, control.ExportSnapshot, file),
	})
	must(t, elsewhere, control.CreateAccount, sandbox.NewAccount{Name: "imported"})
	must(t, elsewhere, control.LoadSnapshot, control.SnapshotInput{AccountPath: account("imported"), Snapshot: "held"})

	for _, copied := range []struct {
		in *fixture
		of string
	}{{f, "fork"}, {f, "loaded"}, {elsewhere, "imported"}} {
		rules := copied.in.rules(t, copied.of)
		if len(rules) != 2 {
			t.Fatalf("%s has the rules %v", copied.of, rules)
		}
		wants(copied.in, copied.of, held)
		must(t, copied.in, control.DisarmFault, control.FaultPath{Fault: rules[0]})
		wants(copied.in, copied.of, first)
		must(t, copied.in, control.DisarmFault, control.FaultPath{Fault: rules[1]})
		wants(copied.in, copied.of, done)
	}
	wants(f, "one", held)
	must(t, f, control.ForkAccount, control.ForkInput{AccountPath: account("one"), Name: "last"})
	must(t, f, control.ClearFaults, control.FaultQuery{Account: "one"}) // also before the second task is held
	wants(f, "one", done)
	wants(f, "last", held)
}

// A rule for all accounts holds the tasks of a fork, too; elsewhere there is no such rule.
func TestStuckTaskOfARuleForAllAccounts(t *testing.T) {
	t.Parallel()
	f := start(t)
	one := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "one"})
	must(t, f, control.ArmFault, sandbox.NewFault{Preset: "task-stuck"})
	task := f.task(t, one.Keys, http.MethodPost, "/subscriptions", newSubscription)
	wants := func(f *fixture, ref, want string) {
		t.Helper()
		if got := f.statuses(t, ref, task)[0]; got != want {
			t.Errorf("the task of %s is %s, want %s", ref, got, want)
		}
	}
	wants(f, "one", "running")
	must(t, f, control.ForkAccount, control.ForkInput{AccountPath: account("one"), Name: "fork"})
	wants(f, "fork", "running")
	file := control.SnapshotPath{Snapshot: "held"}
	must(t, f, control.SaveSnapshot, control.SaveInput{SnapshotPath: file, Account: "one"})
	elsewhere := start(t)
	must(t, elsewhere, control.ArmFault, sandbox.NewFault{Preset: "task-stuck"}) // has the same id
	must(t, elsewhere, control.ImportSnapshot, control.ImportInput{
		SnapshotPath: file, File: must(t, f, control.ExportSnapshot, file),
	})
	must(t, elsewhere, control.LoadSnapshot, control.SnapshotInput{AccountPath: account("Demo"), Snapshot: "held"})
	wants(elsewhere, "Demo", "done")
	must(t, f, control.ClearFaults, control.FaultQuery{})
	wants(f, "one", "done")
	wants(f, "fork", "done")
	must(t, f, control.LoadSnapshot, control.SnapshotInput{AccountPath: account("fork"), Snapshot: "held"})
	wants(f, "fork", "done")
}
