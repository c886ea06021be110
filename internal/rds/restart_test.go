package rds_test

import (
	"net/http"
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
