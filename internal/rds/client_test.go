package rds_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy"
)

// frozen is a sandbox whose clock stands still.
func frozen(t *testing.T) client {
	t.Helper()
	c := client{understudy.StartT(t, understudy.Options{Speed: 1, TaskHold: -1}), t}
	c.must(c.Clock().Freeze(t.Context()))
	return c
}

// client is a client of a sandbox for its project.
type client struct {
	*understudy.Sandbox
	tb testing.TB
}

func (c client) must(err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatal(err)
	}
}

// ask sends a request below the project.
func (c client) ask(method, path, body string) (status int, answer object) {
	c.tb.Helper()
	url := c.Endpoint + "/v3/" + c.Keys.APIKey + path
	req, err := http.NewRequestWithContext(c.tb.Context(), method, url, strings.NewReader(body))
	c.must(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", c.Keys.SecretKey)
	res, err := http.DefaultClient.Do(req)
	c.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	c.must(err)
	if json.Unmarshal(text, &answer) != nil {
		c.tb.Fatalf("%s %s: got %q, which is no JSON", method, path, text)
	}
	return res.StatusCode, answer
}

// get is ask for what is to be there.
func (c client) get(path string) object {
	c.tb.Helper()
	status, answer := c.ask(http.MethodGet, path, "")
	if status != http.StatusOK {
		c.tb.Fatalf("GET %s: got %d %v", path, status, answer)
	}
	return answer
}

// create asks for a DB instance and returns its id and its job's.
func (c client) create(body string) (id, job string) {
	c.tb.Helper()
	status, answer := c.ask(http.MethodPost, "/instances", body)
	if status != http.StatusAccepted {
		c.tb.Fatalf("got %d %v", status, answer)
	}
	return get(answer, "instance", "id").(string), answer["job_id"].(string)
}

// job has time pass until all is done and returns a job.
func (c client) job(id string) object {
	c.tb.Helper()
	_, err := c.Clock().AdvanceUntilIdle(c.tb.Context())
	c.must(err)
	return c.get("/jobs?id=" + id)["job"].(object)
}

// status is that of a DB instance; nil: it is not there.
func (c client) status(id string) any {
	c.tb.Helper()
	return get(c.get("/instances?id="+id), "instances", 0, "status")
}

// arm arms a rule.
func (c client) arm(rule string) {
	c.tb.Helper()
	_, err := c.Faults().ArmRule(c.tb.Context(), rule)
	c.must(err)
}
