package control_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// page sends a request to the server's root; header may have more.
func (f *fixture) page(
	t *testing.T, method, path string, header http.Header,
) (status int, answer http.Header, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.client.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	req.Host = header.Get("Host")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it is read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

// samples reads figures: what stands before a value to the value.
func samples(text string) map[string]string {
	all := map[string]string{}
	for scanner := bufio.NewScanner(strings.NewReader(text)); scanner.Scan(); {
		if name, value, ok := strings.Cut(scanner.Text(), " "); ok && name != "#" {
			all[name] = value
		}
	}
	return all
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	f := start(t, keeping)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "named"})
	must(t, f, control.ArmFault, sandbox.NewFault{Rule: json.RawMessage(`{"match": {"operation": "listProSubscriptions"},
		"when": {"first": 1}, "effect": {"do": "status", "status": 503}}`)})
	f.requested(t, made.Keys, "GET", "/subscriptions", "")
	f.requested(t, made.Keys, "GET", "/subscriptions/7", "")
	f.requested(t, made.Keys, "GET", "/subscriptions/7", "")
	f.requested(t, made.Keys, "GET", "/nowhere", "")
	for range 2 {
		f.requested(t, made.Keys, "POST", "/acl/redisRules", `{"name": "r", "redisRule": "+@all"}`,
			"Idempotency-Key", "a-key-of-mine")
	}
	status, header, text := f.page(t, http.MethodGet, "/metrics", nil)
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
		t.Fatalf("got %d %v", status, header)
	}
	got := samples(text)
	for name, want := range map[string]string{
		`understudy_requests_total{class="4xx",operation="getProSubscription"}`:     "2",
		`understudy_requests_total{class="4xx",operation="none"}`:                   "1",
		`understudy_requests_total{class="2xx",operation="createAclRedisRule"}`:     "2",
		`understudy_request_duration_seconds_count{operation="createAclRedisRule"}`: "2",
		`understudy_idempotency_total{outcome="first"}`:                             "1",
		`understudy_idempotency_total{outcome="replayed"}`:                          "1",
		`understudy_faults_injected_total{effect="status"}`:                         "1",
		`understudy_accounts`:                          "2",
		`understudy_tasks{status="failed"}`:            "0",
		`understudy_database_up`:                       "1",
		`understudy_journal_entries`:                   "6",
		`understudy_build_info{version="v0.0.0-test"}`: "1",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %s", name, got[name], want)
		}
	}
	for _, name := range []string{
		"understudy_tasks_queued", "understudy_tasks_queue_longest", "understudy_tasks_running", "understudy_steps",
		"understudy_steps_due", `understudy_database_connections{state="idle"}`, "understudy_database_acquired_total",
		"go_goroutines",
	} {
		if got[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if leak := regexp.MustCompile(`named|\b100[0-9]\b|a-key|nowhere`).FindString(text); leak != "" {
		t.Errorf("an id or a name is a label: %q", leak)
	}
}

// Figures can be asked for while there is much to do, add up afterwards, and are as many as before: their number
// follows the contract, not the traffic.
func TestMetricsUnderLoad(t *testing.T) {
	t.Parallel()
	f := start(t, keeping)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{})
	const clients, each = 8, 60
	var load, scrapes sync.WaitGroup
	stop := make(chan struct{})
	scrapes.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if status, _, _ := f.page(t, http.MethodGet, "/metrics", nil); status != http.StatusOK {
				t.Errorf("a scrape under load: %d", status)
			}
		}
	})
	for c := range clients {
		load.Go(func() {
			for i := range each {
				f.requested(t, made.Keys, "GET", fmt.Sprint("/subscriptions/", c*each+i+1), "")
			}
		})
	}
	load.Wait()
	close(stop)
	scrapes.Wait()
	_, _, text := f.page(t, http.MethodGet, "/metrics", nil)
	got := samples(text)
	want := fmt.Sprint(clients * each)
	for _, name := range []string{
		`understudy_requests_total{class="4xx",operation="getProSubscription"}`,
		`understudy_request_duration_seconds_bucket{operation="getProSubscription",le="+Inf"}`,
	} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
	own := 0
	for name := range got {
		if strings.HasPrefix(name, "understudy_") {
			own++
		}
	}
	if own > 100 {
		t.Errorf("there are %d figures of one operation", own)
	}
}

func TestProfilesAreOffUntilWanted(t *testing.T) {
	t.Parallel()
	if status, _, _ := start(t).page(t, http.MethodGet, "/debug/pprof/", nil); status != http.StatusNotFound {
		t.Errorf("profiles without --pprof: %d", status)
	}
	f := start(t, func(cfg *server.Config) { cfg.Pprof = true })
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap?debug=1", "/debug/pprof/cmdline"} {
		if status, _, _ := f.page(t, http.MethodGet, path, nil); status != http.StatusOK {
			t.Errorf("GET %s: %d", path, status)
		}
		page := http.Header{"Origin": {"http://a.example"}}
		if status, _, _ := f.page(t, http.MethodGet, path, page); status != http.StatusForbidden {
			t.Errorf("GET %s for a web page: %d", path, status)
		}
	}
}

// A name that somebody has resolve to the loopback address reaches nothing at all, and no web page may read anything.
func TestWebPagesReachNothing(t *testing.T) {
	t.Parallel()
	f := start(t, func(cfg *server.Config) { cfg.AllowHosts = []string{"Sandbox.Test"} })
	paths := []string{
		"/v1/subscriptions", "/healthz", "/readyz", "/openapi.yaml", "/metrics", "/_sandbox/v1/status", "/", "/x",
	}
	for _, path := range paths {
		status, header, body := f.page(t, http.MethodGet, path, http.Header{"Host": {"evil.example:8080"}})
		if status != http.StatusForbidden || !strings.Contains(body, "FORBIDDEN_HOST") ||
			header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("GET %s by another name: %d %s", path, status, body)
		}
		for _, name := range []string{"sandbox.test:8080", "localhost", "app.localhost:1", "[::1]", "127.0.0.2"} {
			if status, _, _ := f.page(t, http.MethodGet, path, http.Header{"Host": {name}}); status == http.StatusForbidden {
				t.Errorf("GET %s by the name %s is refused", path, name)
			}
		}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			_, header, _ := f.page(t, method, path, http.Header{
				"Origin": {"http://a.example"}, "Access-Control-Request-Method": {"POST"},
				"Access-Control-Request-Headers": {"x-api-key"},
			})
			for name := range header {
				if strings.HasPrefix(name, "Access-Control") {
					t.Errorf("%s %s answers a web page with %s", method, path, name)
				}
			}
		}
	}
}
