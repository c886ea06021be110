package control_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

func (f *fixture) importAs(t *testing.T, name string, content []byte) (sandbox.Snapshot, error) {
	t.Helper()
	return control.ImportSnapshot.Call(t.Context(), f.client, control.ImportInput{
		SnapshotPath: control.SnapshotPath{Snapshot: name}, File: control.File{Content: content}, Replace: true,
	})
}

// snapshotFile reads a file that an earlier commit wrote: `first` is of the one that brought snapshots, `faults` of the
// last one that named rules by their ids. Each has an active subscription, one that is pending, a rule, the key of an
// idempotent request, a task that is being processed, and another one behind it.
func snapshotFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile("testdata/snapshot-13-" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// What an earlier version exported is imported, and goes on from there.
func TestSnapshotFilesOfEarlierVersions(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "faults"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, realistic)
			demo := sandbox.KeyPair{APIKey: f.APIKey, APISecretKey: f.APISecretKey}
			imported, err := f.importAs(t, "old", snapshotFile(t, name))
			if err != nil || imported.Resources != 5 || imported.Tasks != 5 || imported.Account != "Demo" {
				t.Fatalf("imported is %+v: %v", imported, err)
			}
			must(t, f, control.LoadSnapshot, control.SnapshotInput{AccountPath: account("Demo"), Snapshot: "old"})
			f.sees(t, name, demo, http.StatusOK, "/subscriptions/100001", "/subscriptions/100004", "/acl/redisRules")
			passed := must(t, f, control.AdvanceClock, control.ClockAdvance{
				AccountPath: account("Demo"), Advance: sandbox.Advance{Idle: true},
			})
			is := must(t, f, control.GetAccount, account("Demo"))
			if passed.Clock.PendingTasks+passed.Clock.PendingSteps != 0 || is.Resources != 7 {
				t.Errorf("it comes to %+v, with %d resources", passed.Clock, is.Resources)
			}
			for _, task := range must(t, f, control.ListTasks, control.TaskList{Account: "Demo"}).Tasks {
				if task.Status != "done" {
					t.Errorf("a task is %+v: %+v", task, task.Error)
				}
			}
			if _, answer := f.ask(t, demo, http.MethodGet, "/subscriptions/100004", ""); !strings.Contains(answer, `"active"`) {
				t.Errorf("what was pending is %s", answer)
			}
			more := f.task(t, demo, http.MethodPost, rulesPath, ruleBody("one-more"))
			if got := f.statuses(t, "Demo", more); got[0] != "done" {
				t.Errorf("one more task is %v", got)
			}
			if name != "faults" {
				return
			}
			if rules := must(t, f, control.ListFaults, control.FaultQuery{Account: "Demo"}).Faults; len(rules) != 2 ||
				rules[0].Rule.Effect.Do != "task-stuck" || rules[0].Hits != 1 {
				t.Errorf("the rules are %+v", rules)
			}
			for _, want := range []int{http.StatusServiceUnavailable, http.StatusOK} { // the second request is hit
				f.sees(t, name, demo, want, "/subscriptions")
			}
			if _, answer := f.ask(t, demo, http.MethodGet, "/payment-methods", ""); !strings.Contains(answer, "4711") {
				t.Errorf("the cards are %s", answer)
			}
		})
	}
}

// What a newer version exported is refused in so many words.
func TestNewerSnapshotFile(t *testing.T) {
	t.Parallel()
	f := start(t)
	saved := must(t, f, control.SaveSnapshot, control.SaveInput{
		SnapshotPath: control.SnapshotPath{Snapshot: "mine"}, Account: "Demo",
	})
	_, err := f.importAs(t, "mine", fmt.Appendf(nil, `{"format": "understudy-snapshot", "schema": %d}`, saved.Schema+1))
	want := fmt.Sprintf(`Snapshot "mine": the snapshot is of a newer schema: it is of version %d, and this program knows `+
		`versions up to %d.`, saved.Schema+1, saved.Schema)
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if is := must(t, f, control.ListSnapshots, control.None{}).Snapshots; len(is) != 1 || is[0] != saved {
		t.Errorf("the snapshots are %+v, want %+v", is, saved)
	}
}

// A file that is damaged, cut off or no such file is refused, and neither the snapshot nor the account is lost.
func TestDamagedSnapshotFiles(t *testing.T) {
	t.Parallel()
	f := start(t)
	demo := sandbox.KeyPair{APIKey: f.APIKey, APISecretKey: f.APISecretKey}
	path, _ := f.create(t, demo)
	mine := control.SnapshotPath{Snapshot: "mine"}
	saved := must(t, f, control.SaveSnapshot, control.SaveInput{SnapshotPath: mine, Account: "Demo"})
	good := must(t, f, control.ExportSnapshot, mine).Content
	head := fmt.Sprintf(`{"format": "understudy-snapshot", "schema": %d}`, saved.Schema)
	bad := map[string]string{
		"a NUL":          head + `{"table": "resources", "row": {"name": "\u0000"}}`,
		"a NUL in front": strings.Replace(head, `"schema"`, `"account": "\u0000", "schema"`, 1),
		"no schema":      `{"format": "understudy-snapshot", "schema": 4000000000}`,
		"a number":       head + `{"table": "resources", "row": {"id": 1e99999999}}`,
		"depth": head + `{"table": "resources", "row": {"body": ` + strings.Repeat("[", 9000) +
			strings.Repeat("]", 9000) + `}}`,
		"too deep":        head + `{"table": "resources", "row": {"body": ` + strings.Repeat("[", 1e6),
		"two accounts":    head + strings.Repeat(`{"table": "accounts", "row": {"last_id": 7}}`, 2),
		"no clock":        head + `{"table": "accounts", "row": {"clock_frozen_at": "infinity"}}`,
		"a clock too far": head + `{"table": "accounts", "row": {"clock_offset": "290000 years"}}`,
		"no lengths": head + `{"table": "accounts", "row": {"durations": {"lengths": {
			"change": {"least": 1e300, "most": 1e300}}}}}`,
		"no durations": head + `{"table": "accounts", "row": {"durations": 5}}`,
		"no fault rule": head + `{"table": "fault_rules", "row": {
			"rule": {"when": 5}, "armed_at": "2026-01-01Z", "seen": 0, "hits": 0}}`,
		"no strikes":       head + `{"table": "tasks", "row": {"faults": {"a": 1}}}`,
		"a table of ours":  head + `{"table": "api_keys", "row": {"name": "mine"}}`,
		"another encoding": string([]byte{0xff, 0xfe, '{', 0}),
		"zip":              "PK\x03\x04",
	}
	for _, at := range []int{1, len(good) / 3, len(good) / 2, len(good) - 2} {
		bad[fmt.Sprintf("%d bytes", at)] = string(good[:at])
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	for n := 1; n < len(lines)-1; n++ {
		bad[fmt.Sprintf("%d lines", n)] = string(bytes.Join(lines[:n], nil))
		bad[fmt.Sprintf("line %d twice", n)] = string(bytes.Join(slices.Insert(slices.Clone(lines), n, lines[n]), nil))
	}
	for name, content := range bad {
		_, err := f.importAs(t, "bad", []byte(content))
		if err == nil {
			_, err = control.LoadSnapshot.Call(t.Context(), f.client,
				control.SnapshotInput{AccountPath: account("Demo"), Snapshot: "bad"})
			must(t, f, control.DeleteSnapshot, control.SnapshotPath{Snapshot: "bad"})
		}
		if codeOf(err) != "SNAPSHOT_UNREADABLE" && codeOf(err) != "SNAPSHOT_NEWER" {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := f.importAs(t, "mine", []byte(content)); err == nil && !strings.HasPrefix(content, head) {
			t.Errorf("%s is imported", name)
		} else if err == nil {
			if _, err := f.importAs(t, "mine", good); err != nil {
				t.Fatal(err)
			}
		}
		f.sees(t, name, demo, http.StatusOK, path)
	}
	choices := rand.New(rand.NewPCG(3, 4))
	for range 100 { // bits fall over: whatever comes of it, it is answered, and all others go on
		broken := bytes.Clone(good)
		broken[choices.IntN(len(broken))] ^= 1 << choices.IntN(8)
		if _, err := f.importAs(t, "broken", broken); err == nil {
			other := f.account(t)
			in := control.SnapshotInput{AccountPath: account(fmt.Sprint(other.Account.ID)), Snapshot: "broken"}
			_, err = control.LoadSnapshot.Call(t.Context(), f.client, in)
			if code := codeOf(err); code != "" && code != "SNAPSHOT_UNREADABLE" {
				t.Errorf("got %v of\n%s", err, broken)
			}
			must(t, f, control.DeleteAccount, account(fmt.Sprint(other.Account.ID)))
		} else if code := codeOf(err); code != "SNAPSHOT_UNREADABLE" && code != "SNAPSHOT_NEWER" {
			t.Errorf("got %v of\n%s", err, broken)
		}
	}
	must(t, f, control.LoadSnapshot, control.SnapshotInput{AccountPath: account("Demo"), Snapshot: "mine"})
	f.sees(t, "at last", demo, http.StatusOK, path)
	f.create(t, demo)
}
