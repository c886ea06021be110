package servetest

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a killed server has acknowledged is there when it runs again on the same data, with the same keys.
func TestServerOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	if status, _, text := s.Do(http.MethodGet, "/payment-methods", nil); status != http.StatusOK {
		t.Fatalf("GET /payment-methods: got %d %s, want 200", status, text)
	}
	task := s.Accept(http.MethodPost, "/subscriptions/1/databases", map[string]any{"name": "lost", "datasetSizeInGb": 1})
	if task.Response.Error == nil {
		t.Fatalf("create a database in an unknown subscription: got %+v, want an error", task)
	}
	key, pid := s.APIKey, s.PID

	s.Kill()
	s.Restart()
	if s.APIKey != key || s.PID == pid {
		t.Errorf("after the restart: key %s, process %d; want the key %s and another process than %d",
			s.APIKey, s.PID, key, pid)
	}
	if got := s.Task(task.ID); got.Response.Error == nil || *got.Response.Error != *task.Response.Error {
		t.Errorf("after the restart: got %+v, want %+v", got, task)
	}
	s.Stop()
}

// The developer's own settings stay out; what the test asks for goes in.
func TestEnviron(t *testing.T) {
	t.Parallel()
	got := environ([]string{"PATH=/bin", "UNDERSTUDY_SPEED=1", "HOME=/home/dev"}, []string{"UNDERSTUDY_TASK_HOLD=0"})
	want := []string{"PATH=/bin", "HOME=/home/dev", "UNDERSTUDY_TASK_HOLD=0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment: want (-), got (+):\n%s", diff)
	}
}
