package rds_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/rds"
)

// stories are what a client reads under each preset.
var stories = map[string]func(*testing.T, client){
	"instance-build-failed": func(t *testing.T, c client) {
		id, job := c.create(single)
		if got := c.job(job); got["status"] != "Failed" || got["fail_reason"] == "" || c.status(id) != "FAILED" {
			t.Errorf("got %v of an instance %v", got, c.status(id))
		}
		id, job = c.create(single)
		if got := c.job(job); got["status"] != "Completed" || c.status(id) != "ACTIVE" {
			t.Errorf("the next one: got %v of an instance %v", got, c.status(id))
		}
	},
	"instance-build-slow": func(t *testing.T, c client) {
		id, job := c.create(single)
		_, err := c.Clock().Advance(t.Context(), time.Hour)
		c.must(err)
		if got := c.status(id); got != "BUILD" {
			t.Errorf("got %v", got)
		}
		if got := c.job(job); got["status"] != "Completed" || c.status(id) != "ACTIVE" {
			t.Errorf("got %v", got)
		}
	},
	"instance-busy": func(t *testing.T, c client) {
		id, job := c.create(single)
		c.job(job)
		rename := func(name string) object {
			_, answer := c.ask(http.MethodPut, "/instances/"+id+"/name", `{"name": "`+name+`"}`)
			return answer
		}
		first, second, third := rename("first"), rename("second"), rename("third")
		if first["resp"] != "successful" || second["error_code"] != "DBS.200047" || third["resp"] != "successful" {
			t.Errorf("got %v, %v, %v", first, second, third)
		}
	},
	"instance-storage-full": func(t *testing.T, c client) {
		id, job := c.create(single)
		_, err := c.Clock().Advance(t.Context(), 7*time.Minute)
		c.must(err)
		if got := get(c.get("/jobs?id="+job), "job", "status"); got != "Running" || c.status(id) != "STORAGE FULL" {
			t.Errorf("got %v of an instance %v", got, c.status(id))
		}
		if got := c.job(job); got["status"] != "Completed" || c.status(id) != "ACTIVE" {
			t.Errorf("got %v of an instance %v", got, c.status(id))
		}
	},
	"job-flaky-5xx": func(t *testing.T, c client) {
		_, job := c.create(single)
		status, answer := c.ask(http.MethodGet, "/jobs?id="+job, "")
		if status != http.StatusBadGateway || answer["error_code"] != "DBS.200005" {
			t.Errorf("got %d %v", status, answer)
		}
		c.get("/jobs?id=" + job)
	},
	"create-answer-lost": func(t *testing.T, c client) {
		send := func() (*http.Response, error) {
			url := c.Endpoint + "/v3/" + c.Keys.APIKey + "/instances"
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(single))
			c.must(err)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-Auth-Token", c.Keys.SecretKey)
			req.Header.Set("X-Client-Token", "46436810-d999-454c-bd85-e515fd258602")
			return http.DefaultClient.Do(req)
		}
		if res, err := send(); err == nil {
			t.Errorf("got %d", res.StatusCode)
			_ = res.Body.Close()
		}
		res, err := send()
		c.must(err)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusAccepted || res.Header.Get("Idempotent-Replayed") != "true" ||
			get(c.get("/instances"), "total_count") != 1.0 {
			t.Errorf("again: got %d %v, and %v", res.StatusCode, res.Header, c.get("/instances"))
		}
	},
}

func TestEveryPresetDoesWhatItSays(t *testing.T) {
	t.Parallel()
	presets := rds.Presets()
	if len(stories) != len(presets.All) {
		t.Errorf("there are %d presets and %d stories", len(presets.All), len(stories))
	}
	for _, preset := range presets.All {
		t.Run(preset.Name, func(t *testing.T) {
			t.Parallel()
			c := frozen(t)
			_, err := c.Faults().Arm(t.Context(), preset.Name, "")
			c.must(err)
			stories[preset.Name](t, c)
		})
	}
}

func TestARuleMayNameTheKindOfAnInstance(t *testing.T) {
	t.Parallel()
	c := frozen(t)
	c.arm(`{match: {kind: instance}, effect: {do: status, status: 503}}`)
	if status, answer := c.ask(http.MethodGet, "/instances", ""); status != http.StatusServiceUnavailable {
		t.Errorf("got %d %v", status, answer)
	}
	c.get("/tasklist")
}
