package rds_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
)

func TestMain(m *testing.M) { apitest.Main(m, "testdata/operations.txt") }

// project is an account that speaks the dialect.
type project struct {
	*apitest.Account
	tb testing.TB
}

func openProject(t *testing.T) project {
	t.Helper()
	w := apitest.New(t, func(c *engine.Config) { c.Hold = 0 })
	return project{Account: w.Account(), tb: t}
}

// ask sends a request below the project. Headers come in pairs of a name and a value.
func (p project) ask(want int, method, path, body string, headers ...string) map[string]any {
	p.tb.Helper()
	got := p.Do(method, p.Project()+path, body, func(r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
	})
	if got.Status != want {
		p.tb.Fatalf("%s %s: got %d %s, want %d", method, path, got.Status, got.Body, want)
	}
	var answer map[string]any
	if err := json.Unmarshal(got.Body, &answer); err != nil {
		p.tb.Fatalf("%s %s: %v in %s", method, path, err, got.Body)
	}
	return answer
}

// pass lets time pass, event by event.
func (p project) pass(d time.Duration) {
	p.tb.Helper()
	if _, err := p.Engine.Pass(p.tb.Context(), p.ID, engine.Passing{By: d, Through: true, Instants: -1}); err != nil {
		p.tb.Fatal(err)
	}
}

func get(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

const single = `{"name": "orders", "datastore": {"type": "MySQL", "version": "8.0"},
	"flavor_ref": "rds.mysql.n1.large.2",
	"volume": {"type": "ULTRAHIGH", "size": 100}, "region": "eu-de", "availability_zone": "eu-de-01", "vpc_id": "v",
	"subnet_id": "s", "security_group_id": "g", "port": 8635, "password": "Secret-77"}`

func TestLifeOfAnInstance(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	const token = "46436810-d999-454c-bd85-e515fd258600"
	first := p.ask(202, http.MethodPost, "/instances", single, "X-Client-Token", token)
	id, jobID := get(first, "instance", "id"), get(first, "job_id").(string)
	if get(first, "instance", "port") != "8635" || get(first, "instance", "status") != "BUILD" ||
		get(first, "instance", "password") != nil || get(first, "instance", "backup_strategy", "keep_days") != 7.0 {
		t.Errorf("got %v", first)
	}
	again := p.ask(202, http.MethodPost, "/instances", single, "X-Client-Token", token)
	if get(again, "job_id") != jobID {
		t.Errorf("again: got %v, want the same job", again)
	}
	others := strings.Replace(single, "orders", "others", 1)
	wrong := p.ask(400, http.MethodPost, "/instances", others, "X-Client-Token", token)
	if wrong["error_code"] != "DBS.280495" {
		t.Errorf("got %v", wrong)
	}
	shown := func() any { return get(p.ask(200, http.MethodGet, "/instances", ""), "instances", 0) }
	if one := shown(); get(one, "id") != id || get(one, "status") != "BUILD" || get(one, "port") != 8635.0 ||
		get(one, "created") != "" || get(one, "nodes", 0, "role") != "master" {
		t.Errorf("at once: got %v", one)
	}
	job := func() map[string]any {
		return get(p.ask(200, http.MethodGet, "/jobs?id="+jobID, ""), "job").(map[string]any)
	}
	if j := job(); get(j, "status") != "Running" || get(j, "instance", "id") != id {
		t.Errorf("got %v", j)
	}
	p.pass(time.Second)
	p.pass(3 * time.Minute)
	apitest.Eventually(t, "half of it is done", func() bool { return get(job(), "process") == "50%" })
	p.ask(409, http.MethodDelete, "/instances/"+id.(string), "")
	p.pass(3 * time.Minute)
	apitest.Eventually(t, "it is active", func() bool { return get(shown(), "status") == "ACTIVE" })
	if j := job(); get(j, "status") != "Completed" || get(j, "process") != "" || get(j, "ended") == "" ||
		get(j, "entities", "resource_ids", 0) != id {
		t.Errorf("got %v", j)
	}
	jobID = get(p.ask(202, http.MethodDelete, "/instances/"+id.(string), ""), "job_id").(string)
	p.pass(time.Second)
	if get(shown(), "status") != "ACTIVE" {
		t.Errorf("got %v, want it as it was", shown())
	}
	p.pass(2 * time.Minute)
	apitest.Eventually(t, "it is gone", func() bool { return shown() == nil })
	apitest.Eventually(t, "the job is over", func() bool { return get(job(), "status") == "Completed" })
}
