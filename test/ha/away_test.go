package ha

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/migrations"
)

// While no standby is there that commits wait for, nothing is acknowledged: writes end with 503 in bounded time, and
// reads go on. Once it is back, so are they, and what came with a key is there once.
func TestStandbyAway(t *testing.T) {
	primary := newPrimary(t)
	second := primary.standby("on")
	if err := migrations.Up(t.Context(), primary.url()); err != nil {
		t.Fatal(err)
	}
	l := &load{tb: t, servers: serve(t, 1, "--database-url", primary.url()), refused: map[string]int{}}
	create := func(name string) {
		t.Helper()
		m := made{account: "account-0", client: "client-0", name: name}
		if l.create(&m, 0) && l.see(&m, 0) {
			l.made = append(l.made, m)
		}
	}
	create("before")
	second.end(syscall.SIGQUIT) // at once, and as after a crash; its processes are gone when it is started again
	began := time.Now()
	status, _, text := l.servers[0].Do(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("given up"))
	if status != http.StatusServiceUnavailable {
		t.Errorf("without a standby: got %d %s", status, text)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("that took %v", took)
	}
	if status, _, text := l.servers[0].Do(http.MethodGet, "/subscriptions", nil); status != http.StatusOK {
		t.Errorf("reads: got %d %s", status, text)
	}
	// It is given up, and yet on the primary: a retry with a key would have found it.
	l.servers[0].Until("/tasks", func(_ int, text []byte) bool { return bytes.Contains(text, []byte("taskId")) })
	second.serve()
	create("after")
	if got := strings.Join(l.names("account-0"), " "); got != "before after" && got != "after before" {
		t.Errorf("there are %s", got)
	}
}

// A primary that goes, and nobody follows it, is told of once in the log, whatever the servers are asked meanwhile; and
// so is its return. Readiness follows it.
func TestDatabaseAwayAndBack(t *testing.T) {
	primary := newPrimary(t)
	s := serve(t, 1, "--database-url", primary.url())[0]
	ready := func(want int) {
		t.Helper()
		root := strings.TrimSuffix(s.URL, "/v1")
		deadline := time.Now().Add(patience)
		for status := 0; status != want; {
			res, err := http.Get(root + "/readyz")
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if status = res.StatusCode; time.Now().After(deadline) {
				t.Fatalf("/readyz still says %d, want %d", status, want)
			}
		}
	}
	ready(http.StatusOK)
	primary.end(syscall.SIGQUIT)
	ready(http.StatusServiceUnavailable)
	for range 50 {
		status, header, text := s.Do(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("one"))
		if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" ||
			!bytes.Contains(text, []byte(`"status" : 503`)) {
			t.Fatalf("got %d %v %s", status, header, text)
		}
	}
	// It is away for long enough that whoever takes work, once a second at the latest, finds out.
	apitest.Eventually(t, "no work can be taken", func() bool { return strings.Contains(s.Log(), "no work can be taken") })
	primary.serve()
	ready(http.StatusOK)
	if task := s.Accept(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("one")); task.Response.Error != nil {
		t.Errorf("afterwards: %v", task)
	}
	apitest.Eventually(t, "all work can be taken again", func() bool {
		log := s.Log()
		return strings.Count(log, "work can be taken again") == strings.Count(log, "no work can be taken")
	})
	logged := map[string]int{}
	for lines := bufio.NewScanner(strings.NewReader(s.Log())); lines.Scan(); {
		for _, says := range []string{"no work can be taken", "work can be taken again"} {
			if strings.Contains(lines.Text(), says) {
				logged[says]++
			}
		}
	}
	for says, n := range logged {
		if n > 2 { // one for tasks, one for steps
			t.Errorf("%d times: %s", n, says)
		}
	}
	if len(logged) != 2 {
		t.Errorf("the log has %v", logged)
	}
}
