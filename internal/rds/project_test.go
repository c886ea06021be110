package rds_test

import (
	"encoding/json"
	"net/http"
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

// create makes a DB instance and has it be active. It returns its id and that of the job.
func (p project) create(body string) (id, job string) {
	p.tb.Helper()
	answer := p.ask(http.StatusAccepted, http.MethodPost, "/instances", body)
	id, job = get(answer, "instance", "id").(string), get(answer, "job_id").(string)
	p.end(job, "Completed")
	return id, job
}

// end lets time pass until a job ends.
func (p project) end(job, status string) {
	p.tb.Helper()
	p.pass(time.Second)
	p.pass(10 * time.Minute)
	apitest.Eventually(p.tb, "job "+job+" ends", func() bool { return p.job(job)["status"] != "Running" })
	if got := p.job(job); got["status"] != status {
		p.tb.Fatalf("got %v, want it %s", got, status)
	}
}

func (p project) job(id string) map[string]any {
	p.tb.Helper()
	return get(p.ask(http.StatusOK, http.MethodGet, "/jobs?id="+id, ""), "job").(map[string]any)
}

// instance is how a DB instance is shown; nil: it is not there.
func (p project) instance(id string) map[string]any {
	p.tb.Helper()
	one, _ := get(p.ask(http.StatusOK, http.MethodGet, "/instances?id="+id, ""), "instances", 0).(map[string]any)
	return one
}

// refused asks for what is refused with a code.
func (p project) refused(status int, code, method, path, body string, headers ...string) {
	p.tb.Helper()
	answer := p.ask(status, method, path, body, headers...)
	if answer["error_code"] != code || answer["error_msg"] == "" || len(answer) != 2 {
		p.tb.Errorf("%s %s %s: got %v, want %s", method, path, body, answer, code)
	}
}

// get is what decoded JSON has at a path of names and indexes; nil: nothing.
var get = apitest.At

const single = `{"name": "orders", "datastore": {"type": "MySQL", "version": "8.0"},
	"flavor_ref": "rds.mysql.n1.large.2",
	"volume": {"type": "ULTRAHIGH", "size": 100}, "region": "eu-de", "availability_zone": "eu-de-01", "vpc_id": "v",
	"subnet_id": "s", "security_group_id": "g", "port": 8635, "password": "Secret-77"}`
