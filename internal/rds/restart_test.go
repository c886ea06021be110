package rds_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
)

const doRestart = `{"restart": {}}`

func TestRestartIsAJobAndTheInstanceIsRebootingUntilItIsDone(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	id, _ := p.create(single)
	job := get(p.ask(http.StatusAccepted, http.MethodPost, "/instances/"+id+"/action", doRestart), "job_id").(string)
	if got := p.instance(id)["status"]; got != "REBOOTING" {
		t.Errorf("at once: got %v", got)
	}
	if got := p.job(job); got["status"] != "Running" || got["name"] != "RestartMysqlInstance" ||
		get(got, "instance", "id") != id || get(got, "instance", "name") != "orders" {
		t.Errorf("at once: got %v", got)
	}
	p.pass(time.Second)
	if got := p.instance(id); got["status"] != "REBOOTING" || get(got, "nodes", 0, "status") != "REBOOTING" {
		t.Errorf("got %v", got)
	}
	p.end(job, "Completed")
	if got := p.instance(id)["status"]; got != "ACTIVE" {
		t.Errorf("at the end: got %v", got)
	}
}

func TestARestartingInstanceIsBusy(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	id, _ := p.create(single)
	p.ask(http.StatusAccepted, http.MethodPost, "/instances/"+id+"/action", doRestart)
	busy := func() {
		t.Helper()
		p.refused(http.StatusConflict, "DBS.200047", http.MethodPost, "/instances/"+id+"/action", doRestart)
		p.refused(http.StatusConflict, "DBS.200047", http.MethodDelete, "/instances/"+id, "")
		p.refused(http.StatusConflict, "DBS.200047", http.MethodPut, "/instances/"+id+"/name", `{"name": "other"}`)
	}
	busy() // while the job waits for its turn
	p.pass(time.Second)
	busy() // and while it restarts
	p.pass(2 * time.Minute)
	apitest.Eventually(t, "it is active", func() bool { return p.instance(id)["status"] == "ACTIVE" })
	p.ask(http.StatusAccepted, http.MethodDelete, "/instances/"+id, "")
}

func TestANameIsChangedAtOnce(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	id, _ := p.create(single)
	answer := p.ask(http.StatusOK, http.MethodPut, "/instances/"+id+"/name", `{"name": "invoices"}`)
	if answer["resp"] != "successful" {
		t.Errorf("got %v", answer)
	}
	if got := p.instance(id); got["name"] != "invoices" || got["status"] != "ACTIVE" {
		t.Errorf("got %v", got)
	}
	p.refused(http.StatusBadRequest, "DBS.200021", http.MethodPut, "/instances/"+id+"/name", `{"name": "7up"}`)
}

func TestOfRestartsThatRaceOneGoesThrough(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	id, _ := p.create(single)
	var racing sync.WaitGroup
	answers := make([]apitest.Answer, 16)
	for i := range answers {
		racing.Go(func() {
			answers[i] = p.Do(http.MethodPost, p.Project()+"/instances/"+id+"/action", doRestart)
		})
	}
	racing.Wait()
	p.pass(time.Hour)
	done := 0
	for _, answer := range answers {
		switch job, accepted := answer.Get("job_id").(string); {
		case !accepted && answer.Status == http.StatusConflict && answer.Get("error_code") == "DBS.200047":
		case !accepted:
			t.Errorf("got %d %s", answer.Status, answer.Body)
		default: // those that met before either was there
			apitest.Eventually(t, "it is over", func() bool { return p.job(job)["status"] != "Running" })
			got := p.job(job)
			if got["status"] == "Completed" {
				done++
			} else if get(got, "instance", "id") != id || got["fail_reason"] == "" {
				t.Errorf("got %v", got)
			}
		}
	}
	if done != 1 {
		t.Errorf("%d went through", done)
	}
	if got := p.instance(id)["status"]; got != "ACTIVE" {
		t.Errorf("got %v", got)
	}
}
