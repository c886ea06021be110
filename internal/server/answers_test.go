package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// answer is what a client gets.
type answer struct {
	status int
	header http.Header
	body   string
}

func (s *alone) ask(method, path, host, accept string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", "key")
	req.Header.Set("X-Api-Secret-Key", "secret")
	req.Header.Set("Accept", accept)
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// settled makes a subscription, and returns the paths of what shows it: of its task, of itself, and of its database.
func (s *alone) settled() []string {
	s.t.Helper()
	c := &tenant{
		server: s, client: http.DefaultClient, id: "Demo", keys: sandbox.KeyPair{APIKey: "key", APISecretKey: "secret"},
	}
	task, made, ok := c.finish(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("kept"))
	if !ok {
		s.t.FailNow()
	}
	path := fmt.Sprint("/subscriptions/", made["resourceId"])
	return []string{"/tasks/" + task, path, path + "/databases/51000002"}
}

// An answer that is kept is sent again as it was made, in the form that each client asks for, and its request is in the
// journal like any other. Nothing is kept without room, nor in a shared database, nor is anything sent again while
// fault rules are armed.
func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		change func(*server.Config)
		room   int // for what is kept; 0: nothing is
	}{
		"alone":           {nil, server.DefaultCache},
		"little room":     {func(c *server.Config) { c.Cache = 64 << 10 }, 64 << 10},
		"no room":         {func(c *server.Config) { c.Cache = 0 }, 0},
		"shared database": {func(c *server.Config) { c.DatabaseURL = pgtest.New(t) }, 0},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := startAlone(t, pgtest.TempDir(t), c.change)
			paths := s.settled()
			for _, path := range paths {
				first := s.ask(http.MethodGet, path, "", "*/*")
				before := s.cached("hits_total")
				again := s.ask(http.MethodGet, path, "", "*/*")
				if hits := s.cached("hits_total") - before; hits > 1 || (c.room > 0) != (hits == 1) {
					t.Errorf("%s was sent again %d times", path, hits)
				}
				for _, a := range []answer{first, again} {
					a.header.Del("X-Request-Id")
					a.header.Del("Date")
				}
				if first.status != http.StatusOK || fmt.Sprint(first) != fmt.Sprint(again) {
					t.Errorf("%s was %v and then %v", path, first, again)
				}
				compact := s.ask(http.MethodGet, path, "", "application/json;indent=0")
				if strings.Contains(compact.body, "\n") || len(compact.body) >= len(first.body) {
					t.Errorf("%s without blanks is %s", path, compact.body)
				}
				if head := s.ask(http.MethodHead, path, "", "*/*"); head.body != "" ||
					head.header.Get("Content-Length") != fmt.Sprint(len(first.body)) {
					t.Errorf("HEAD %s: %v", path, head)
				}
				elsewhere := s.ask(http.MethodGet, path, "localhost:1", "*/*")
				if want := strings.ReplaceAll(first.body, s.Address(), "localhost:1"); elsewhere.body != want {
					t.Errorf("%s of another host is %s", path, elsewhere.body)
				}
			}
			s.wantInJournal(paths)
			s.wantNoneUnderFaults(paths[0])
			for i := range 100 { // each another one
				s.ask(http.MethodGet, fmt.Sprintf("%s?n=%d", paths[2], i), "", "*/*")
			}
			const some = 50 << 10 // that a hundred answers take in any case
			if got := s.cached("bytes"); got > c.room || c.room > 0 && got < some {
				t.Errorf("%d bytes are kept, where there is room for %d", got, c.room)
			}
		})
	}
}

// wantInJournal wants the GETs of paths in the journal, with the same content for each form that was asked for: there
// are three.
func (s *alone) wantInJournal(paths []string) {
	s.t.Helper()
	entries, err := s.Sandbox.Journal(s.t.Context(), sandbox.JournalQuery{Account: "Demo", Method: "GET", Bodies: true})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range paths {
		seen, all := map[string]int{}, 0
		for _, e := range entries {
			if !strings.HasSuffix(e.Path, path) || len(e.Answer.Body) == 0 {
				continue
			}
			e.Seq, e.ID, e.Time, e.DurationMS = 0, "", time.Time{}, 0
			for _, one := range []*journal.Message{e.Request, e.Answer} {
				one.Headers = slices.DeleteFunc(one.Headers, func(h journal.Header) bool {
					return slices.Contains([]string{"X-Request-Id", "Content-Type", "User-Agent", "Accept-Encoding"}, h.Name)
				})
			}
			text, err := json.Marshal(e)
			if err != nil {
				s.t.Fatal(err)
			}
			seen[string(text)]++
			all++
		}
		forms := 3
		if strings.HasPrefix(path, "/tasks/") { // which settled has asked for in a form of its own
			forms++
		}
		if len(seen) != forms || all != forms+1 {
			s.t.Errorf("%s is %d times in the journal: %v", path, all, seen)
		}
	}
}

// wantNoneUnderFaults wants a fault rule to strike what is kept, and nothing to be sent again while it is armed.
func (s *alone) wantNoneUnderFaults(path string) {
	s.t.Helper()
	armed, err := s.Sandbox.ArmFault(s.t.Context(), sandbox.NewFault{Preset: "flaky-5xx"})
	if err != nil {
		s.t.Fatal(err)
	}
	before, statuses := s.cached("hits_total"), map[int]int{}
	for range 20 {
		statuses[s.ask(http.MethodGet, path, "", "*/*").status]++
	}
	if hits := s.cached("hits_total") - before; hits > 0 || len(statuses) < 2 {
		s.t.Errorf("under faults %d answers were sent again: %v", hits, statuses)
	}
	for _, one := range armed {
		if err := s.Sandbox.DisarmFault(s.t.Context(), fmt.Sprint(one.ID)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Nobody else may change what is in a private Postgres: a server that is given its URL does not start.
func TestAPrivatePostgresIsNotShared(t *testing.T) {
	t.Parallel()
	dir := pgtest.TempDir(t)
	startAlone(t, dir, nil)
	pid, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(pid), "\n") // the port and the directory of the socket are among them
	s, err := server.Open(t.Context(), server.Config{
		Document: understudy.Document, Control: understudy.ControlDocument, Listen: "127.0.0.1:0",
		DataDir: pgtest.TempDir(t), CapPolicy: engine.PolicyQueue,
		DatabaseURL: fmt.Sprintf("postgres://understudy@/understudy?host=%s&port=%s", lines[4], lines[3]),
	})
	if s != nil || !errors.Is(err, server.ErrConfig) || !strings.Contains(err.Error(), "private Postgres of another") {
		t.Errorf("a second server: %v, %v", s, err)
	}
}
