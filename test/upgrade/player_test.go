package upgrade

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/coverage"
	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/internal/store"
)

// exchange is a request and how it was answered, or something else that happens between them.
type exchange struct {
	As      string            `json:"as,omitempty"`      // name of a key in keys.json; empty: the demo account's own
	Share   bool              `json:"share,omitempty"`   // no request: the server starts again, as one of several
	Advance string            `json:"advance,omitempty"` // no request: how far its account's clock moves
	Request string            `json:"request,omitempty"` // method and path
	Header  map[string]string `json:"header,omitempty"`
	Body    string            `json:"body,omitempty"`

	Status int               `json:"status,omitempty"`
	Marks  map[string]string `json:"marks,omitempty"` // headers of the answer that say something of their own
	Answer string            `json:"answer,omitempty"`
}

// key is an entry of keys.json, and of credentials.json.
type key struct {
	Name         string `json:"name"`
	Account      int64  `json:"account"`
	APIKey       string `json:"apiKey"`
	APISecretKey string `json:"apiSecretKey"`
}

const demoAccount = 1000

// player sends requests to a server on a data directory, and moves the clocks in it.
type player struct {
	t        *testing.T
	server   *servetest.Server
	url      string // of its private Postgres
	db       *store.DB
	recorder *coverage.Recorder
	keys     map[string]key

	tasks map[int64][]string // ids of those that may be unfinished, by their accounts

	dump string            // what was in the database at first
	real map[string]string // UUIDs that were not, by the names that answers are compared under
}

// newPlayer opens the database under a running server.
func newPlayer(t *testing.T, server *servetest.Server, keysFile, dump string) *player {
	t.Helper()
	p := &player{t: t, server: server, dump: dump, real: map[string]string{}, tasks: map[int64][]string{}}
	p.keys = map[string]key{"": {Account: demoAccount, APIKey: server.APIKey, APISecretKey: server.SecretKey}}
	var entries []key
	text, err := os.ReadFile(keysFile)
	if err == nil {
		err = json.Unmarshal(text, &entries)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range entries {
		if k.Account == 0 {
			k.Account = demoAccount
		}
		p.keys[k.Name] = k
	}
	if p.recorder, err = coverage.New(); err != nil {
		t.Fatal(err)
	}
	p.open()
	return p
}

// open connects to the private Postgres, whose pid file says where its socket is.
func (p *player) open() {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.server.Dir, "postgres", "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) < 5 {
		p.t.Fatalf("where Postgres listens: %q, %v", text, err)
	}
	p.url = fmt.Sprintf("postgres:///understudy?user=understudy&port=%s&host=%s", lines[3], lines[4])
	db, err := store.Open(p.t.Context(), p.url, 2)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(db.Close)
	p.db = db
}

// share stops the server, and starts it again on the same data directory with a Postgres that it takes for shared: that
// server is told of clocks that are moved, where any other finds out within a second.
func (p *player) share() {
	p.t.Helper()
	p.db.Close()
	p.server.Stop()
	cluster, err := postgres.Start(p.t.Context(), postgres.Config{Dir: p.server.Dir})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		p.server.Stop()
		if err := cluster.Stop(context.WithoutCancel(p.t.Context())); err != nil {
			p.t.Error(err)
		}
	})
	p.server.Restart("UNDERSTUDY_DATABASE_URL=" + cluster.URL())
	p.open()
}

// countTogether has the ids of all accounts go on behind the newest of any, where the old server drew them for all
// accounts from one sequence. Today they count up by account, so that a state fits into any: that an account no longer
// skips the ids that others draw is meant. All else about ids is compared, and what follows from them, such as ports:
// that accounts go on where the sequence stood, and how many ids each draws.
func (p *player) countTogether() {
	p.t.Helper()
	if !strings.Contains(p.dump, "CREATE SEQUENCE public.resource_ids") {
		return
	}
	conn, err := pgx.Connect(p.t.Context(), p.url)
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(p.t.Context()))
	_, err = conn.Exec(p.t.Context(), `
		UPDATE accounts
		SET last_id = newest
		FROM (SELECT max(last_id) AS newest FROM accounts) a
		WHERE last_id < newest`)
	if err != nil {
		p.t.Fatal(err)
	}
}

// play sends the request or moves the clock, waits until the server has nothing left to do, and returns the exchange
// with the answer that came.
func (p *player) play(e exchange) exchange {
	p.t.Helper()
	if e.Share {
		p.share()
		return e
	}
	if !strings.HasPrefix(e.Request, http.MethodGet) { // those make nothing
		p.countTogether()
	}
	if e.Advance != "" {
		d, err := time.ParseDuration(e.Advance)
		if err == nil {
			err = p.db.Advance(p.t.Context(), p.keys[e.As].Account, d)
		}
		if err = errors.Join(err, p.db.Notify(p.t.Context())); err != nil {
			p.t.Fatal(err)
		}
		p.rest(e.As)
		return e
	}
	answer := p.send(e)
	if method, _, _ := strings.Cut(e.Request, " "); method != http.MethodGet || answer.Status == http.StatusAccepted {
		p.rest(e.As)
	}
	e.Status, e.Marks = answer.Status, nil
	for _, name := range []string{
		"Content-Disposition", "Content-Type", "Idempotent-Original-Request-Id", "Idempotent-Replayed", "Location",
		"Retry-After",
	} {
		if value := answer.Header.Get(name); value != "" {
			if e.Marks == nil {
				e.Marks = map[string]string{}
			}
			e.Marks[name] = p.comparable(value)
		}
	}
	text := answer.Body
	var compact bytes.Buffer
	if json.Compact(&compact, text) == nil {
		text = compact.Bytes()
	}
	e.Answer = p.comparable(string(text))
	if e.Status >= http.StatusBadRequest && e.Marks["Idempotent-Replayed"] == "" {
		e.Answer = timestamps.ReplaceAllString(e.Answer, `"timestamp":"now"`) // of the server's own clock
	}
	return e
}

var (
	uuids      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	timestamps = regexp.MustCompile(`"timestamp":"[^"]*"`)
)

// comparable is a text without what differs from run to run: where the server listens, and the ids of new tasks.
func (p *player) comparable(text string) string {
	text = strings.ReplaceAll(text, strings.TrimSuffix(p.server.URL, "/v1"), "http://sandbox")
	return uuids.ReplaceAllStringFunc(text, func(id string) string {
		if strings.Contains(p.dump, id) {
			return id
		}
		for name, known := range p.real {
			if id == known {
				return name
			}
		}
		name := fmt.Sprintf("new-%03d", len(p.real)+1)
		p.real[name] = id
		return name
	})
}

// send sends a request, and checks the answer against the document.
func (p *player) send(e exchange) apitest.Answer {
	p.t.Helper()
	answer, err := p.try(e)
	if err != nil {
		p.t.Fatalf("%s: %v", e.Request, err)
	}
	return answer
}

// try is send where there may be no answer.
func (p *player) try(e exchange) (answer apitest.Answer, err error) {
	method, path, _ := strings.Cut(e.Request, " ")
	for name, id := range p.real {
		path = strings.ReplaceAll(path, name, id)
	}
	req, err := http.NewRequest(method, strings.TrimSuffix(p.server.URL, "/v1")+path, strings.NewReader(e.Body))
	if err != nil {
		return answer, err
	}
	k := p.keys[e.As]
	req.Header.Set("X-Api-Key", k.APIKey)
	req.Header.Set("X-Api-Secret-Key", k.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	for name, value := range e.Header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer, err
	}
	defer res.Body.Close()
	answer = apitest.Answer{Status: res.StatusCode, Header: res.Header}
	if answer.Body, err = io.ReadAll(res.Body); err != nil {
		return answer, err
	}
	if id, _ := answer.Get("taskId").(string); answer.Status == http.StatusAccepted {
		p.tasks[k.Account] = append(p.tasks[k.Account], id)
	}
	if _, err := p.recorder.Answered(p.t.Name(), req, answer.Status, answer.Header, answer.Body); err != nil {
		p.t.Errorf("%s answers %d against the document: %v\n%s", e.Request, answer.Status, err, answer.Body)
	}
	return answer, nil
}

// rest waits until nothing of an account goes on without its clock: no task waits for a worker, and nothing is due. A
// task in processing keeps the others waiting; that it is the same before and after shows that it is not due.
func (p *player) rest(as string) {
	p.t.Helper()
	apitest.Eventually(p.t, "the account is at rest", func() bool {
		before := p.unfinished(as)
		wait, ok, err := p.db.NextEvent(p.t.Context(), p.keys[as].Account)
		if err != nil {
			p.t.Fatal(err)
		}
		waiting := len(before) > 0 && !slices.Contains(before, "processing-in-progress")
		return !waiting && (!ok || wait > 0) && slices.Equal(before, p.unfinished(as))
	})
}

// unfinished lists ids and statuses of the account's tasks that have not ended.
func (p *player) unfinished(as string) (list []string) {
	p.t.Helper()
	account := p.keys[as].Account
	known, listed := p.tasks[account]
	if !listed { // those that were there at first
		known = ids(p.send(exchange{As: as, Request: "GET /v1/tasks"}).Get("tasks"), "taskId")
	}
	var left []string
	for _, id := range known {
		switch status := p.send(exchange{As: as, Request: "GET /v1/tasks/" + id}).Get("status").(type) {
		case string:
			if status == "received" || status == "processing-in-progress" {
				left, list = append(left, id), append(list, id, status)
			}
		default:
			p.t.Fatalf("task %s of account %d has no status", id, account)
		}
	}
	p.tasks[account] = left
	return list
}

// ids lists a member of the objects in a list.
func ids(list any, member string) (all []string) {
	items, _ := list.([]any)
	for _, item := range items {
		object, _ := item.(map[string]any)
		switch id := object[member].(type) {
		case float64:
			all = append(all, fmt.Sprintf("%.0f", id))
		case string:
			all = append(all, id)
		}
	}
	return all
}
