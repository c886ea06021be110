package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

// demoProcess is a run of `understudy demo`, and the directory that everything of it is in.
type demoProcess struct {
	*process

	dir string
}

func launchDemo(t *testing.T, env []string, args ...string) demoProcess {
	t.Helper()
	dir := pgtest.TempDir(t)
	env = append([]string{"TMPDIR=" + dir, "DISPLAY=", "WAYLAND_DISPLAY="}, env...)
	return demoProcess{launch(t, env, append([]string{"demo"}, args...)...), dir}
}

// url waits for where the sandbox is reached.
func (d demoProcess) url() (url string) {
	d.t.Helper()
	d.until("the demo says where it runs", func() bool {
		_, rest, found := strings.Cut(d.stdout.String(), "The demo runs at ")
		url, _, _ = strings.Cut(rest, "\n")
		return found && strings.Contains(rest, "\n\n")
	})
	return url
}

// base is the server alone.
func (d demoProcess) base() string { d.t.Helper(); return strings.TrimSuffix(d.url(), "/ui/") }

// untilSays waits until the story has come to a line.
func (d demoProcess) untilSays(text string) {
	d.t.Helper()
	d.until("the story says "+text, func() bool { return strings.Contains(d.stdout.String(), text) })
}

// postgres is the process id of its Postgres; 0 before there is one.
func (d demoProcess) postgres() int {
	d.t.Helper()
	found, err := filepath.Glob(filepath.Join(d.dir, "*", "postgres", "postmaster.pid"))
	if err != nil {
		d.t.Fatal(err)
	}
	if len(found) == 0 {
		return 0
	}
	return postmaster(d.t, filepath.Dir(filepath.Dir(found[0])))
}

// wantNothingLeft waits until the directory is empty and Postgres is gone. What removes them after a process that could
// not do it is another one.
func (d demoProcess) wantNothingLeft(pid int) {
	d.t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := os.ReadDir(d.dir)
		if err != nil {
			d.t.Fatal(err)
		}
		gone := pid == 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
		if len(left) == 0 && gone {
			return
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("after %v there still are %v, and Postgres is gone: %v", limit, left, gone)
		}
		<-tick.C
	}
}

// seenBy is what a command that follows something says, line by line.
func seenBy[T any](t *testing.T, p *process) (all []T) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(p.stdout.String()))
	for decoder.More() {
		var one T
		if err := decoder.Decode(&one); err != nil {
			t.Fatalf("%v in %s", err, &p.stdout)
		}
		all = append(all, one)
	}
	return all
}

// The story of the demo, as the sandbox itself saw it.
func TestDemoTellsItsStory(t *testing.T) {
	t.Parallel()
	const speed = 200
	d := launchDemo(t, nil, "--no-browser", "--speed", "200")
	url := d.base()
	requests := launch(t, nil, "journal", "follow", "--url", url, "--json")
	follow := func(account string) *process {
		return launch(t, nil, "events", "--url", url, "--account", account, "--after", "0", "--json")
	}
	storefront, analytics, payments := follow("Storefront"), follow("Analytics"), follow("Payments")
	d.untilSays("takes down ledger")
	wantPages(t, d.stdout.String())
	d.untilSays("round 1 is over")
	pid := d.postgres()

	// Everybody has made something, and cleaned up.
	for _, p := range []*process{storefront, analytics, payments} {
		p.until("all are told of what is removed", func() bool { return len(subscriptionsLeft(t, p)) == 0 })
	}
	wantFourthToWait(t, seenBy[understudy.Transition](t, analytics), 4*time.Minute/speed)
	wantIncidents(t, seenBy[understudy.Transition](t, payments), 48*time.Hour/speed)
	refused := 0
	for _, r := range seenBy[understudy.JournalEntry](t, requests) {
		if r.Status == 429 && r.Fault != "" {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d requests were refused with 429, want 3", refused)
	}

	for _, says := range []string{
		"Analytics   has filled its three slots", "Payments    creates the database fraud, and the task fails",
		"provisioning is stuck", "Storefront  429", "\n        " + url,
	} {
		if !strings.Contains(d.stdout.String(), says) {
			t.Errorf("the story does not say %q", says)
		}
	}
	if strings.Contains(d.stdout.String(), "gives up") {
		t.Error("somebody gives up")
	}
	d.signal(syscall.SIGINT)
	if status := d.wait(); status != 0 || d.stderr.String() != "" {
		t.Errorf("after Ctrl-C: status %d, stderr %q", status, &d.stderr)
	}
	d.wantNothingLeft(pid)
}

// Whoever watches may lend a hand: what an actor can then no longer do it leaves, and begins anew with the others.
func TestDemoGoesOnWhereSomebodyMeddles(t *testing.T) {
	t.Parallel()
	d := launchDemo(t, nil, "--no-browser", "--speed", "300")
	url := d.base()
	d.untilSays("creates the database cart")
	if status, _, stderr := run(t, nil, "reset", "Storefront", "--url", url); status != 0 {
		t.Fatal(stderr)
	}
	d.untilSays("Storefront  gives up for this round")
	d.until("it begins anew", func() bool {
		return strings.Count(d.stdout.String(), "Storefront  creates the subscription shop") == 2
	})
}

// subscriptionsLeft are the subscriptions that have been made and are not yet removed. Nobody has made any yet: one.
func subscriptionsLeft(t *testing.T, p *process) []string {
	t.Helper()
	last := map[string]string{"none": "yet"}
	for _, e := range seenBy[understudy.Transition](t, p) {
		if e.Kind == "subscription" {
			delete(last, "none")
			if last[e.Name] = e.Status; e.Status == "gone" {
				delete(last, e.Name)
			}
		}
	}
	var left []string
	for name := range last {
		left = append(left, name)
	}
	return left
}

// wantPages holds that every page that a story leads to is there.
func wantPages(t *testing.T, story string) {
	t.Helper()
	pages := map[string]bool{}
	for line := range strings.Lines(story) {
		if page := strings.TrimSpace(line); strings.HasPrefix(page, "http://") && !pages[page] {
			pages[page] = true
			res, err := http.Get(page)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s is answered with %d", page, res.StatusCode)
			}
		}
	}
	if len(pages) < 10 {
		t.Errorf("the story leads to %d pages", len(pages))
	}
}

// wantFourthToWait holds that the provisioning of a fourth subscription begins when the first of three is done.
func wantFourthToWait(t *testing.T, events []understudy.Transition, takes time.Duration) {
	t.Helper()
	active := map[string]time.Time{}
	for _, e := range events {
		if e.Kind == "subscription" && e.Status == "active" && active[e.Name].IsZero() {
			active[e.Name] = e.At
		}
	}
	first, fourth := active["clicks"], active["archive"]
	if len(active) != 4 || fourth.Sub(first) < takes {
		t.Errorf("the first subscription was active at %v, and the fourth at %v, want %v between: %v",
			first, fourth, takes, active)
	}
}

// wantIncidents holds that a task failed, and that a database was stuck for a time.
func wantIncidents(t *testing.T, events []understudy.Transition, stuck time.Duration) {
	t.Helper()
	failed := 0
	var instance []string
	var pending time.Time
	var took time.Duration
	for _, e := range events {
		switch {
		case e.Type == "task" && e.Status == "failed":
			failed++
			if e.Error == nil || e.Error.Code != "GENERAL_ERROR" {
				t.Errorf("a task failed with %+v", e.Error)
			}
		case e.Name == "invoices" && len(instance) < 4:
			instance = append(instance, e.Status)
		case e.Kind == "database" && e.Name == "risk" && e.Status == "pending" && pending.IsZero():
			pending = e.At
		case e.Kind == "database" && e.Name == "risk" && e.Status == "active" && took == 0:
			took = e.At.Sub(pending)
		}
	}
	if failed != 1 {
		t.Errorf("%d tasks failed, want 1", failed)
	}
	if !slices.Equal(instance, []string{"pending", "active", "rebooting", "active"}) {
		t.Errorf("the instance was %v", instance)
	}
	if took < stuck {
		t.Errorf("provisioning of risk took %v, want %v at least", took, stuck)
	}
}

// However it ends, nothing is left: when its time is over, after Ctrl-C at whatever moment, after a second one, when it
// is killed, and when it cannot begin.
func TestDemoLeavesNothing(t *testing.T) {
	t.Parallel()
	runs := func(d demoProcess) { d.url() }
	for name, test := range map[string]struct {
		args    []string
		moment  func(d demoProcess)
		signals []syscall.Signal
		status  int
	}{
		"time is over":     {[]string{"--for", "1s"}, runs, nil, 0},
		"Ctrl-C":           {nil, runs, []syscall.Signal{syscall.SIGINT}, 0},
		"stopped":          {nil, runs, []syscall.Signal{syscall.SIGTERM}, 0},
		"Ctrl-C twice":     {nil, runs, []syscall.Signal{syscall.SIGINT, syscall.SIGINT}, -1},
		"killed":           {nil, runs, []syscall.Signal{syscall.SIGKILL}, -1},
		"killed at initdb": {nil, initdb, []syscall.Signal{syscall.SIGKILL}, -1},
		"Ctrl-C at initdb": {nil, initdb, []syscall.Signal{syscall.SIGINT}, 0},
		"time is short":    {[]string{"--for", "1ns"}, func(demoProcess) {}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := launchDemo(t, []string{"UNDERSTUDY_DEMO_NO_BROWSER=true"}, test.args...)
			test.moment(d)
			pid := d.postgres()
			for _, s := range test.signals {
				d.signal(s)
			}
			// A second signal may find the process gone already.
			if status := d.wait(); status != test.status && (len(test.signals) < 2 || status != 0) {
				t.Errorf("got status %d, want %d", status, test.status)
			}
			if test.status == 0 && d.stderr.String() != "" {
				t.Errorf("it complains: %s", &d.stderr)
			}
			d.wantNothingLeft(pid)
		})
	}
}

// initdb waits until the directory of the demo has something in it.
func initdb(d demoProcess) {
	d.until("Postgres is being made", func() bool {
		found, err := filepath.Glob(filepath.Join(d.dir, "*", "postgres*", "*"))
		if err != nil {
			d.t.Fatal(err)
		}
		return len(found) > 0
	})
}

func TestDemoThatCannotBegin(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		status int
		says   string
		env    []string
		args   []string
	}{
		{1, "address already in use", nil, []string{"--listen", taken.Addr().String()}},
		{1, "address already in use", []string{"UNDERSTUDY_DEMO_LISTEN=" + taken.Addr().String()}, nil},
		{2, "--speed 0 is not above 0", nil, []string{"--speed", "0"}},
		{2, "--speed -1 is not above 0", []string{"UNDERSTUDY_DEMO_SPEED=-1"}, nil},
		{2, "--for -1s is not a length of time", []string{"UNDERSTUDY_DEMO_FOR=-1s"}, nil},
		{2, "other machines", nil, []string{"--listen", "0.0.0.0:0"}},
	} {
		d := launchDemo(t, test.env, test.args...)
		status := d.wait()
		wantLine(t, test.says, status, test.status, d.stdout.String(), d.stderr.String(), []string{test.says})
		d.wantNothingLeft(0)
	}
}

// A browser opens where there is a display, unless one wants none.
func TestDemoOpensABrowser(t *testing.T) {
	t.Parallel()
	bin := pgtest.TempDir(t)
	opened := filepath.Join(bin, "opened")
	script := "#!/bin/sh\nprintf %s \"$1\" >\"" + opened + ".tmp\" && mv \"" + opened + ".tmp\" \"" + opened + "\"\n"
	for _, opener := range []string{"xdg-open", "open"} { // Linux and macOS
		if err := os.WriteFile(filepath.Join(bin, opener), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := "PATH=" + bin + ":" + os.Getenv("PATH")
	d := launchDemo(t, []string{path, "DISPLAY=:99"})
	url := d.url()
	d.until("the browser opens", func() bool {
		got, err := os.ReadFile(opened)
		return err == nil && bytes.Equal(got, []byte(url))
	})
	if err := os.Remove(opened); err != nil {
		t.Fatal(err)
	}
	d = launchDemo(t, []string{path, "DISPLAY=:99"}, "--no-browser")
	d.untilSays("Storefront  creates")
	if _, err := os.Stat(opened); err == nil {
		t.Error("a browser opens in spite of --no-browser")
	}

	// Where nothing opens one, one is told where to look.
	poor := pgtest.TempDir(t)
	for _, tool := range []string{"sh", "sed", "sleep", "rm"} {
		found, err := exec.LookPath(tool)
		if err == nil {
			err = os.Symlink(found, filepath.Join(poor, tool))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d = launchDemo(t, []string{"PATH=" + poor, "DISPLAY=:99"})
	d.untilSays("no browser opens here")
}
