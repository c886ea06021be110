package understudy_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy"
)

// A sandbox speaks RDS, too: its job is a task, which can be waited for as any other one.
func TestInstanceOfASandbox(t *testing.T) {
	t.Parallel()
	sandbox := understudy.StartT(t, understudy.Options{})
	project := sandbox.Endpoint + "/v3/" + sandbox.Keys.APIKey
	ask := func(method, path, body string, into any) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, project+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", sandbox.Keys.SecretKey)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s %s: got %d, %v", method, path, res.StatusCode, err)
		}
	}
	var made struct {
		Job      string `json:"job_id"`
		Instance struct{ ID, Status string }
	}
	ask(http.MethodPost, "/instances", `{"name": "orders", "datastore": {"type": "MySQL", "version": "8.0"},
		"flavor_ref": "rds.mysql.n1.large.2", "volume": {"type": "CLOUDSSD", "size": 40}, "region": "cn-north-4",
		"availability_zone": "cn-north-4a", "vpc_id": "vpc", "subnet_id": "subnet", "security_group_id": "group"}`, &made)
	if made.Instance.Status != "BUILD" {
		t.Errorf("got %+v, want an instance that is being built", made)
	}
	if err := sandbox.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	var list struct{ Instances []struct{ ID, Status string } }
	ask(http.MethodGet, "/instances", "", &list)
	if len(list.Instances) != 1 || list.Instances[0].ID != made.Instance.ID || list.Instances[0].Status != "ACTIVE" {
		t.Errorf("got %+v, want the instance %s, active", list, made.Instance.ID)
	}
}
