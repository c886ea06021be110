package main

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/bench/report"
)

func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	var rows []report.Row
	for _, r := range []row{
		// The second round was disturbed: its ratio is like the others'.
		{
			"ratio", perSecond,
			[]float64{600, 60, 660},
			[]float64{1000, 100, 1000},
			[]usage{{product: 5500, postgres: time.Millisecond}},
			goal{atLeast: 0.6},
		},
		{"slow", millis, []float64{2.5}, []float64{1}, nil, goal{atMost: 2}},
		{"figure", seconds, []float64{0.5, 0.7, 0.6}, nil, nil, goal{atMost: 0.6}},
		{"no goal", megabytes, []float64{26}, nil, nil, goal{}},
	} {
		rows = append(rows, r.report())
	}
	report.Print(&out, rows)
	want := strings.Join([]string{
		"what      figure    baseline   ratio    goal                 CPU µs: product + Postgres",
		"ratio     600/s     1000/s     0.60 x   >= 0.60 x   met      5 + 1000",
		"slow      2.50 ms   1.00 ms    2.50 x   <= 2.00 x   missed   ",
		"figure    0.60 s    -          -        <= 0.60 s   met      ",
		"no goal   26.0 MB   -          -        -                    ",
		"",
	}, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table: want (-), got (+):\n%s", diff)
	}
}

// A connection of the load speaks HTTP as net/http understands it.
func TestConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusAccepted)
		}
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("X-Api-Key"), body)
	}))
	t.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	c, err := dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	for _, step := range []struct {
		request []byte
		status  int
		body    string
	}{
		{get(addr, "/one", "X-Api-Key: key\r\n"), http.StatusOK, "GET /one key "},
		{post(addr, "/two", "", `{"a":1}`), http.StatusAccepted, `POST /two  {"a":1}`},
		{get(addr, "/three", ""), http.StatusOK, "GET /three  "},
	} {
		status, body, err := c.do(step.request)
		if err != nil || status != step.status || string(body) != step.body {
			t.Errorf("%.20q: got %d %q, %v; want %d %q", step.request, status, body, err, step.status, step.body)
		}
	}
}

// A likeness answers what the other server does, which it asks once.
func TestLikeness(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	of := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Asked", fmt.Sprint(asked.Add(1)))
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %s", r.Host, r.URL, r.Header.Get("X-Api-Key"))
	}))
	t.Cleanup(of.Close)
	like := &likeness{of: of.Listener.Addr().String()}
	for range 2 {
		r := httptest.NewRequest(http.MethodGet, "/v1/one", nil)
		r.Header.Set("X-Api-Key", "key")
		w := httptest.NewRecorder()
		like.ServeHTTP(w, r)
		if w.Code != http.StatusTeapot || w.Body.String() != "example.com /v1/one key" ||
			w.Header().Get("X-Asked") != "1" || w.Header().Get("Date") != "" {
			t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
		}
	}
}

func TestLoadStopsAtAWrongAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	if l, err := load(t.Context(), addr, 2, time.Minute, [][]byte{get(addr, "/", "")}, http.StatusOK); err == nil {
		t.Errorf("got %+v, want an error", l)
	}
}

func TestReadPgbench(t *testing.T) {
	t.Parallel()
	rate, err := readRate("latency average = 2.6 ms\ntps = 6051.25 (without initial connection time)\n")
	if err != nil || rate != 6051.25 {
		t.Errorf("rate: got %v, %v; want 6051.25", rate, err)
	}
	if rate, err := readRate("pgbench: error"); err == nil {
		t.Errorf("rate of an error: got %v, want an error", rate)
	}
	prefix := filepath.Join(t.TempDir(), "log")
	for name, text := range map[string]string{
		prefix + ".7":   "0 1 550 0 1700000000 1\n0 2 450 0 1700000000 2\n",
		prefix + ".7.1": "1 1 650 0 1700000000 3\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	times, err := readTimes(prefix)
	if err != nil || len(times) != 3 || median(times) != 550*time.Microsecond {
		t.Errorf("times: got %v, %v; want three with the median 550µs", times, err)
	}
	if left, _ := filepath.Glob(prefix + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestProcessTimes(t *testing.T) {
	t.Parallel()
	own, children, parent := processTimes("42 (a (strange) name) S 7 42 42 0 -1 4194560 1 2 3 4 11 22 33 44 20 0 1 0 99")
	if own != 33*tick || children != 77*tick || parent != "7" {
		t.Errorf("got %v, %v, parent %s; want %v, %v, parent 7", own, children, parent, 33*tick, 77*tick)
	}
	if own, _, _ := processTimes("nothing"); own != 0 {
		t.Errorf("of nothing: got %v, want 0", own)
	}
}

// Every measurement is named, once, in the help.
func TestOptions(t *testing.T) {
	t.Parallel()
	var help strings.Builder
	if _, err := parse([]string{"-h"}, &help); err == nil {
		t.Error("-h: got no error")
	}
	seen := map[string]bool{}
	for _, m := range measurements() {
		if seen[m.name] || !strings.Contains(help.String(), m.name) {
			t.Errorf("measurement %s is there twice or not in the help:\n%s", m.name, &help)
		}
		seen[m.name] = true
	}
	for _, args := range [][]string{
		{"-duration", "1ms"},
		{"-rounds", "0"},
		{"-only", "("},
		{"-growth", "2000,1000"},
		{"-growth", "1000,x"},
		{"-growth", "10"},
	} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v: got no error", args)
		}
	}
}

// What is kept has no more digits than mean something.
func TestSignificant(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]float64{0: 0, 1234.5678: 1235, 0.00123456: 0.001235, math.Inf(1): 0} {
		if got := significant(v); got != want {
			t.Errorf("%v: got %v, want %v", v, got, want)
		}
	}
}
