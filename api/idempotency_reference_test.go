package api_test

import (
	"maps"
	"net/http"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/store"
)

// reference is docs/idempotency.md as a program: one account, one request at a
// time, no HTTP and no database. It says what the model test has to see.
type reference struct {
	now   time.Duration // of the account's clock, since the test began
	keys  map[keyName]*life
	tags  map[string]string // of the one database
	tasks int               // that were accepted
}

// keyName is a key in the header that it came in, in a dialect.
type keyName struct {
	header, key string
	rds         bool
}

const (
	keyHeader   = "Idempotency-Key"
	tokenHeader = "X-Client-Token"
)

func (k keyName) token() bool { return k.header == tokenHeader }

// terms are how long an outcome is replayed and how long the key is known (C-10, R-8).
func (k keyName) terms() (replayed, known time.Duration) {
	if k.token() {
		return 8 * time.Hour, 72 * time.Hour
	}
	return 24 * time.Hour, 24 * time.Hour
}

// life of a key is from its first receipt until it is forgotten.
type life struct {
	born    time.Duration
	of      draw
	state   lifeState
	claim   store.KeyClaim // of the one at work, where the test plays its part
	outcome apitest.Answer // once it is settled
}

type lifeState int

const (
	working   lifeState = iota // and its lease runs
	vanished                   // the lease has run out
	abandoned                  // given back without an outcome
	settled
)

// verdict is what becomes of a request under a key.
type verdict int

const (
	perform verdict = iota
	replay
	underWay
	reused
	expired
)

func (m *reference) forgotten(name keyName) bool {
	_, known := name.terms()
	l := m.keys[name]
	return l == nil || m.now-l.born >= known
}

// judge decides about a request (C-7 to C-11, R-4 to R-9).
func (m *reference) judge(name keyName, d draw) verdict {
	l := m.keys[name]
	replayed, _ := name.terms()
	switch {
	case l != nil && l.state == working: // whatever its age: H25
		if name.token() && l.of != d {
			return reused
		}
		return underWay
	case m.forgotten(name):
		return perform
	case m.now-l.born >= replayed:
		return expired
	case l.of != d:
		return reused
	case l.state == settled:
		return replay
	}
	return perform
}

// receive begins the life of a key, or goes on with one that came to nothing.
func (m *reference) receive(name keyName, d draw) *life {
	if m.forgotten(name) {
		m.keys[name] = &life{born: m.now, of: d}
	}
	l := m.keys[name]
	l.state, l.claim = working, store.KeyClaim{}
	return l
}

// holds reports whether a hold still counts: only with it can the key be settled.
func (m *reference) holds(name keyName, claim store.KeyClaim) bool {
	l := m.keys[name]
	return l != nil && l.claim.Token == claim.Token && (l.state == working || l.state == vanished)
}

// leasesOver ends the leases of all that are at work.
func (m *reference) leasesOver() {
	for _, l := range m.keys {
		if l.state == working {
			l.state = vanished
		}
	}
}

// prune forgets for good.
func (m *reference) prune() {
	maps.DeleteFunc(m.keys, func(name keyName, l *life) bool { return m.forgotten(name) && l.state != working })
}

// want is what an answer must be.
type want struct {
	status int
	code   string          // of what is wrong with the key: error_code, or the last part of the type of a problem
	says   string          // the error_code of anything else
	first  *apitest.Answer // that is replayed
	echo   keyName         // none where the key is not looked at
}

// expect says how a request is answered, if it is carried out now: an invalid key
// and an unknown route come before the key is looked up (D-2).
func (m *reference) expect(d draw, keys []keyName) (want, verdict) {
	name, refusal := chosen(d, keys)
	switch {
	case d.route == unknownRoute:
		return want{status: http.StatusNotFound}, perform
	case refusal != "":
		return want{status: http.StatusBadRequest, code: refusal}, perform
	case name == keyName{}:
		return want{status: m.outcome(d), says: d.says(m.outcome(d))}, perform
	}
	v := m.judge(name, d)
	expected := want{echo: name}
	switch v {
	case perform:
		expected.status = m.outcome(d)
		expected.says = d.says(expected.status)
	case replay:
		expected.first = &m.keys[name].outcome
		expected.status = expected.first.Status
		expected.says = d.says(expected.status)
	case underWay:
		expected.status, expected.code = http.StatusConflict, "key-in-use"
		if name.token() {
			expected.code = "DBS.200047"
		}
	case reused:
		expected.status, expected.code = http.StatusUnprocessableEntity, "key-reused"
		if name.token() {
			expected.status, expected.code = http.StatusBadRequest, "DBS.280495"
		}
	case expired:
		expected.status, expected.code = http.StatusBadRequest, "DBS.280498"
	}
	return expected, v
}

// chosen is the key that counts, or with what the request is refused (C-3, D-1, R-2, R-4). RDS has keys of its own, and
// of one kind only.
func chosen(d draw, keys []keyName) (name keyName, refusal string) {
	for _, k := range keys {
		k.rds = d.route == createInstance
		switch {
		case k.token() && !d.creates(), !k.token() && k.rds:
			continue
		case name != keyName{}:
			return name, "invalid-key"
		case k.token() && d.unreadable():
			return k, "DBS.200001"
		case k.token() && k.key == badToken:
			return k, "DBS.280497"
		case k.key == badKey:
			return k, "invalid-key"
		}
		name = k
	}
	return name, ""
}

// outcome is the status of a request that is carried out.
func (m *reference) outcome(d draw) int {
	_, there := m.tags[d.content]
	switch {
	case d.unreadable() || d.content == "wrong":
		return http.StatusBadRequest
	case d.creates():
		return http.StatusAccepted
	case d.route == addTag && there:
		return http.StatusConflict
	}
	return http.StatusOK
}

// says is the error_code of an outcome.
func (d draw) says(status int) string {
	if d.route == createInstance {
		return instanceCreation().code(status)
	}
	return ""
}

// done takes the effect of a request that was carried out into account.
func (m *reference) done(d draw) {
	switch m.outcome(d) {
	case http.StatusAccepted:
		m.tasks++
	case http.StatusOK:
		if d.route == replaceTags {
			clear(m.tags)
		}
		m.tags[d.content] = string(d.route)
	}
}
