package api_test

// Tests of Idempotency-Key, by the numbers of docs/idempotency.md.

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
)

func withHeader(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func withKey(key string) func(*http.Request) { return withHeader("Idempotency-Key", key) }

func withToken(token string) func(*http.Request) { return withHeader("X-Client-Token", token) }

const aToken = "46436810-d999-454c-bd85-e515fd258600"

// C-1: every operation that writes takes the key, no other one does.
func TestC1WhichOperationsTakeAKey(t *testing.T) {
	t.Parallel()
	doc, err := compiled.Load(understudy.Document)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range doc.Operations() {
		writes := slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, op.Method)
		if got := op.TakesHeader("Idempotency-Key"); got != writes {
			t.Errorf("%s: takes a key: %v, want %v", op.ID, got, writes)
		}
		creates := op.ID == "createProSubscription" || op.ID == "createProDatabase"
		if got := op.TakesHeader("X-Client-Token"); got != creates {
			t.Errorf("%s: takes a token: %v, want %v", op.ID, got, creates)
		}
	}
}

// C-1: GET and DELETE ignore the header, whatever is in it.
func TestC1GetAndDeleteIgnoreTheKey(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	for _, values := range [][]string{
		{"a-key-of-the-test"}, {"short"}, {""}, {"one-valid-key", "another-one"}, {`"quoted-key"`},
	} {
		key := withHeader("Idempotency-Key", values...)
		first, again := a.Do(http.MethodGet, sub, nil, key), a.Do(http.MethodGet, subscriptions, nil, key)
		if first.Status != http.StatusOK || again.Status != http.StatusOK || first.Header.Get("Idempotency-Key") != "" {
			t.Errorf("GET with key %q: %d, %d, echo %q", values, first.Status, again.Status, first.Header.Get("Idempotency-Key"))
		}
		one, two := a.Do(http.MethodDelete, sub, nil, key), a.Do(http.MethodDelete, sub, nil, key)
		if one.Status != http.StatusAccepted || two.Status != http.StatusAccepted || one.Get("taskId") == two.Get("taskId") {
			t.Errorf("DELETE twice with key %q: %d %s, %d %s", values, one.Status, one.Body, two.Status, two.Body)
		}
	}
	if n := ask[int](t, a.DBURL, `SELECT count(*) FROM idempotency_keys`); n != 0 {
		t.Errorf("%d keys are stored", n)
	}
}

// C-2: without a key every request counts.
func TestC2NoKeyNoMemory(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for range 2 {
		got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
		wantStatus(t, "without a key", got, http.StatusAccepted, "")
	}
	wantEffects(t, a, 2)
}

// C-3: one line of 8 to 255 letters, digits, dashes and underscores; case counts.
func TestC3Syntax(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	send := func(values ...string) apitest.Answer {
		return a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), withHeader("Idempotency-Key", values...))
	}
	long := strings.Repeat("k", 255)
	refused := [][]string{
		{""},
		{"7-chars"},
		{long + "k"},
		{`"quoted-key"`},
		{"a key with spaces"},
		{"key.with.dots"},
		{"key/with/slash"},
		{"schlüssel"},
		{"one-valid-key,another-one"},
		{"one-valid-key", "one-valid-key"},
		{"one-valid-key", ""},
		{"", "one-valid-key"},
	}
	for _, values := range refused {
		got := send(values...)
		wantStatus(t, fmt.Sprintf("key %q", values), got, http.StatusBadRequest, "invalid-key")
		if got.Header.Get("Idempotency-Key") != "" || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("key %q: headers %v", values, got.Header)
		}
	}
	wantEffects(t, a, 0)
	accepted := []string{"8-chars_", "12345678", "--------", long, "UPPER-case", "upper-case"}
	for i, key := range accepted {
		got := send(key)
		wantStatus(t, "key "+key, got, http.StatusAccepted, "")
		if echo := got.Header.Get("Idempotency-Key"); echo != key {
			t.Errorf("key %s is echoed as %s", key, echo)
		}
		wantEffects(t, a, i+1)
	}
}

// C-4, C-8, D-6, R-5, R-11: the first answer is repeated to the byte, and marked.
func TestC8R5Replay(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		first, again := k.create(a), k.create(a)
		wantStatus(t, "first", first, http.StatusAccepted, "")
		wantReplay(t, again, first)
		for _, header := range append([]string{"Content-Type", k.header}, k.headers...) {
			if first.Header.Get(header) == "" || first.Header.Get(header) != again.Header.Get(header) {
				t.Errorf("%s: first %q, again %q", header, first.Header.Get(header), again.Header.Get(header))
			}
		}
		if first.Header.Get("Idempotent-Replayed") != "" || first.Header.Get("Idempotent-Original-Request-Id") != "" {
			t.Errorf("the first answer is marked: %v", first.Header)
		}
		if got, want := again.Header.Get("Idempotent-Original-Request-Id"), first.Header.Get("X-Request-Id"); got != want {
			t.Errorf("original request: got %q, want %q", got, want)
		}
		if again.Header.Get("X-Request-Id") == first.Header.Get("X-Request-Id") {
			t.Error("both requests have the same id")
		}
		wantEffects(t, a, 1)
	})
}

// C-5: whatever the first request came to, that is the answer.
func TestC5EveryOutcomeIsStored(t *testing.T) {
	t.Parallel()
	w, g := gated(t)
	a := w.Account()
	sub := a.Subscription("one")
	tags := fmt.Sprintf("%s/databases/%.0f/tags",
		sub, a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId"))
	tag := `{"key":"colour","value":"red"}`
	for _, test := range []struct {
		name, method, path, body string
		panics                   bool
		status                   int
	}{
		{"answered at once", http.MethodPost, tags, tag, false, 200},
		{"conflict", http.MethodPost, tags, tag, false, 409},
		{"not found", http.MethodPost, sub + "/databases/1/tags", tag, false, 404},
		{"refused by the document", http.MethodPost, subscriptions, `{"nonsense":true}`, false, 400},
		{"not JSON", http.MethodPost, subscriptions, `{`, false, 400},
		{"no body", http.MethodPost, subscriptions, ``, false, 400},
		{"task", http.MethodPut, sub, `{"name":"renamed"}`, false, 202},
		{"panic on the way to a task", http.MethodPut, sub, `{"name":"again"}`, true, 500},
		{"panic after a write", http.MethodPut, tags, `{"tags":[]}`, true, 500},
	} {
		send := func() apitest.Answer {
			return a.Do(test.method, test.path, test.body, withKey(strings.ReplaceAll("key-"+test.name, " ", "-")))
		}
		if test.panics {
			g.on("idem.before_finish", func() { panic("as asked") })
		}
		first := send()
		if first.Status != test.status || first.Header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%s: got %d %s, want %d", test.name, first.Status, first.Body, test.status)
		}
		wantReplay(t, send(), first)
	}
	if got := a.Do(http.MethodGet, tags, nil); got.Get("tags", 0, "key") != "colour" {
		t.Errorf("a write that was answered with 500 took place: %s", got.Body)
	}
}

// C-7: while the first request is carried out all others are turned away at once.
func TestC7InUse(t *testing.T) {
	t.Parallel()
	w, g := gated(t)
	a := w.Account()
	atWork := g.stop(t, "idem.acquired")
	first := later(func() apitest.Answer { return byKey().create(a) })
	atWork.await()
	for name, body := range map[string]any{
		"same": apitest.SubscriptionBody("one"), "other": apitest.SubscriptionBody("two"), "invalid": `{}`,
	} {
		got := a.Do(http.MethodPost, subscriptions, body, byKey().with)
		wantStatus(t, name, got, http.StatusConflict, "key-in-use")
		if got.Header.Get("Retry-After") != "1" || got.Get("retryable") != true || got.Get("safeNewKey") != false {
			t.Errorf("%s: %v %s", name, got.Header, got.Body)
		}
	}
	atWork.open()
	answer := <-first
	wantStatus(t, "the first one", answer, http.StatusAccepted, "")
	wantReplay(t, byKey().create(a), answer)
	wantEffects(t, a, 1)
}

// C-9, D-7, H17, B10: another request under a used key is refused, and changes
// nothing for the first one.
func TestC9H17B10Mismatch(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	const body = `{"name":"two","datasetSizeInGb":1,"replication":true}`
	send := func(method, path, body string) apitest.Answer { return a.Do(method, path, body, byKey().with) }
	path := sub + "/databases"
	first := send(http.MethodPost, path+"?b=2&a=1", body)
	wantStatus(t, "first", first, http.StatusAccepted, "")
	for name, other := range map[string][3]string{
		"value":          {http.MethodPost, path + "?b=2&a=1", strings.Replace(body, "two", "three", 1)},
		"number literal": {http.MethodPost, path + "?b=2&a=1", strings.Replace(body, ":1", ":1.0", 1)},
		"member":         {http.MethodPost, path + "?b=2&a=1", strings.Replace(body, `,"replication":true`, "", 1)},
		"trailing text":  {http.MethodPost, path + "?b=2&a=1", body + "}"},
		"no body":        {http.MethodPost, path + "?b=2&a=1", ""},
		"query":          {http.MethodPost, path + "?b=2&a=2", body},
		"no query":       {http.MethodPost, path, body},
		"path":           {http.MethodPost, subscriptions + "?b=2&a=1", body},
		"subscription":   {http.MethodPost, subscriptions + "/1/databases?b=2&a=1", body},
		"method":         {http.MethodPut, sub + "?b=2&a=1", body},
	} {
		got := send(other[0], other[1], other[2])
		wantStatus(t, name, got, http.StatusUnprocessableEntity, "key-reused")
		if got.Get("safeNewKey") != true || got.Get("retryable") != false {
			t.Errorf("%s: %s", name, got.Body)
		}
	}
	for name, same := range map[string][2]string{
		"again":           {path + "?b=2&a=1", body},
		"query order":     {path + "?a=1&b=2", body},
		"trailing slash":  {path + "/?b=2&a=1", body},
		"order and space": {path + "?b=2&a=1", "\n{ \"replication\" : true,\t\"datasetSizeInGb\":1, \"name\":\"two\" } "},
	} {
		t.Log(name)
		wantReplay(t, send(http.MethodPost, same[0], same[1]), first)
	}
	wantEffects(t, a, 2)
}

// C-10: an outcome is replayed for 24 hours from the first receipt, and not
// longer for being asked for. Then the key is as if never seen.
func TestC10LifeOfAKey(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	send := func(name string) apitest.Answer {
		return a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody(name), byKey().with)
	}
	first := send("one")
	a.Advance(12 * time.Hour)
	wantReplay(t, send("one"), first)
	a.Advance(12*time.Hour - time.Microsecond)
	wantReplay(t, send("one"), first)
	wantStatus(t, "other request", send("two"), http.StatusUnprocessableEntity, "key-reused")
	a.Advance(time.Microsecond)
	second := send("two")
	wantStatus(t, "after a day", second, http.StatusAccepted, "")
	if second.Header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer of a new life is marked")
	}
	wantReplay(t, send("two"), second)
	a.Advance(24*time.Hour - time.Microsecond)
	wantReplay(t, send("two"), second)
	a.Advance(time.Microsecond)
	wantStatus(t, "after two days", send("one"), http.StatusAccepted, "")
	wantEffects(t, a, 3)
}

// C-11: who dies at work leaves a lease. When it has run out, the same request is
// carried out, and any other one finds the key used.
func TestC11LeaseOfADeadRequest(t *testing.T) {
	t.Parallel()
	w, g := gated(t)
	a := w.Account()
	died := g.stop(t, "idem.acquired")
	zombie := later(func() apitest.Answer { return byKey().create(a) })
	died.await()
	wantStatus(t, "before", byKey().create(a), http.StatusConflict, "key-in-use")
	left := ask[float64](t, w.DBURL, `SELECT EXTRACT(epoch FROM lease_until - clock_timestamp()) FROM idempotency_keys`)
	if left > 15 {
		t.Errorf("the lease runs for %v s, want at most 15", left)
	}
	expireLeases(t, w)
	other := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("two"), byKey().with)
	wantStatus(t, "another request", other, http.StatusUnprocessableEntity, "key-reused")
	first := byKey().create(a)
	wantStatus(t, "after", first, http.StatusAccepted, "")
	died.open()
	wantStatus(t, "the zombie", <-zombie, http.StatusConflict, "key-in-use")
	wantReplay(t, byKey().create(a), first)
	wantEffects(t, a, 1)
}

// C-13: errors are problems of RFC 9457 with the members of every other error.
func TestC13Problem(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), withKey("short"))
	for member, want := range map[string]any{
		"type": "https://understudy.dev/problems/invalid-key", "title": "Bad Request", "detail": got.Get("message"),
		"status": 400.0, "error": "Bad Request", "path": subscriptions, "retryable": false, "safeNewKey": true,
	} {
		if got.Get(member) != want || want == nil {
			t.Errorf("%s: got %v, want %v", member, got.Get(member), want)
		}
	}
}
