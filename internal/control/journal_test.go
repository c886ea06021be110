package control_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

func keeping(cfg *server.Config) { cfg.Journal = 100 }

// requested sends a request with an account's keys and returns the id of the request.
func (f *fixture) requested(
	t *testing.T, keys sandbox.KeyPair, method, path, body string, header ...string,
) (id string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", keys.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // nothing is read
	return res.Header.Get("X-Request-Id")
}

// journal returns the entries that a query chooses.
func (f *fixture) journal(t *testing.T, q control.JournalQuery) []journal.Entry {
	t.Helper()
	return must(t, f, control.ListJournal, q).Entries
}

func TestJournal(t *testing.T) {
	t.Parallel()
	f := start(t, keeping)
	one := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "one"})
	other := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "other"})
	list := f.requested(t, one.Keys, "GET", "/subscriptions", "")
	role := f.requested(t, one.Keys, "POST", "/acl/roles", `{"name": 7, "redisRules": null}`)
	rule := f.requested(t, one.Keys, "POST", "/acl/redisRules", `{"name": 7, "redisRule": "+@all"}`,
		"Idempotency-Key", "the-first-key")
	again := f.requested(t, one.Keys, "POST", "/acl/redisRules", `{"name": "7", "redisRule": "+@all"}`,
		"Idempotency-Key", "the-first-key")
	wrong := f.requested(t, other.Keys, "GET", "/subscription/7/databases", "")
	unknown := f.requested(t, sandbox.KeyPair{APIKey: "nobody", APISecretKey: "nobody"}, "GET", "/tasks?secret=s3cret", "")

	for _, test := range []struct {
		name string
		q    control.JournalFilter
		want []string
	}{
		{"all", control.JournalFilter{}, []string{list, role, rule, again, wrong, unknown}},
		{"an account", control.JournalFilter{Account: "one"}, []string{list, role, rule, again}},
		{"nobody's", control.JournalFilter{Account: "none"}, []string{unknown}},
		{"unmatched", control.JournalFilter{Unmatched: true}, []string{wrong}},
		{"an operation", control.JournalFilter{Operation: "createAclRedisRule"}, []string{rule, again}},
		{"a status", control.JournalFilter{Status: "401"}, []string{unknown}},
		{"a class", control.JournalFilter{Status: "4xx"}, []string{role, wrong, unknown}},
		{"a method", control.JournalFilter{Method: "post"}, []string{role, rule, again}},
		{"a path", control.JournalFilter{Path: "/tasks"}, []string{unknown}},
		{"a text", control.JournalFilter{Text: "\"REDISRULES\""}, []string{role}},
		{"the latest", control.JournalFilter{Limit: 2}, []string{wrong, unknown}},
		{"with a fault", control.JournalFilter{Fault: true}, nil},
		{"later", control.JournalFilter{Since: time.Now().Add(time.Hour).Format(time.RFC3339)}, nil},
		{"a secret", control.JournalFilter{Text: "s3cret"}, nil},
	} {
		var got []string
		for _, e := range f.journal(t, control.JournalQuery{JournalFilter: test.q}) {
			got = append(got, e.ID)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}

	e := must(t, f, control.GetJournalEntry, control.JournalRef{Entry: role})
	want := []string{"name is a number, which is taken for a string", "redisRules is null, which is taken for left out"}
	if diff := cmp.Diff(want, e.Normalised); diff != "" || e.Key == "" {
		t.Errorf("the entry is %+v (-want +got):\n%s", e, diff)
	}
	first := must(t, f, control.GetJournalEntry, control.JournalRef{Entry: rule})
	replay := must(t, f, control.GetJournalEntry, control.JournalRef{Entry: again})
	if first.IdempotencyKey == "" || replay.IdempotencyKey != first.IdempotencyKey || first.Idempotency != "first" ||
		replay.Idempotency != "replayed" || first.Task == "" {
		t.Errorf("the two with one key are %+v and %+v", first, replay)
	}
	near := must(t, f, control.GetJournalEntry, control.JournalRef{Entry: wrong})
	if near.Nearest != "GET /v1/subscriptions/{subscriptionId}/databases" || near.Account != other.Account.ID {
		t.Errorf("the nearest is %q of account %d", near.Nearest, near.Account)
	}
	refused(t, f, "ENTRY_NOT_FOUND", control.GetJournalEntry, control.JournalRef{Entry: "nope"})
	refused(t, f, "BAD_REQUEST", control.ExportJournal, control.JournalFilter{Status: "4x"})
	refused(t, f, "BAD_REQUEST", control.ExportJournal, control.JournalFilter{Since: "now"})
	refused(t, f, "ACCOUNT_NOT_FOUND", control.ExportJournal, control.JournalFilter{Account: "x"})

	must(t, f, control.ClearJournal, control.JournalOf{Account: "one"})
	if left := f.journal(t, control.JournalQuery{}); len(left) != 2 {
		t.Errorf("%d requests are left, want those of others", len(left))
	}
	must(t, f, control.ClearJournal, control.JournalOf{})
	if left := f.journal(t, control.JournalQuery{}); len(left) != 0 {
		t.Errorf("%d requests are left", len(left))
	}
}

func TestJournalIsOff(t *testing.T) {
	t.Parallel()
	f := start(t)
	refused(t, f, "JOURNAL_OFF", control.ListJournal, control.JournalQuery{})
	refused(t, f, "JOURNAL_OFF", control.GetJournalEntry, control.JournalRef{Entry: "1"})
	refused(t, f, "JOURNAL_OFF", control.ExportJournal, control.JournalFilter{})
}

// Who waits is told of the next request, and of no other one.
func TestJournalWaits(t *testing.T) {
	t.Parallel()
	f := start(t, keeping)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{})
	first := f.requested(t, made.Keys, "GET", "/subscriptions", "")
	seq := f.journal(t, control.JournalQuery{})[0].Seq
	found := make(chan control.JournalEntries, 1)
	failed := make(chan error, 1)
	go func() {
		list, err := control.ListJournal.Call(t.Context(), f.client, control.JournalQuery{
			After: seq, Wait: 10,
			JournalFilter: control.JournalFilter{Operation: "listTasks"},
		})
		failed <- err
		found <- list
	}()
	f.requested(t, made.Keys, "GET", "/subscriptions", "")
	next := f.requested(t, made.Keys, "GET", "/tasks", "")
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if list := <-found; len(list.Entries) != 1 || list.Entries[0].ID != next || next == first {
		t.Errorf("got %+v, want the request %s", list.Entries, next)
	}
}

// What curl is told to do does the same again, once the keys are in its environment.
func TestJournalAsCurl(t *testing.T) {
	t.Parallel()
	f := start(t, keeping)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{})
	id := f.requested(t, made.Keys, "POST", "/acl/redisRules", `{"name": "it's", "redisRule": "+@all"}`)
	e := must(t, f, control.GetJournalEntry, control.JournalRef{Entry: id})
	if e.Task == "" {
		t.Fatalf("the request has no task: %+v", e)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", e.Curl+" --silent --fail --noproxy '*'")
	cmd.Env = append(os.Environ(), "X_API_KEY="+made.Keys.APIKey, "X_API_SECRET_KEY="+made.Keys.APISecretKey)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", e.Curl, err, out)
	}
	all := f.journal(t, control.JournalQuery{Bodies: true})
	if again := all[len(all)-1]; again.Task == "" || !bytes.Equal(again.Request.Body, e.Request.Body) {
		t.Errorf("curl sent %+v, want the same as %+v", again, e)
	}
}

// The archive is one by the schema of HAR 1.2.
func TestJournalAsArchive(t *testing.T) {
	t.Parallel()
	f := start(t, keeping)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{})
	f.requested(t, made.Keys, "GET", "/tasks?limit=3&x", "")
	f.requested(t, made.Keys, "POST", "/acl/redisRules", `{"name": "r", "redisRule": "+@all"}`)
	f.requested(t, made.Keys, "POST", "/acl/redisRules", `{"name`)
	f.requested(t, made.Keys, "PATCH", "/nowhere", "")
	archive := must(t, f, control.ExportJournal, control.JournalFilter{})
	if len(archive.Log.Entries) != 4 {
		t.Errorf("got %d entries, want 4", len(archive.Log.Entries))
	}
	text, err := json.Marshal(archive)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.NewCompiler().Compile("testdata/har/har.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// What a fault rule did stands in the journal, also where there was no answer at all; a reset forgets it.
func TestJournalTellsOfFaults(t *testing.T) {
	t.Parallel()
	f := start(t, keeping)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "faulty"})
	must(t, f, control.ArmFault, sandbox.NewFault{Rule: json.RawMessage(`{"name": "busy",
		"match": {"operation": "listTasks"}, "when": {"first": 1}, "effect": {"do": "status", "status": 503}}`)})
	must(t, f, control.ArmFault, sandbox.NewFault{Rule: json.RawMessage(`{"name": "cut",
		"match": {"operation": "getTask"}, "effect": {"do": "reset", "at": "before"}}`)})
	f.requested(t, made.Keys, "GET", "/tasks", "")
	f.requested(t, made.Keys, "GET", "/tasks", "")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+"/tasks/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", made.Keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", made.Keys.APISecretKey)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if res, err := client.Do(req); err == nil {
		_ = res.Body.Close() // nothing is read
		t.Fatalf("a connection that is reset is answered with %s", res.Status)
	}
	var faults []journal.Entry
	for len(faults) < 2 { // who has no answer cannot know that the request is over
		faults = f.journal(t, control.JournalQuery{JournalFilter: control.JournalFilter{Fault: true}})
	}
	if !strings.Contains(faults[0].Fault, "busy") || faults[0].Status != http.StatusServiceUnavailable ||
		!strings.Contains(faults[1].Fault, "cut") || faults[1].Operation != "getTask" || len(faults) != 2 {
		t.Errorf("the journal has %+v", faults)
	}
	if all := f.journal(t, control.JournalQuery{}); len(all) != 3 {
		t.Errorf("the journal has %d requests, want 3", len(all))
	}
	must(t, f, control.ResetAccount, control.ResetInput{AccountPath: control.AccountPath{Account: "faulty"}})
	if all := f.journal(t, control.JournalQuery{}); len(all) != 0 {
		t.Errorf("after a reset the journal has %+v", all)
	}
}
