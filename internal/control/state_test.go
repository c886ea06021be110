package control_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

const subscriptionBody = `{
	"name": "first", "paymentMethodId": 24681,
	"cloudProviders": [{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}],
	"databases": [{"name": "cache", "protocol": "redis", "datasetSizeInGb": 1}]
}`

func account(ref string) control.AccountPath { return control.AccountPath{Account: ref} }

// ask sends a request for an account and returns the status and the answer.
func (f *fixture) ask(t *testing.T, keys sandbox.KeyPair, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", keys.APISecretKey)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // it is read
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

// create makes a subscription with a database, whose task has ended, and returns its path and that of the task.
func (f *fixture) create(t *testing.T, keys sandbox.KeyPair) (path, task string) {
	t.Helper()
	status, answer := f.ask(t, keys, http.MethodPost, "/subscriptions", subscriptionBody)
	var accepted struct{ TaskID string }
	if err := json.Unmarshal([]byte(answer), &accepted); err != nil || status != http.StatusAccepted {
		t.Fatalf("create: %d %s", status, answer)
	}
	task = "/tasks/" + accepted.TaskID
	for {
		_, answer := f.ask(t, keys, http.MethodGet, task, "")
		var got struct {
			Status   string
			Response struct{ ResourceID int64 }
		}
		if err := json.Unmarshal([]byte(answer), &got); err != nil || got.Status == "processing-error" {
			t.Fatalf("task: %s", answer)
		}
		if got.Status == "processing-completed" {
			return fmt.Sprintf("/subscriptions/%d", got.Response.ResourceID), task
		}
	}
}

// sees requires what two paths are answered with.
func (f *fixture) sees(t *testing.T, who string, keys sandbox.KeyPair, status int, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if got, answer := f.ask(t, keys, http.MethodGet, path, ""); got != status {
			t.Errorf("%s: GET %s is answered %d %s, want %d", who, path, got, answer, status)
		}
	}
}

func TestResetTakesOneAccountBack(t *testing.T) {
	t.Parallel()
	f := start(t)
	one := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "one"})
	two := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "two"})
	path, task := f.create(t, one.Keys)
	f.create(t, two.Keys)

	after := must(t, f, control.ResetAccount, control.ResetInput{AccountPath: account("one")})
	if after.Resources != 0 || after.PendingTasks != 0 {
		t.Errorf("after the reset the account is %+v", after)
	}
	f.sees(t, "reset", one.Keys, http.StatusNotFound, path, task)
	f.sees(t, "the other", two.Keys, http.StatusOK, path)
	if again, _ := f.create(t, one.Keys); again != path {
		t.Errorf("the first subscription after the reset is %s, want %s as before", again, path)
	}
	must(t, f, control.ResetAccounts, sandbox.Reset{})
	f.sees(t, "all reset", one.Keys, http.StatusNotFound, path)
	f.sees(t, "all reset", two.Keys, http.StatusNotFound, path)
	refused(t, f, "ACCOUNT_NOT_FOUND", control.ResetAccount, control.ResetInput{AccountPath: account("three")})
}

func TestForkGoesOnByItself(t *testing.T) {
	t.Parallel()
	f := start(t)
	one := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "one"})
	path, task := f.create(t, one.Keys)
	fork := must(t, f, control.ForkAccount, control.ForkInput{AccountPath: account("one"), Name: "fork"})
	if fork.Account.Name != "fork" || fork.Account.Resources != 2 {
		t.Errorf("the fork is %+v", fork.Account)
	}
	f.sees(t, "fork", fork.Keys, http.StatusOK, path, task, path+"/databases")
	must(t, f, control.ResetAccount, control.ResetInput{AccountPath: account("one")})
	f.sees(t, "fork", fork.Keys, http.StatusOK, path, task)
	f.sees(t, "reset", one.Keys, http.StatusNotFound, path, task)
	if second, _ := f.create(t, fork.Keys); second == path {
		t.Errorf("a second subscription of the fork is %s, too", second)
	}
	refused(t, f, "ACCOUNT_NAME_TAKEN", control.ForkAccount, control.ForkInput{AccountPath: account("one"), Name: "fork"})
}

func TestSnapshotsAreSavedAndLoaded(t *testing.T) {
	t.Parallel()
	f := start(t)
	one := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "one"})
	two := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "two"})
	path, task := f.create(t, one.Keys)
	first := control.SnapshotPath{Snapshot: "first"}
	saved := must(t, f, control.SaveSnapshot, control.SaveInput{SnapshotPath: first, Account: "one"})
	if saved.Resources != 2 || saved.Tasks != 1 || saved.Account != "one" {
		t.Errorf("saved is %+v", saved)
	}
	refused(t, f, "SNAPSHOT_NAME_TAKEN", control.SaveSnapshot, control.SaveInput{SnapshotPath: first, Account: "two"})
	saved = must(t, f, control.SaveSnapshot, control.SaveInput{SnapshotPath: first, Account: "one", Replace: true})
	if list := must(t, f, control.ListSnapshots, control.None{}); len(list.Snapshots) != 1 {
		t.Errorf("there are snapshots %+v, want one", list.Snapshots)
	}

	must(t, f, control.ResetAccount, control.ResetInput{AccountPath: account("one")})
	f.sees(t, "reset", one.Keys, http.StatusNotFound, path, task)
	f.create(t, two.Keys)
	f.create(t, two.Keys)
	for ref, keys := range map[string]sandbox.KeyPair{"one": one.Keys, "two": two.Keys} {
		must(t, f, control.LoadSnapshot, control.SnapshotInput{AccountPath: account(ref), Snapshot: "first"})
		f.sees(t, ref, keys, http.StatusOK, path, task, path+"/databases")
		if got := must(t, f, control.GetAccount, account(ref)); got.Resources != 2 {
			t.Errorf("%s has %d resources, want 2", ref, got.Resources)
		}
	}

	file := must(t, f, control.ExportSnapshot, first)
	must(t, f, control.DeleteSnapshot, first)
	refused(t, f, "SNAPSHOT_NOT_FOUND", control.DeleteSnapshot, first)
	refused(t, f, "SNAPSHOT_NOT_FOUND", control.ExportSnapshot, first)
	refused(t, f, "SNAPSHOT_NOT_FOUND", control.LoadSnapshot,
		control.SnapshotInput{AccountPath: account("one"), Snapshot: "first"})

	elsewhere := start(t) // ids there have not come so far
	imported := must(t, elsewhere, control.ImportSnapshot, control.ImportInput{SnapshotPath: first, File: file})
	if imported.Resources != 2 || !imported.StateAt.Equal(saved.StateAt) {
		t.Errorf("imported is %+v, want what was saved, %+v", imported, saved)
	}
	demo := sandbox.KeyPair{APIKey: elsewhere.APIKey, APISecretKey: elsewhere.APISecretKey}
	must(t, elsewhere, control.LoadSnapshot, control.SnapshotInput{AccountPath: account("Demo"), Snapshot: "first"})
	elsewhere.sees(t, "elsewhere", demo, http.StatusOK, path, task, path+"/databases")
	elsewhere.create(t, demo)
	if again := must(t, elsewhere, control.ExportSnapshot, first); !bytes.Equal(afterHead(again), afterHead(file)) {
		t.Error("what is exported again is something else")
	}
}

// afterHead is a snapshot's file without its first line, which has times of its own.
func afterHead(f control.File) []byte { return f.Content[bytes.IndexByte(f.Content, '\n'):] }

const snapshotHead = `{"format": "understudy-snapshot", "schema": 13}`

func TestSnapshotFilesThatDoNotFit(t *testing.T) {
	t.Parallel()
	f := start(t)
	for name, tt := range map[string]struct{ content, code string }{
		"no file":           {``, "SNAPSHOT_UNREADABLE"},
		"another file":      {`{"some": "JSON"}`, "SNAPSHOT_UNREADABLE"},
		"a newer one":       {`{"format": "understudy-snapshot", "schema": 9999}`, "SNAPSHOT_NEWER"},
		"none there ever":   {`{"format": "understudy-snapshot", "schema": 1}`, "SNAPSHOT_UNREADABLE"},
		"an unknown table":  {snapshotHead + `{"table": "pg_class", "row": {"a": 1}}`, "SNAPSHOT_UNREADABLE"},
		"no row of a table": {snapshotHead + `{"table": "tasks"}`, "SNAPSHOT_UNREADABLE"},
		"a broken line":     {snapshotHead + `{"table": "tas`, "SNAPSHOT_UNREADABLE"},
	} {
		t.Log(name)
		refused(t, f, tt.code, control.ImportSnapshot, control.ImportInput{
			SnapshotPath: control.SnapshotPath{Snapshot: "wrong"}, File: control.File{Content: []byte(tt.content)},
		})
	}
	if list := must(t, f, control.ListSnapshots, control.None{}); len(list.Snapshots) != 0 {
		t.Errorf("there are snapshots %+v, want none", list.Snapshots)
	}
	for name, content := range map[string]string{
		"an unknown column": `{"table": "resources", "row": {"colour": "red"}}`,
		"no value of it":    `{"table": "resources", "row": {"id": "x"}}`,
		"no resource": `
			{"table": "steps", "row": {"kind": "database", "resource_id": 1, "after": "00:00:00", "status": "active"}}`,
	} {
		wrong := control.SnapshotPath{Snapshot: "wrong"}
		must(t, f, control.ImportSnapshot, control.ImportInput{SnapshotPath: wrong, Replace: true, File: control.File{
			Content: []byte(snapshotHead + content),
		}})
		t.Log(name)
		refused(t, f, "SNAPSHOT_UNREADABLE", control.LoadSnapshot,
			control.SnapshotInput{AccountPath: account("Demo"), Snapshot: "wrong"})
	}
}
