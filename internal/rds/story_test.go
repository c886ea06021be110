package rds_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
)

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
