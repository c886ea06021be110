package api_test

// What happens around the requests of the model test: time, crashes, zombies.

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/store"
)

// copyResources gives the account what another one has: to make it would take
// longer than all the rest.
func (m *machine) copyResources(rt *rapid.T, from int64) {
	m.exec(rt, `
		INSERT INTO resources
			(account_id, kind, id, parent_kind, parent_id, name, status, body, created_at, updated_at, activated_at)
		SELECT $1, kind, id, parent_kind, parent_id, name, status, body, created_at, updated_at, activated_at
		FROM resources
		WHERE account_id = $2`, m.client.ID, from)
}

func (m *machine) exec(rt *rapid.T, sql string, args ...any) {
	if _, err := m.conn.Exec(m.ctx, sql, args...); err != nil {
		rt.Fatal(err)
	}
}

// checkEffects counts what was done: every acceptance draws a number.
func (m *machine) checkEffects(rt *rapid.T) {
	var accepted int
	err := m.conn.QueryRow(m.ctx, `SELECT last_seq FROM accounts WHERE id = $1`, m.client.ID).Scan(&accepted)
	if err != nil {
		rt.Fatal(err)
	}
	if accepted != m.tasks {
		rt.Fatalf("%d requests were carried out, want %d", accepted, m.tasks)
	}
}

func (m *machine) advance(rt *rapid.T) {
	m.advanceBy(rt, rapid.SampledFrom([]time.Duration{
		time.Second, 2 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour, 48 * time.Hour, 72 * time.Hour,
	}).Draw(rt, "by"))
}

// advanceToBoundary goes to the end of a term of some key, or just before it.
func (m *machine) advanceToBoundary(rt *rapid.T) {
	name := rapid.SampledFrom(someKeys()).Draw(rt, "of key")
	name.rds = name.token() && rapid.Bool().Draw(rt, "of RDS")
	if m.keys[name] == nil {
		rt.Skip("the key is not known")
	}
	replayed, known := name.terms()
	end := rapid.SampledFrom([]time.Duration{replayed, known}).Draw(rt, "end")
	before := rapid.SampledFrom([]time.Duration{0, time.Microsecond}).Draw(rt, "before")
	by := m.keys[name].born + end - before - m.now
	if by <= 0 {
		rt.Skip("that is over")
	}
	m.advanceBy(rt, by)
}

func (m *machine) advanceBy(rt *rapid.T, d time.Duration) {
	if err := m.client.DB.Advance(m.ctx, m.client.ID, d); err != nil {
		rt.Fatal(err)
	}
	m.now += d
}

// taken is a key whose request was received and not answered.
type taken struct {
	name keyName
	draw
	claim   store.KeyClaim
	request string // id
}

// crash takes a key for a request that dies before it does anything.
func (m *machine) crash(rt *rapid.T) {
	d := draw{
		route:   rapid.SampledFrom([]route{createSubscription, createDatabase, createInstance}).Draw(rt, "route"),
		content: rapid.SampledFrom([]string{"one", "one", "two"}).Draw(rt, "content"),
	}
	keys := someKeys()
	if d.route == createInstance {
		keys = keys[2:] // the tokens
	}
	m.take(rt, rapid.SampledFrom(keys).Draw(rt, "key"), d)
}

// crashAndRetry is what follows a crash most often; the retry may crash, too.
func (m *machine) crashAndRetry(rt *rapid.T) {
	m.crash(rt)
	m.advanceBy(rt, time.Hour)
	m.leaseRunsOut(rt)
	retry := m.sent[len(m.sent)-1]
	if rapid.Bool().Draw(rt, "crash again") {
		m.take(rt, retry.keys[0], retry.draw)
		return
	}
	m.send(rt, retry)
}

// take receives a request in place of a server.
func (m *machine) take(rt *rapid.T, name keyName, d draw) {
	scheme := idempotency.Key()
	if name.token() {
		scheme = idempotency.ClientToken()
	}
	if name.rds = d.route == createInstance; name.rds {
		scheme = m.rdsToken
	}
	m.sent = append(m.sent, sending{d, []keyName{name}})
	method, path := d.target(m.database, "/v3/{project_id}") // whatever the project is called
	key := store.IdempotencyKey{
		Account:     m.client.ID,
		Scheme:      scheme.Name,
		Hash:        idempotency.Hash(name.key),
		Fingerprint: idempotency.Fingerprint(m.secret, method, &url.URL{Path: path}, []byte(d.body(false))),
	}
	// The lease ends by command, not by the time that the test takes.
	terms := store.KeyTerms{Replayed: scheme.Replayed, Known: scheme.Known, Lease: time.Hour}
	request := uuid.NewString()
	claim, record, err := m.client.DB.AcquireKey(m.ctx, key, terms, uuid.NewString(), request)
	if err != nil {
		rt.Fatal(err)
	}
	v := m.judge(name, d)
	if (v == perform) != (record == nil) {
		rt.Fatalf("acquired: %v; the model says %d", record == nil, v)
	}
	if v == perform {
		m.receive(name, d).claim = claim
		m.taken = append(m.taken, taken{name, d, claim, request})
	}
}

func (m *machine) drawTaken(rt *rapid.T) taken {
	if len(m.taken) == 0 {
		rt.Skip("no key was taken")
	}
	return rapid.SampledFrom(m.taken).Draw(rt, "taken")
}

// zombie is a request that was not dead and goes on: it has an effect only if
// nobody took the key from it (H6, H8).
func (m *machine) zombie(rt *rapid.T) {
	z := m.drawTaken(rt)
	times, err := m.client.DB.Accept(m.ctx, []store.Acceptance{z.acceptance(m)})
	if err != nil {
		rt.Fatal(err)
	}
	accepted, owner := !times[0].At.IsZero(), m.owns(z)
	// Nobody may have taken it because it was swept away, which only time tells.
	swept := !accepted && m.forgotten(z.name)
	if accepted != owner && !swept {
		rt.Fatalf("the zombie's request was accepted: %v, want %v", accepted, owner)
	}
	if accepted {
		m.settle(z)
	}
}

func (m *machine) owns(z taken) bool { return m.holds(z.name, z.claim) }

// acceptance of the request, in place of the server that took it.
func (z taken) acceptance(m *machine) store.Acceptance {
	path := map[string]string{}
	operation, command := "createProSubscription", "subscriptionCreateRequest"
	if z.route == createDatabase {
		operation, command = "createProDatabase", "databaseCreateRequest"
		path["subscriptionId"] = "1"
	}
	if z.route == createInstance {
		operation, command = "createInstance", "CreateMysqlSingleHAInstance"
		path["project_id"] = m.client.Secrets.Key
	}
	request, _ := json.Marshal(binding.Request{Path: path, Body: []byte(z.body(false))})
	return store.Acceptance{
		ID: z.request, Account: m.client.ID, Operation: operation, Command: command, Request: request,
		Claim: z.claim, Outcome: store.KeyOutcome{Status: http.StatusAccepted, Headers: z.headers(), Body: z.answer()},
	}
}

func (z taken) headers() map[string]string {
	if z.route == createInstance {
		return map[string]string{"Content-Type": "application/json"}
	}
	return map[string]string{"Content-Type": "application/json", "Location": "/v1/tasks/" + z.request}
}

func (z taken) answer() []byte {
	if z.route == createInstance {
		return []byte(`{"instance":{"id":"i","status":"BUILD","port":"3306","name":"db-` + z.content + `",` +
			strings.ReplaceAll(strings.ReplaceAll(instanceRest, ": ", ":"), ", ", ",") + `},"job_id":"` + z.request + `"}`)
	}
	return []byte(`{"taskId":"` + z.request + `","commandType":"x","status":"received","description":"x",` +
		`"timestamp":"2026-01-01T00:00:00Z","links":[]}`)
}

func (m *machine) settle(z taken) {
	m.tasks++
	first := apitest.Answer{Status: http.StatusAccepted, Header: http.Header{}, Body: z.answer()}
	first.Header.Set("X-Request-Id", z.request)
	for name, value := range z.headers() {
		first.Header.Set(name, value)
	}
	l := m.keys[z.name]
	l.state, l.outcome = settled, first
}

// giveUp lets go of a key that was taken, as after a failure of the database.
func (m *machine) giveUp(rt *rapid.T) {
	z := m.drawTaken(rt)
	if err := m.client.DB.ReleaseKey(m.ctx, z.claim); err != nil {
		rt.Fatal(err)
	}
	if m.owns(z) {
		m.keys[z.name].state = abandoned
	}
}

const endLeases = `
	UPDATE idempotency_keys
	SET lease_until = clock_timestamp()
	WHERE account_id = $1`

// leaseRunsOut ends the leases of all that crashed.
func (m *machine) leaseRunsOut(rt *rapid.T) {
	m.exec(rt, endLeases, m.client.ID)
	m.leasesOver()
}

// endWait decides what a request sees that waits for one under way, and
// lets that happen while it waits. It returns a function that waits for it.
func (m *machine) endWait(rt *rapid.T, name keyName) (ended func() error) {
	var z taken
	for _, z = range m.taken {
		if z.name == name && m.owns(z) {
			break
		}
	}
	var end func() error
	switch rapid.SampledFrom([]string{"accepted", "gives up", "dies"}).Draw(rt, "the one under way") {
	case "accepted":
		end = func() error {
			_, err := m.client.DB.Accept(m.ctx, []store.Acceptance{z.acceptance(m)})
			return err
		}
		m.settle(z)
	case "gives up":
		end = func() error { return m.client.DB.ReleaseKey(m.ctx, z.claim) }
		m.keys[name].state = abandoned
	case "dies":
		end = func() error {
			_, err := m.conn.Exec(m.ctx, endLeases, m.client.ID)
			return err
		}
		m.leasesOver()
	}
	done := make(chan error, 1)
	go func() { done <- end() }()
	return func() error { return <-done }
}

// restart lets the other server go on, which remembers nothing.
func (m *machine) restart(*rapid.T) {
	old := m.client.World
	m.client, m.other = m.client.At(m.other), old
}

// sweep removes what is forgotten; that must not be noticed (D-10).
func (m *machine) sweep(rt *rapid.T) {
	if _, err := m.client.DB.PruneKeys(m.ctx, 1000); err != nil {
		rt.Fatal(err)
	}
	m.prune()
}
