package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// alone is a server in this process that has a Postgres of its own.
type alone struct {
	*server.Server
	t    *testing.T
	log  apitest.Output
	stop func()
}

func startAlone(t *testing.T, dir string, change func(*server.Config)) *alone {
	t.Helper()
	s := &alone{t: t}
	cfg := server.Config{
		Document: understudy.Document, Control: understudy.ControlDocument, Listen: "127.0.0.1:0", DataDir: dir,
		Speed: 1, CapPolicy: engine.PolicyQueue, Journal: 1000, Cache: server.DefaultCache,
		APIKey: "key", APISecretKey: "secret", Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if s.Server, err = server.Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v\n%s", err, &s.log)
		}
	})
	t.Cleanup(s.stop)
	return s
}

// cached is a figure of what is kept of answers.
func (s *alone) cached(figure string) int {
	s.t.Helper()
	res, err := http.Get("http://" + s.Address() + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "understudy_cache_"+figure+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return int(n)
		}
	}
	s.t.Fatalf("no figure %s: %s", figure, text)
	return 0
}

// tenant is an account, and what is known of its one database and of its last task. Its numbers are those of the states
// that the database is taken through; what the database is called says which it is in.
type tenant struct {
	server *alone
	client *http.Client
	id     string
	keys   sandbox.KeyPair

	mu     sync.Mutex
	news   *sync.Cond   // something of the following is another
	told   int          // how often it was
	over   bool         // nothing will be any more
	begun  int          // the last state that was begun,
	known  int          // and the last one that a client was told of
	absent map[int]bool // states in which there is no database
	path   string       // of the subscription
	task   string       // that is finished; empty: none is
	gone   bool         // the task was taken away, or that was begun
	lost   string       // a task that is known to be gone; empty: none is
}

// window is what may be read: a state from known to begun.
type window struct {
	known, begun int
	task, lost   string
	gone         bool
}

func (c *tenant) window() window {
	c.mu.Lock()
	defer c.mu.Unlock()
	return window{c.known, c.begun, c.task, c.lost, c.gone}
}

func (c *tenant) do(method, path string, body any) (status int, text []byte) {
	t := c.server.t
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Error(err)
			return 0, nil
		}
		sent = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, c.server.URL+path, sent)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	req.Header.Set("X-Api-Key", c.keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", c.keys.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.client.Do(req)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(res.Body); err != nil {
		t.Error(err)
	}
	return res.StatusCode, text
}

// tries is how often something is tried again while Postgres is away: it takes a second to come back.
const tries = 100_000

// again tries something until it is done.
func (c *tenant) again(what string, try func() error) bool {
	var err error
	for range tries {
		if err = try(); err == nil {
			return true
		}
	}
	c.server.t.Errorf("account %s: %s: %v", c.id, what, err)
	return false
}

// finish asks for something that becomes a task, lets the time pass that it takes, with all that comes of it, and
// returns the task.
func (c *tenant) finish(method, path string, body any) (task string, response map[string]any, ok bool) {
	ok = c.again(method+" "+path, func() error {
		status, text := c.do(method, path, body)
		var accepted struct{ TaskID string }
		if err := json.Unmarshal(text, &accepted); err != nil || status != http.StatusAccepted {
			return fmt.Errorf("%d %s", status, text)
		}
		if _, err := c.server.Sandbox.Advance(c.server.t.Context(), c.id, sandbox.Advance{Idle: true}); err != nil {
			return err
		}
		status, text = c.do(http.MethodGet, "/tasks/"+accepted.TaskID, nil)
		var end struct {
			Status   string
			Response map[string]any
		}
		if err := json.Unmarshal(text, &end); err != nil || status != http.StatusOK || end.Status != "processing-completed" {
			return fmt.Errorf("%d %s", status, text)
		}
		task, response = accepted.TaskID, end.Response
		return nil
	})
	return task, response, ok
}

// begin begins the next state, and returns its number.
func (c *tenant) begin(absent bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun++
	c.absent[c.begun] = absent
	c.tellAll()
	return c.begun
}

// tellAll has the readers read.
func (c *tenant) tellAll() {
	c.told++
	c.news.Broadcast()
}

// wait waits for what a reader has not been told of yet; ok is false when nothing comes any more.
func (c *tenant) wait(told int) (now int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.told == told && !c.over {
		c.news.Wait()
	}
	return c.told, c.told != told || !c.over
}

// tell says that a client was told of a state, and of what follows f.
func (c *tenant) tell(state int, f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = state
	f()
	c.tellAll()
}

func name(state int) string { return "state-" + strconv.Itoa(state) }

// create makes the subscription with its database.
func (c *tenant) create() bool {
	state := c.begin(false)
	body := servetest.SubscriptionBody("of " + c.id)
	body["databases"].([]any)[0].(map[string]any)["name"] = name(state)
	task, made, ok := c.finish(http.MethodPost, "/subscriptions", body)
	if ok {
		c.tell(state, func() { c.path, c.task, c.gone = fmt.Sprint("/subscriptions/", made["resourceId"]), task, false })
	}
	return ok
}

func (c *tenant) rename(database string) bool {
	state := c.begin(false)
	task, _, ok := c.finish(http.MethodPut, database, map[string]any{"name": name(state)})
	if ok {
		c.tell(state, func() { c.task, c.gone = task, false })
	}
	return ok
}

// forget takes the task away, by what f does.
func (c *tenant) forget(what string, f func() error) bool {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	ok := c.again(what, f)
	if ok {
		c.tell(c.known, func() { c.task, c.lost = "", c.task })
	}
	return ok
}

func (c *tenant) prune() bool {
	return c.forget("prune", func() error {
		_, err := c.server.Sandbox.Advance(c.server.t.Context(), c.id, sandbox.Advance{By: "721h"})
		return err
	})
}

func (c *tenant) reset() bool {
	state := c.begin(true)
	return c.forget("reset", func() error {
		_, err := c.server.Sandbox.Reset(c.server.t.Context(), c.id, sandbox.Reset{})
		if err == nil {
			c.tell(state, func() {})
		}
		return err
	})
}

// stepClock lets the clock run and stand still again.
func (c *tenant) stepClock() bool {
	return c.again("clock", func() error {
		_, err := c.server.Sandbox.SetClock(c.server.t.Context(), c.id, sandbox.ClockSetting{Mode: sandbox.ClockReal})
		if err == nil {
			_, err = c.server.Sandbox.SetClock(c.server.t.Context(), c.id, sandbox.ClockSetting{Mode: sandbox.ClockFrozen})
		}
		return err
	})
}

// write takes the database through some states; meanwhile is called among them.
func (c *tenant) write(database string, meanwhile func()) {
	ok := c.create()
	meanwhile()
	for _, step := range []func() bool{
		func() bool { return c.rename(database) }, c.stepClock, c.prune, func() bool { return c.rename(database) }, c.reset,
	} {
		ok = ok && step()
	}
}

// read reads the database and the task once, and checks that it is not shown less than was known before.
func (c *tenant) read(database string) {
	t := c.server.t
	before := c.window()
	status, text := c.do(http.MethodGet, database, nil)
	after := c.window()
	switch status {
	case http.StatusServiceUnavailable, 0:
	case http.StatusNotFound:
		c.mu.Lock()
		absent := before.known == 0
		for state := before.known; state <= after.begun; state++ {
			absent = absent || c.absent[state]
		}
		c.mu.Unlock()
		// Until the task of a creation is done there is nothing, either.
		if !absent {
			t.Errorf("account %s: no database, in a state from %d to %d", c.id, before.known, after.begun)
		}
	case http.StatusOK:
		var shown struct{ Name, Status string }
		err := json.Unmarshal(text, &shown)
		state, numErr := strconv.Atoi(strings.TrimPrefix(shown.Name, "state-"))
		if err != nil || numErr != nil || state < before.known || state > after.begun ||
			before.begun == before.known && after.begun == before.known && shown.Status != "active" {
			t.Errorf("account %s: the database is %+v, in a state from %d to %d", c.id, shown, before.known, after.begun)
		}
	default:
		t.Errorf("account %s: read the database: %d %s", c.id, status, text)
	}

	before = c.window()
	if before.lost != "" {
		status, text = c.do(http.MethodGet, "/tasks/"+before.lost, nil)
		if status != http.StatusNotFound && status != http.StatusServiceUnavailable && status != 0 {
			t.Errorf("account %s: task %s is gone: %d %s", c.id, before.lost, status, text)
		}
	}
	if before.task == "" {
		return
	}
	status, text = c.do(http.MethodGet, "/tasks/"+before.task, nil)
	after = c.window()
	finished := status == http.StatusOK && strings.Contains(string(text), `"processing-completed"`)
	taken := status == http.StatusNotFound && (before.gone || after.gone || after.task != before.task)
	if !finished && !taken && status != http.StatusServiceUnavailable && status != 0 {
		t.Errorf("account %s: task %s, %+v to %+v: %d %s", c.id, before.task, before, after, status, text)
	}
}

// Whoever reads after a change was answered is shown that or more, whatever is kept of earlier answers: under writers
// and many more readers, while clocks are stepped, accounts reset and tasks pruned, while Postgres is killed, and after
// a restart.
func TestNobodyIsShownLessThanIsKnown(t *testing.T) {
	t.Parallel()
	const (
		writers = 16
		readers = 64
		reads   = 4 // of each, whenever there is news
	)
	dir := pgtest.TempDir(t)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: writers + readers}}
	tenants := make([]*tenant, writers)
	for _, killed := range []bool{false, true} {
		s := startAlone(t, dir, nil)
		for i := range tenants {
			if tenants[i] == nil {
				account, keys, err := s.Sandbox.CreateAccount(t.Context(), sandbox.NewAccount{Name: fmt.Sprint("tenant ", i)})
				if err != nil {
					t.Fatal(err)
				}
				tenants[i] = &tenant{client: client, id: fmt.Sprint(account.ID), keys: keys, absent: map[int]bool{0: true}}
				tenants[i].news = sync.NewCond(&tenants[i].mu)
				if _, err := s.Sandbox.SetClock(t.Context(), tenants[i].id,
					sandbox.ClockSetting{Mode: sandbox.ClockFrozen}); err != nil {
					t.Fatal(err)
				}
			}
			tenants[i].server, tenants[i].over = s, false
		}
		const database = "/subscriptions/100001/databases/51000002"
		var writing, reading sync.WaitGroup
		for i := range readers {
			reading.Go(func() {
				c := tenants[i%writers]
				for told, ok := c.wait(0); ok; told, ok = c.wait(told) {
					for range reads {
						c.read(database)
					}
				}
			})
		}
		for i, c := range tenants {
			writing.Go(func() {
				c.write(database, func() {
					if killed && i == 0 {
						kill(t, dir)
					}
				})
			})
		}
		writing.Wait()
		for _, c := range tenants {
			c.mu.Lock()
			c.over = true
			c.tellAll()
			c.mu.Unlock()
		}
		reading.Wait()
		if hits := s.cached("hits_total"); hits == 0 {
			t.Error("nothing was sent again")
		}
		s.stop()
	}
}

// kill ends the Postgres of a data directory as a crash would.
func kill(t *testing.T, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		t.Error(err)
		return
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Error(err)
	}
}
