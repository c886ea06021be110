package rds_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func TestTheTaskListHasEveryJobTheNewestFirst(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	first, made := p.create(single)
	second, other := p.create(strings.Replace(single, "orders", "invoices", 1))
	restarted := get(p.ask(http.StatusAccepted, http.MethodPost, "/instances/"+first+"/action", doRestart), "job_id")
	p.end(restarted.(string), "Completed")
	deleted := get(p.ask(http.StatusAccepted, http.MethodDelete, "/instances/"+second, ""), "job_id")

	tasks := func(query string) (ids []any) {
		t.Helper()
		for _, task := range get(p.ask(http.StatusOK, http.MethodGet, "/tasklist"+query, ""), "tasks").([]any) {
			ids = append(ids, get(task, "id"))
		}
		return ids
	}
	expect := func(query string, want ...any) {
		t.Helper()
		if got := tasks(query); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	expect("", deleted, restarted, other, made)
	expect("?limit=2", deleted, restarted)
	expect("?offset=3", made)
	expect("?id="+made, made)
	expect("?instance_id="+first, restarted, made)
	expect("?name=CreateMysqlSingleHAInstance", other, made)
	expect("?status=Running", deleted)
	expect("?status=Failed")
	expect("?order_id=7")
	expect("?start_time=0&end_time=1000")
	all := p.ask(http.StatusOK, http.MethodGet, "/tasklist?limit=1", "")
	if all["total_count"] != 4.0 || len(get(all, "actions").([]any)) != 3 {
		t.Errorf("got %v", all)
	}
	if got := get(all, "tasks", 0); get(got, "instance_id") != second || get(got, "instance_name") != "invoices" ||
		get(got, "instance_status") != "ACTIVE" || get(got, "process") != "0" || get(got, "end_time") != "" {
		t.Errorf("got %v", got)
	}
	p.refused(http.StatusBadRequest, "DBS.200001", http.MethodGet, "/tasklist?start_time=1", "")
	p.refused(http.StatusBadRequest, "DBS.200001", http.MethodGet, "/tasklist?limit=51", "")
}

func TestAJobIsToldOfWhenItsInstanceIsGone(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	id, made := p.create(single)
	deleted := get(p.ask(http.StatusAccepted, http.MethodDelete, "/instances/"+id, ""), "job_id").(string)
	p.end(deleted, "Completed")
	apitest.Eventually(t, "it is gone", func() bool { return p.instance(id) == nil })
	for _, job := range []string{made, deleted} {
		if got := p.job(job); get(got, "instance", "id") != id || get(got, "instance", "name") != "orders" {
			t.Errorf("got %v", got)
		}
	}
	if got := p.job(made); get(got, "entities", "instance", "type") != "Single" ||
		get(got, "entities", "resource_ids", 0) != id {
		t.Errorf("got %v", got)
	}
	p.pass(time.Hour)
	p.refused(http.StatusNotFound, "DBS.200002", http.MethodDelete, "/instances/"+id, "")
}
