package api_test

// The model test of idempotent requests: random commands to two servers on one
// database, and each answer held against the reference.

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/idempotency"
)

func TestModelOfIdempotentRequests(t *testing.T) {
	t.Parallel()
	one := apitest.New(t, func(c *engine.Config) { c.Shared = true })
	two := apitest.On(t, one.DBURL, func(c *engine.Config) { c.Shared = true })
	secret, err := one.DB.ServerSecret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	original := one.Account()
	sub := original.Subscription("original")
	database := original.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId")

	for _, client := range []string{"one client", "another", "a third"} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			conn, err := pgx.Connect(t.Context(), one.DBURL)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
			rapid.Check(t, func(rt *rapid.T) {
				m := &machine{
					reference: reference{keys: map[keyName]*life{}, tags: map[string]string{}},
					ctx:       t.Context(), conn: conn, secret: secret,
					client: one.Account(), other: two,
					database: fmt.Sprintf("%s/databases/%.0f", sub, database),
					seen:     map[any]bool{},
					rdsToken: apitest.RDS(t).Schemes[0],
				}
				m.copyResources(rt, original.ID)
				rt.Repeat(m.commands())
			})
		})
	}
}

// commands by their names; some are there twice, to be drawn more often.
func (m *machine) commands() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":                 m.checkEffects,
		"post":             m.post,
		"another post":     m.post,
		"again":            m.again,
		"and again":        m.again,
		"change":           m.change,
		"aside":            m.aside,
		"advance":          m.advance,
		"to a boundary":    m.advanceToBoundary,
		"another boundary": m.advanceToBoundary,
		"crash":            m.crash,
		"crash and retry":  m.crashAndRetry,
		"zombie":           m.zombie,
		"give up":          m.giveUp,
		"lease runs out":   m.leaseRunsOut,
		"restart":          m.restart,
		"prune":            m.sweep,
	}
}

// machine is the client of one account, and what it knows.
type machine struct {
	reference
	ctx      context.Context
	conn     *pgx.Conn
	secret   []byte
	client   *apitest.Account // of the server that is asked
	other    *apitest.World   // the server that is not
	database string           // path
	sent     []sending
	taken    []taken
	seen     map[any]bool // ids of tasks
	rdsToken *idempotency.Scheme
}

// sending is a request as it was sent.
type sending struct {
	draw
	keys []keyName
}

const (
	badKey   = "seven77"
	badToken = "46436810-D999-454C-BD85-E515FD258600"
)

func someKeys() []keyName {
	return []keyName{
		{header: keyHeader, key: "key-of-8"},
		{header: keyHeader, key: "another_KEY"},
		{header: tokenHeader, key: aToken},
		{header: tokenHeader, key: "00000000-0000-0000-0000-000000000000"},
	}
}

func drawKeys(rt *rapid.T) []keyName {
	good := someKeys()
	odd := [][]keyName{
		nil,
		{good[0], good[2]},
		{{header: keyHeader, key: badKey}},
		{{header: tokenHeader, key: badToken}},
		{good[0], {header: tokenHeader, key: badToken}},
	}
	if rarely(rt) {
		return rapid.SampledFrom(odd).Draw(rt, "odd keys")
	}
	return []keyName{rapid.SampledFrom(good).Draw(rt, "key")}
}

func drawRequest(rt *rapid.T) draw {
	d := draw{route: createSubscription, content: "one"}
	d.route = rapid.SampledFrom([]route{
		createSubscription, createDatabase, addTag, createInstance, createDatabase, replaceTags, createInstance,
	}).Draw(rt, "route")
	if rarely(rt) {
		d.route = unknownRoute
	}
	d.content = rapid.SampledFrom([]string{"one", "two", "one", "garbage", "wrong", "one", "trailing"}).Draw(rt, "content")
	if rarely(rt) {
		d.query = rapid.SampledFrom([]string{"x=1", "x=1&y=2"}).Draw(rt, "query")
	}
	return d
}

func rarely(rt *rapid.T) bool { return rapid.IntRange(0, 6).Draw(rt, "rarely") == 6 }

func (m *machine) post(rt *rapid.T) {
	m.send(rt, sending{drawRequest(rt), drawKeys(rt)})
}

// again sends what was sent before.
func (m *machine) again(rt *rapid.T) { m.send(rt, m.earlier(rt)) }

// change sends another request with the keys of an earlier one.
func (m *machine) change(rt *rapid.T) {
	s, other := m.earlier(rt), drawRequest(rt)
	switch rapid.SampledFrom([]string{"route", "query", "content"}).Draw(rt, "what changes") {
	case "route":
		s.route = other.route
	case "query":
		s.query = other.query
	case "content":
		s.content = other.content
	}
	m.send(rt, s)
}

func (m *machine) earlier(rt *rapid.T) sending {
	if len(m.sent) == 0 {
		rt.Skip("nothing was sent")
	}
	return rapid.SampledFrom(m.sent).Draw(rt, "earlier")
}

// send sends a request and looks at the answer.
func (m *machine) send(rt *rapid.T, s sending) {
	m.sent = append(m.sent, s)
	ended := func() error { return nil }
	expected, v := m.expect(s.draw, s.keys)
	if v == underWay && expected.echo.token() {
		ended = m.endWait(rt, expected.echo)
		expected, v = m.expect(s.draw, s.keys)
	}
	got := m.do(rt, s, m.client.Secrets.Secret)
	if err := ended(); err != nil {
		rt.Fatal(err)
	}
	m.compare(rt, expected, got)
	if v != perform || expected.code != "" || s.route == unknownRoute {
		return
	}
	if expected.echo != (keyName{}) {
		l := m.receive(expected.echo, s.draw)
		l.state, l.outcome = settled, got
	}
	m.done(s.draw)
}

func (m *machine) do(rt *rapid.T, s sending, secret string) apitest.Answer {
	otherwise := rapid.Bool().Draw(rt, "otherwise written")
	compact := rapid.Bool().Draw(rt, "compact")
	method, path := s.target(m.database, m.client.Project())
	client := *m.client
	client.Secrets.Secret = secret
	return client.Do(method, s.url(path, otherwise), s.body(otherwise), func(r *http.Request) {
		if compact {
			askCompact(r)
		}
		for _, k := range s.keys {
			r.Header.Set(k.header, k.key)
		}
	})
}

func (m *machine) compare(rt *rapid.T, expected want, got apitest.Answer) {
	code, _ := got.Get("error_code").(string)
	if problem, ok := got.Get("type").(string); ok {
		code = problem[strings.LastIndex(problem, "/")+1:]
	}
	if got.Status != expected.status || code != expected.code+expected.says {
		rt.Fatalf("got %d %q, want %d %q: %s", got.Status, code, expected.status, expected.code+expected.says, got.Body)
	}
	marker, original := "", ""
	if expected.first != nil {
		marker, original = "true", expected.first.Header.Get("X-Request-Id")
		if compacted(rt, got) != compacted(rt, *expected.first) {
			rt.Fatalf("replayed as %s, first was %s", got.Body, expected.first.Body)
		}
		for _, name := range []string{"Content-Type", "Location", "Retry-After"} {
			m.header(rt, got, name, expected.first.Header.Get(name))
		}
	}
	m.header(rt, got, "Idempotent-Replayed", marker)
	m.header(rt, got, "Idempotent-Original-Request-Id", original)
	for _, name := range []string{keyHeader, tokenHeader} {
		key := ""
		if expected.echo.header == name {
			key = expected.echo.key
		}
		m.header(rt, got, name, key)
	}
	switch {
	case expected.code == "key-in-use" || expected.code == "DBS.200047":
		m.header(rt, got, "Retry-After", "1")
	case got.Status == http.StatusAccepted && expected.first == nil:
		id := cmp.Or(got.Get("taskId"), got.Get("job_id"))
		if m.seen[id] {
			rt.Fatalf("task %v is answered a second time, unmarked", id)
		}
		m.seen[id] = true
	}
}

func (m *machine) header(rt *rapid.T, got apitest.Answer, name, value string) {
	if got.Header.Get(name) != value {
		rt.Fatalf("%s: got %q, want %q, with %d %s", name, got.Header.Get(name), value, got.Status, got.Body)
	}
}

// aside does what no key is for.
func (m *machine) aside(rt *rapid.T) {
	rapid.SampledFrom([]func(*rapid.T){m.stranger, m.get, m.delete}).Draw(rt, "aside")(rt)
}

// stranger has the keys of a request, but not those of the account (D-2, D-3).
func (m *machine) stranger(rt *rapid.T) {
	s := sending{drawRequest(rt), drawKeys(rt)}
	status := http.StatusUnauthorized
	if s.route == unknownRoute {
		status = http.StatusNotFound
	}
	if s.route == createInstance {
		status = instanceCreation().denied
	}
	m.compare(rt, want{status: status, says: s.says(status)}, m.do(rt, s, "wrong"))
}

// get asks for the tags, with a key that is ignored (C-1).
func (m *machine) get(rt *rapid.T) {
	got := m.client.Do(http.MethodGet, m.database+"/tags", nil, withKey(drawAnyKey(rt)))
	m.compare(rt, want{status: http.StatusOK}, got)
	for i := range len(m.tags) {
		key, _ := got.Get("tags", i, "key").(string)
		if value, ok := m.tags[key]; !ok || got.Get("tags", i, "value") != value {
			rt.Fatalf("got %s, want %v", got.Body, m.tags)
		}
	}
	if got.Get("tags", len(m.tags)) != nil {
		rt.Fatalf("got %s, want %v", got.Body, m.tags)
	}
}

// delete removes a tag, with a key that is ignored (C-1).
func (m *machine) delete(rt *rapid.T) {
	tag := rapid.SampledFrom([]string{"one", "two"}).Draw(rt, "tag")
	status := http.StatusNotFound
	if _, ok := m.tags[tag]; ok {
		status = http.StatusOK
	}
	delete(m.tags, tag)
	got := m.client.Do(http.MethodDelete, m.database+"/tags/"+tag, nil, withKey(drawAnyKey(rt)))
	m.compare(rt, want{status: status}, got)
}

func drawAnyKey(rt *rapid.T) string {
	return rapid.SampledFrom([]string{someKeys()[0].key, badKey, ""}).Draw(rt, "key")
}
