package rds_test

import (
	"net/http"
	"testing"
	"time"
)

func TestAFailedProvisioningIsAFailedJobAndAFailedInstance(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	c.arm(`{match: {operation: createInstance}, effect: {do: provisioning-error, code: DBS.200005, message: No VM.}}`)
	id, job := c.create(single)
	got := c.job(job)
	if got["status"] != "Failed" || got["fail_reason"] != "No VM." || got["ended"] == "" || c.status(id) != "FAILED" {
		t.Errorf("got %v of an instance %v", got, c.status(id))
	}
	fork, err := c.Fork(t.Context())
	c.must(err)
	twin := client{fork, t}
	if got := twin.job(job); got["status"] != "Failed" || got["fail_reason"] != "No VM." {
		t.Errorf("in a fork: got %v", got)
	}
	c.must(fork.Close())
	status, answer := c.ask(http.MethodDelete, "/instances/"+id, "")
	if status != http.StatusAccepted || c.status(id) != "FAILED" {
		t.Fatalf("deleted: got %d %v of an instance %v", status, answer, c.status(id))
	}
	if got := c.job(answer["job_id"].(string)); got["status"] != "Completed" || c.status(id) != nil {
		t.Errorf("deleted: got %v of an instance %v", got, c.status(id))
	}
	if got := c.job(job)["status"]; got != "Failed" {
		t.Errorf("later: got %v", got)
	}
}

func TestAFailedTaskIsAFailedJobWithoutAnInstance(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	c.arm(`{match: {operation: "*Instance"}, when: {first: 2}, effect: {do: task-error, code: DBS.200005, message: No.}}`)
	id, job := c.create(single)
	if got := c.job(job); got["status"] != "Failed" || got["fail_reason"] != "No." || get(got, "instance", "id") != id {
		t.Errorf("got %v", got)
	}
	if c.status(id) != nil {
		t.Errorf("got %v", c.status(id))
	}
	if status, answer := c.ask(http.MethodDelete, "/instances/"+id, ""); answer["error_code"] != "DBS.200002" {
		t.Errorf("got %d %v", status, answer)
	}
}

func TestFaultsStrikeRequestsInTheWordsOfTheDialect(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	for do, want := range map[string]struct {
		status int
		code   string
	}{
		"{do: status, status: 502}": {http.StatusBadGateway, "DBS.200005"},
		"{do: status, status: 409}": {http.StatusConflict, "DBS.200047"},
		"{do: rate-limit}":          {http.StatusTooManyRequests, "APIGW.0308"},
		"{do: key-revoked}":         {http.StatusForbidden, "DBS.280056"},
		"{do: latency, fixed: 1ms}": {http.StatusOK, ""},
		"{do: stale, reads: 1}":     {http.StatusOK, ""},
	} {
		c.arm(`{match: {operation: listInstances}, effect: ` + do + `}`)
		status, answer := c.ask(http.MethodGet, "/instances", "")
		code, _ := answer["error_code"].(string)
		if status != want.status || code != want.code {
			t.Errorf("%s: got %d %v", do, status, answer)
		}
		c.must(c.Faults().Clear(t.Context()))
	}
}

func TestAStuckJobIsRunningAndStopsThoseAfterIt(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	armed, err := c.Faults().Arm(t.Context(), "task-stuck", "")
	c.must(err)
	id, job := c.create(single)
	other, after := c.create(single)
	_, err = c.Clock().Advance(t.Context(), time.Hour)
	c.must(err)
	for _, job := range []string{job, after} {
		if got := get(c.get("/jobs?id="+job), "job"); get(got, "status") != "Running" || get(got, "process") != "0%" {
			t.Errorf("got %v", got)
		}
	}
	if c.status(id) != "BUILD" || c.status(other) != "BUILD" {
		t.Errorf("got %v and %v", c.status(id), c.status(other))
	}
	c.must(c.Faults().Disarm(t.Context(), armed[0].ID))
	if got := c.job(after)["status"]; got != "Completed" || c.status(id) != "ACTIVE" {
		t.Errorf("got %v of an instance %v", got, c.status(id))
	}
}

func TestAFaultFindsAnInstanceByItsNameAndState(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	id, job := c.create(single)
	c.job(job)
	c.arm(`{match: {name: "ord*", state: active, method: DELETE}, effect: {do: status, status: 503}}`)
	if status, answer := c.ask(http.MethodDelete, "/instances/"+id, ""); status != http.StatusServiceUnavailable {
		t.Errorf("got %d %v", status, answer)
	}
	for _, none := range []string{"%00", "%FF", "none"} {
		if status, answer := c.ask(http.MethodDelete, "/instances/"+none, ""); status != http.StatusBadRequest {
			t.Errorf("%s: got %d %v", none, status, answer)
		}
	}
}
