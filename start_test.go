package understudy_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy"
)

// child has the test binary start a sandbox and live on, instead of running tests.
const child = "UNDERSTUDY_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) == "" {
		os.Exit(m.Run())
	}
	sandbox, err := understudy.Start(context.Background(), understudy.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(sandbox.URL)
	select {} // until it is killed
}

func TestSandboxesAreApart(t *testing.T) {
	t.Parallel()
	one, other := understudy.StartT(t, understudy.Options{}), understudy.StartT(t, understudy.Options{})
	if one.URL != other.URL {
		t.Errorf("got the URLs %s and %s, want one server for the same options", one.URL, other.URL)
	}
	if one.Keys == other.Keys {
		t.Error("two sandboxes have the same keys")
	}
	task := send(one, http.MethodPost, "/subscriptions", subscription)
	if got := send(one, http.MethodGet, fmt.Sprint("/tasks/", task["taskId"]), "")["taskId"]; got != task["taskId"] {
		t.Errorf("got the task %v, want %v", got, task["taskId"])
	}
	if got := send(other, http.MethodGet, fmt.Sprint("/tasks/", task["taskId"]), "")["status"]; got != 404.0 {
		t.Errorf("a task of another sandbox is answered with %v, want 404", got)
	}
	mine := send(one, http.MethodGet, "/", "")["account"].(map[string]any)
	its := send(other, http.MethodGet, "/", "")["account"].(map[string]any)
	if mine["id"] == its["id"] {
		t.Errorf("both sandboxes are account %v", mine["id"])
	}
}

func TestOtherOptionsAreAnotherServer(t *testing.T) {
	t.Parallel()
	one, other := understudy.StartT(t, understudy.Options{Speed: 30}), understudy.StartT(t, understudy.Options{Speed: 40})
	if one.URL == other.URL {
		t.Errorf("got the URL %s for two speeds", one.URL)
	}
}

func TestCloseEndsTheServer(t *testing.T) {
	t.Parallel()
	opts := understudy.Options{Speed: 50}
	first := understudy.StartT(t, opts)
	second := understudy.StartT(t, opts)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	send(second, http.MethodGet, "/", "") // still there
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, second.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Error("the server still answers after the last Close")
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]understudy.Options{
		"--speed -1":                    {Speed: -1},
		"--task-hold 1m0s":              {TaskHold: time.Minute},
		"--rate-limit -1":               {RateLimit: -1},
		`--subscription-cap-policy "x"`: {CapPolicy: "x"},
	} {
		sandbox, err := understudy.Start(t.Context(), opts)
		if err == nil {
			t.Errorf("%s: started", name)
			_ = sandbox.Close()
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("got the error %q, want one that names %s", err, name)
		}
	}
}

// A test binary that is killed cannot clean up: its Postgres and its files go all the same.
func TestNothingIsLeftOfAKilledProcess(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "understudy-test-") // not t.TempDir, which the user of Postgres may not enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), child+"=1", "TMPDIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://") {
		t.Fatalf("the child says %q, %v, want a URL", line, err)
	}
	if got := remains(t, dir); len(got) == 0 {
		t.Fatal("the child keeps nothing below TMPDIR: this test proves nothing")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed

	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); len(remains(t, dir)) > 0; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("a killed process leaves %v", remains(t, dir))
		}
	}
}

func remains(t *testing.T, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}
