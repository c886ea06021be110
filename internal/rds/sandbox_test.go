package rds_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
)

// What a sandbox can do beside the API it can do with DB instances.

func TestResetSnapshotAndForkTakeInstancesAndJobsAlong(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	id, job := c.create(single)
	c.job(job)
	started, running := c.create(single)
	_, err := c.Clock().Advance(t.Context(), 3*time.Minute)
	c.must(err)
	jobs := func(c client) string { return fmt.Sprint(c.get("/tasklist"), c.get("/instances")) }
	before := jobs(c)
	state, err := c.Snapshot(t.Context())
	c.must(err)
	fork, err := c.Fork(t.Context())
	c.must(err)
	c.must(c.Reset(t.Context()))
	if c.status(id) != nil || get(c.get("/tasklist"), "total_count") != 0.0 {
		t.Errorf("after a reset: got %v", jobs(c))
	}
	c.must(c.Load(t.Context(), state))
	twin := client{fork, t}
	for who, c := range map[string]client{"loaded": c, "forked": twin} {
		c.tb = t
		if got := jobs(c); got != before {
			t.Errorf("%s: got %s, want %s", who, got, before)
		}
		if got := c.job(running); got["status"] != "Completed" || c.status(started) != "ACTIVE" {
			t.Errorf("%s: got %v", who, got)
		}
	}
	c.must(fork.Close())
}

func TestProgressFollowsTheClock(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	id, job := c.create(single)
	shows := func(status, process, instance string) {
		t.Helper()
		got := get(c.get("/jobs?id="+job), "job")
		if get(got, "status") != status || get(got, "process") != process || c.status(id) != instance {
			t.Errorf("got %v of an instance %v, want %s %s %s", got, c.status(id), status, process, instance)
		}
	}
	shows("Running", "0%", "BUILD")
	for _, part := range []string{"25%", "50%", "75%"} {
		_, err := c.Clock().Advance(t.Context(), 361*time.Second/4)
		c.must(err)
		shows("Running", part, "BUILD")
	}
	_, err := c.Clock().AdvanceUntilTask(t.Context(), job)
	c.must(err)
	_, err = c.Clock().AdvanceUntilResource(t.Context(), "instance/1", "active")
	c.must(err)
	shows("Completed", "", "ACTIVE")
}

func TestAnInstanceIsFoundWhenItsJobIsForgotten(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	id, job := c.create(single)
	c.job(job)
	_, err := c.Clock().Advance(t.Context(), 31*24*time.Hour)
	c.must(err)
	apitest.Eventually(t, "the job is forgotten", func() bool {
		status, answer := c.ask(http.MethodGet, "/jobs?id="+job, "")
		return status == http.StatusBadRequest && answer["error_code"] == "DBS.200543"
	})
	if c.status(id) != "ACTIVE" {
		t.Errorf("got %v", c.status(id))
	}
	_, answer := c.ask(http.MethodDelete, "/instances/"+id, "")
	if got := c.job(answer["job_id"].(string)); got["status"] != "Completed" || c.status(id) != nil {
		t.Errorf("got %v of an instance %v", got, c.status(id))
	}
}

func TestWhereNothingTakesTimeAJobIsOverAtOnce(t *testing.T) {
	t.Parallel()
	c := client{understudy.StartT(t, understudy.Options{Speed: understudy.Instant}), t}
	id, job := c.create(single)
	c.must(c.WaitIdle(t.Context()))
	if got := get(c.get("/jobs?id="+job), "job", "status"); got != "Completed" || c.status(id) != "ACTIVE" {
		t.Errorf("got %v of an instance %v", got, c.status(id))
	}
}

func TestEventsTellOfJobsAndInstances(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	id, job := c.create(single)
	c.job(job)
	_, answer := c.ask(http.MethodPost, "/instances/"+id+"/action", doRestart)
	c.job(answer["job_id"].(string))
	_, answer = c.ask(http.MethodDelete, "/instances/"+id, "")
	c.job(answer["job_id"].(string))
	var told []string
	enough := errors.New("enough")
	err := c.Events(t.Context(), func(e understudy.Transition) error {
		told = append(told, fmt.Sprint(cmp.Or(e.Kind, e.Name), " ", e.Status))
		if e.Status == "gone" {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	if want := []string{
		"createInstance received", "createInstance running", "instance pending", "createInstance done", "instance active",
		"restartInstance received", "restartInstance running", "instance rebooting", "restartInstance done",
		"instance active",
		"deleteInstance received", "deleteInstance running", "instance deleting", "deleteInstance done", "instance gone",
	}; !slices.Equal(told, want) {
		t.Errorf("got %q, want %q", told, want)
	}
}

func TestTheJournalHidesAPassword(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	_, job := c.create(single)
	entries, err := c.Journal(t.Context(), understudy.JournalQuery{Bodies: true})
	c.must(err)
	text, err := json.Marshal(entries)
	c.must(err)
	if len(entries) != 1 || entries[0].Task != job || entries[0].Operation != "createInstance" ||
		strings.Contains(string(text), "Secret-77") || !strings.Contains(string(text), "orders") {
		t.Errorf("got %s", text)
	}
}

func TestAPasswordIsNotKept(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	p.create(single)
	p.ask(202, http.MethodPost, "/instances", single) // its job waits
	conn, err := pgx.Connect(t.Context(), p.DBURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, table := range []string{"tasks", "resources", "steps", "events", "idempotency_keys"} {
		var rows int
		sql := `SELECT count(*) FROM ` + table + ` t WHERE t::text LIKE '%Secret-77%'`
		if err := conn.QueryRow(t.Context(), sql).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%d rows of %s have it (%v)", rows, table, err)
		}
	}
}

func TestIDsFollowFromASeed(t *testing.T) {
	t.Parallel()
	run := func() (ids []string) {
		c := frozen(t)
		_, err := c.Seed(t.Context(), []byte("idSeed: 7\nresources: [{operation: createInstance, body: "+single+"}]"))
		c.must(err)
		for range 2 {
			id, job := c.create(single)
			ids = append(ids, id, job)
		}
		return append(ids, fmt.Sprint(c.get("/instances")))
	}
	if one, other := run(), run(); !slices.Equal(one[:4], other[:4]) {
		t.Errorf("got %v and %v", one, other)
	}
}

func TestInstancesAreSeededInAnyState(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	ids, err := c.Seed(t.Context(), []byte(`
resources:
  - {as: active, operation: createInstance, body: `+single+`}
  - {as: building, operation: createInstance, body: `+single+`, state: pending}
  - {as: failed, operation: createInstance, body: `+single+`, state: error}
  - {as: leaving, operation: createInstance, body: `+single+`, state: deleting}
  - {as: renamed, operation: createInstance, body: `+single+`}
  - {operation: renameInstance, path: {instance_id: "${renamed}"}, body: {name: other}}
  - {operation: restartInstance, path: {instance_id: "${renamed}"}, body: {restart: {}}, state: rebooting}
`))
	c.must(err)
	all := get(c.get("/instances"), "instances").([]any)
	var got []string
	seen := map[any]bool{}
	for _, one := range all {
		got = append(got, fmt.Sprint(get(one, "status"), " ", get(one, "name")))
		seen[get(one, "id")] = true
	}
	want := []string{"ACTIVE orders", "BUILD orders", "FAILED orders", "ACTIVE orders", "REBOOTING other"}
	if !slices.Equal(got, want) || len(seen) != 5 {
		t.Errorf("got %v of %v, want %v", got, ids, want)
	}
	id := get(all, 0, "id").(string)
	if c.status(id) != "ACTIVE" {
		t.Errorf("got %v", c.status(id))
	}
	_, answer := c.ask(http.MethodDelete, "/instances/"+id, "")
	if got := c.job(answer["job_id"].(string)); got["status"] != "Completed" || c.status(id) != nil ||
		get(got, "instance", "id") != id {
		t.Errorf("got %v", got)
	}
	if got := get(c.get("/instances"), "total_count"); got != 3.0 {
		t.Errorf("got %v left", got)
	}
}
