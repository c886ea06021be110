package coverage_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/coverage"
)

const (
	task     = "/v1/tasks/6f1c1f0e-3f7a-4c43-9d0c-0b8f0d6f5a01"
	accepted = `{"taskId": "6f1c1f0e-3f7a-4c43-9d0c-0b8f0d6f5a01", "commandType": "subscriptionDeleteRequest", ` +
		`"status": "received", "description": "d", "timestamp": "2026-01-01T00:00:00Z", "links": []}`
	completed = `{"taskId": "6f1c1f0e-3f7a-4c43-9d0c-0b8f0d6f5a01", "commandType": "subscriptionDeleteRequest", ` +
		`"status": "processing-completed", "description": "d", "timestamp": "2026-01-01T00:00:00Z", "links": []}`
	failed = `{"timestamp": "2026-01-01T00:00:00.000+00:00", "status": 404, "error": "Not Found", ` +
		`"message": "not found", "path": "/"}`
)

// answered has a recorder look at one answer.
func answered(t *testing.T, r *coverage.Recorder, method, path string, status int, body string) (string, error) {
	t.Helper()
	return r.Answered(t.Name(), httptest.NewRequest(method, path, nil), status,
		http.Header{"Content-Type": {"application/json"}}, []byte(coverage.Pretty([]byte(body))))
}

func newRecorder(t *testing.T) *coverage.Recorder {
	t.Helper()
	r, err := coverage.New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatHasSucceeded(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	for _, step := range []struct {
		method, path string
		status       int
		body         string
		finished     string
	}{
		{"GET", "/v1/subscriptions/7", 404, failed, ""},
		{"GET", "/nowhere", 404, failed, ""},
		{"HEAD", "/v1/query-performance-factors", 200, "", ""},
		{"DELETE", "/v1/subscriptions/7", 202, accepted, ""}, // accepted is not done
		{"GET", task, 200, strings.Replace(completed, "-completed", "-in-progress", 1), ""},
		{"GET", task, 200, strings.Replace(completed, "-completed", "-error", 1), ""},
		{"GET", strings.Replace(task, "6f", "6e", 1), 200, strings.Replace(completed, "6f", "6e", 1), ""}, // of somebody else
		{"GET", task, 200, completed, "deleteProSubscription"},
		{
			"GET", "/v1/query-performance-factors", 200, `{"queryPerformanceFactors": [], "links": []}`,
			"listQueryPerformanceFactors",
		},
	} {
		finished, err := answered(t, r, step.method, step.path, step.status, step.body)
		if err != nil || finished != step.finished {
			t.Errorf("%s %s %s: got %q, %v, want %q", step.method, step.path, step.body, finished, err, step.finished)
		}
	}
	want := []string{"deleteProSubscription", "getTask", "listQueryPerformanceFactors"}
	if diff := cmp.Diff(want, r.Operations()); diff != "" {
		t.Errorf("operations: want (-), got (+):\n%s", diff)
	}
}

// An operation of RDS succeeds when its job is over, and an error of it has a code of its contract.
func TestWhatHasSucceededOfRDS(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	const jobs, instance = "/v3/p/jobs?id=6f1c", "/v3/p/instances/6f1c"
	job := func(status string) string {
		return `{"job": {"id": "6f1c", "name": "DeleteMysqlInstance", "status": "` + status + `", ` +
			`"created": "", "ended": "", "process": "", "instance": {"id": "", "name": ""}, "entities": {}}}`
	}
	for _, step := range []struct {
		method, path string
		status       int
		body         string
		finished     string
		fine         bool
	}{
		{"DELETE", instance, 202, `{"job_id": "6f1c"}`, "", true},
		{"GET", jobs, 200, job("Running"), "", true},
		{"GET", jobs, 200, job("Failed"), "", true},
		{"GET", jobs, 200, job("Completed"), "deleteInstance", true},
		{"GET", "/v3/p/instances", 200, `{"instances": [], "total_count": 0}`, "listInstances", true},
		{"GET", "/v3/p/nowhere", 404, `{"error_code": "DBS.200002", "error_msg": "no"}`, "", true},
		{"GET", "/v3/p/nowhere", 404, `{"error_code": "DBS.200001", "error_msg": "no"}`, "", false},
		{"DELETE", instance, 404, `{"error_code": "DBS.200002", "error_msg": ""}`, "", false},
		{"DELETE", instance, 404, `{"error_code": "DBS.1", "error_msg": "no"}`, "", false},
		{"DELETE", instance, 503, `{"error_code": "DBS.200005", "error_msg": "no"}`, "", true},
	} {
		finished, err := answered(t, r, step.method, step.path, step.status, step.body)
		if (err == nil) != step.fine || finished != step.finished {
			t.Errorf("%s %s %s: got %q, %v, want %q", step.method, step.path, step.body, finished, err, step.finished)
		}
	}
	want := []string{"deleteInstance", "getJob", "listInstances"}
	if diff := cmp.Diff(want, r.Operations()); diff != "" {
		t.Errorf("operations: want (-), got (+):\n%s", diff)
	}
}

// Paths as official clients write them, and those where a word stands beside a parameter.
func TestWhoseAPathIs(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	for _, tt := range []struct{ method, path, want string }{
		{"GET", "/v1", "getCurrentAccount"},
		{"GET", "/v1/", "getCurrentAccount"},
		{"GET", "/v1/subscriptions/redis-versions", "listProRedisVersions"},
		{"GET", "/v1/subscriptions/redis-versions%3FsubscriptionId=7", "listProRedisVersions"},
		{"GET", "/v1/subscriptions/7/data-integration-workspace/a/b/c", "getDataIntegrationWorkspaceSubpath"},
		{"GET", "/v1/subscriptions/7/data-integration-workspace", "getDataIntegrationWorkspace"},
		{"GET", "/v1/users/a%2Fb", "getUser"},
		{"GET", "/nowhere", "GET /nowhere is no operation, and"},
	} {
		_, err := answered(t, r, tt.method, tt.path, 299, `{}`) // a status that no operation declares
		if err == nil || !strings.HasPrefix(err.Error(), tt.want+" answered") {
			t.Errorf("%s %s: got %v, want a complaint about %s", tt.method, tt.path, err, tt.want)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(file, []byte("# why\n\na\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := coverage.Read(file)
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := coverage.Read(file + "-not"); err == nil {
		t.Error("a list that is not there is read")
	}
}
