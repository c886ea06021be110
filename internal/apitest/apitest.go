// Package apitest is the whole API in the test's own process: the real routes,
// engine, catalog and Postgres, with accounts whose clocks a test steps. Every
// answer is checked against the document.
package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cache"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/coverage"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/rds"
	"github.com/understudy-dev/understudy/internal/rediscloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/store"
)

// recorder is that of this test process: TestMain and the tests have no other place
// in common.
var recorder = sync.OnceValues(coverage.New)

// Main is pgtest.Main for a package whose tests prove operations: those that succeed
// in its tests are compared with the list in a file.
func Main(m *testing.M, file string) {
	pgtest.Main(m, func() error {
		r, err := recorder()
		if err != nil {
			return err
		}
		return r.Check(file)
	})
}

// World is a running API on a database of its own.
type World struct {
	URL    string // of the server, without /v1
	DB     *store.DB
	DBURL  string
	Engine *engine.Engine
	Stop   func() // for servers that follow one another on a database; the end of the test stops it, too

	tb       testing.TB
	recorder *coverage.Recorder
	accounts *atomic.Int64
}

// New starts an API at speed 1; change may alter its engine's configuration. Unless that says Shared nobody else
// changes its database: answers are kept, and what is sent again is compared with a new one.
func New(tb testing.TB, change func(*engine.Config)) *World {
	tb.Helper()
	return start(tb, pgtest.New(tb), true, 0, change, Dialects(tb)...)
}

// On is New on a database that is there already, so that several servers can
// share it.
func On(tb testing.TB, url string, change func(*engine.Config)) *World {
	tb.Helper()
	return start(tb, url, false, 0, change, Dialects(tb)...)
}

// Limited is On for a server that lets an account send so many requests a minute.
func Limited(tb testing.TB, url string, perMinute int) *World {
	tb.Helper()
	return start(tb, url, false, perMinute, nil, Dialects(tb)...)
}

// Speaking is On for other dialects than those of Dialects. The answers of others are not checked: clients of theirs
// are for the test to write.
func Speaking(tb testing.TB, url string, change func(*engine.Config), dialects ...api.Dialect) *World {
	tb.Helper()
	return start(tb, url, false, 0, change, dialects...)
}

// Dialects are all of them, with accounts that have nothing declared.
func Dialects(tb testing.TB) []api.Dialect {
	tb.Helper()
	return []api.Dialect{Dialect(tb, account.Setup{}), RDS(tb)}
}

// RDS is its dialect.
func RDS(tb testing.TB) api.Dialect {
	tb.Helper()
	r, err := recorder()
	if err != nil {
		tb.Fatal(err)
	}
	dialect, err := rds.New(r.RDS())
	if err != nil {
		tb.Fatal(err)
	}
	return dialect
}

// Dialect is that of Redis Cloud, with accounts that have what a setup says.
func Dialect(tb testing.TB, setup account.Setup) api.Dialect {
	tb.Helper()
	operations, err := rediscloud.Operations(setup)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := recorder()
	if err != nil {
		tb.Fatal(err)
	}
	dialect, err := rediscloud.New(r.Document(), operations)
	if err != nil {
		tb.Fatal(err)
	}
	return dialect
}

func start(
	tb testing.TB, url string, alone bool, rateLimit int, change func(*engine.Config), dialects ...api.Dialect,
) *World {
	tb.Helper()
	w := &World{tb: tb, DBURL: url, accounts: new(atomic.Int64)}
	var err error
	if w.recorder, err = recorder(); err != nil {
		tb.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg := engine.Config{Logger: log, Speed: 1, Hold: 10 * time.Second}
	if change != nil {
		change(&cfg)
	}
	room := cache.NewRoom(1 << 20)
	at := server.Edge{
		RateLimit: rateLimit, Texts: api.NewTexts(room), Stale: func(uri string, kept, fresh []byte) {
			tb.Errorf("%s: sent again was\n%s\ninstead of\n%s", uri, kept, fresh)
		},
	}
	var options []store.Option
	if alone && !cfg.Shared {
		options, at.Answers = append(options, store.Alone()), api.NewAnswers(room)
	}
	if w.DB, err = store.Open(tb.Context(), url, 10, options...); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.DB.Close)
	cfg.DB = w.DB
	var edge http.Handler
	w.Engine, edge, err = server.Assemble(tb.Context(), cfg, at, dialects...)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Engine.Run(ctx) }()
	listening := httptest.NewServer(edge)
	w.URL = listening.URL
	w.Stop = sync.OnceFunc(func() {
		listening.Close()
		w.Engine.Close()
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(w.Stop)
	return w
}

// For is the same API for a subtest: what goes wrong in it is told of as its own.
func (w *World) For(tb testing.TB) *World {
	same := *w
	same.tb = tb
	return &same
}

// Account is a client with an account of its own, which is a project for RDS: its key is the id, its secret the token.
type Account struct {
	*World
	ID      int64
	Secrets store.Secrets
}

// Account creates an account whose clock stands still at pgtest.Now until Advance.
func (w *World) Account() *Account {
	w.tb.Helper()
	a := w.RunningAccount()
	a.Freeze(pgtest.Now())
	return a
}

// RunningAccount creates an account whose clock runs from pgtest.Now on, and is only skipped by Advance.
func (w *World) RunningAccount() *Account {
	w.tb.Helper()
	n := w.accounts.Add(1)
	a := &Account{
		World: w, Secrets: store.Secrets{
			Key:    fmt.Sprintf("key-%s-%d", w.URL[strings.LastIndex(w.URL, ":")+1:], n),
			Secret: fmt.Sprintf("secret-%d", n),
		},
	}
	var err error
	a.ID, err = w.DB.CreateAccount(w.tb.Context(), cloud.Account{
		Name: "Test", OwnerName: "Tess Tester", OwnerEmail: "tess@test.example",
	})
	if err == nil {
		err = w.DB.EnsureKey(w.tb.Context(), a.ID, "test", a.Secrets)
	}
	if err != nil {
		w.tb.Fatal(err)
	}
	return a
}

// Freeze stops the account's clock at a time.
func (a *Account) Freeze(at time.Time) {
	a.tb.Helper()
	if err := a.DB.Freeze(a.tb.Context(), a.ID, at); err != nil {
		a.tb.Fatal(err)
	}
}

// Advance moves the account's clock on, whether it runs or stands still.
func (a *Account) Advance(d time.Duration) {
	a.tb.Helper()
	if err := a.DB.Advance(a.tb.Context(), a.ID, d); err != nil {
		a.tb.Fatal(err)
	}
	a.Engine.Wake()
}

// Answer is an HTTP answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into decodes the body.
func (r Answer) Into(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		tb.Fatalf("answer %s: %v", r.Body, err)
	}
}

// Get reads a member of the body by its path of names and indexes; nil if there
// is none.
func (r Answer) Get(path ...any) any {
	var v any
	_ = json.Unmarshal(r.Body, &v) // nil where it is not JSON
	return At(v, path...)
}

// At is what decoded JSON has at a path of names and indexes; nil: nothing.
func At(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[p]
		case int:
			list, _ := v.([]any)
			if p >= len(list) {
				return nil
			}
			v = list[p]
		}
	}
	return v
}

// Project is the path of the account's project in RDS.
func (a *Account) Project() string { return "/v3/" + a.Secrets.Key }

// Do sends a request with the account's keys. body may be nil, a string, or
// something to encode. change may alter the request.
func (a *Account) Do(method, path string, body any, change ...func(*http.Request)) Answer {
	a.tb.Helper()
	answer, err := a.Try(a.tb.Context(), method, path, body, change...)
	if err != nil {
		a.tb.Fatal(err)
	}
	return answer
}

// Try is Do for a request that may get no answer.
func (a *Account) Try(
	ctx context.Context, method, path string, body any, change ...func(*http.Request),
) (answer Answer, err error) {
	a.tb.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return answer, err
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.URL+path, reader)
	if err != nil {
		return answer, err
	}
	if strings.HasPrefix(path, "/v3/") {
		req.Header.Set("X-Auth-Token", a.Secrets.Secret)
	} else {
		req.Header.Set("X-Api-Key", a.Secrets.Key)
		req.Header.Set("X-Api-Secret-Key", a.Secrets.Secret)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer, err
	}
	defer res.Body.Close()
	answer = Answer{Status: res.StatusCode, Header: res.Header}
	if answer.Body, err = io.ReadAll(res.Body); err != nil {
		return answer, err
	}
	a.check(req, answer)
	return answer, nil
}

// check holds an answer against the document, where the path is one of its own.
func (a *Account) check(req *http.Request, answer Answer) {
	a.tb.Helper()
	if _, err := a.recorder.Answered(a.tb.Name(), req, answer.Status, answer.Header, answer.Body); err != nil {
		a.tb.Errorf("%s %s answers %d against the document: %v\n%s",
			req.Method, req.URL.Path, answer.Status, err, answer.Body)
	}
}

// Fault arms fault rules for the account, once they are checked, all at once.
func (a *Account) Fault(rules ...fault.Rule) {
	a.tb.Helper()
	words := a.Engine.Faults().Vocabulary()
	for i := range rules {
		rules[i].Match.Account = fmt.Sprint(a.ID)
		if err := words.Check(&rules[i]); err != nil {
			a.tb.Fatal(err)
		}
	}
	if _, err := a.Engine.Faults().Arm(a.tb.Context(), a.ID, rules...); err != nil {
		a.tb.Fatal(err)
	}
}

// At is the same account as a client of another server on the same database.
func (a *Account) At(w *World) *Account { return &Account{World: w, ID: a.ID, Secrets: a.Secrets} }
