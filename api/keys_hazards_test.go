package api_test

// Hazards of idempotent requests on one or two servers, and bugs that other
// implementations had, by the numbers of docs/rules.md.

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
)

// H1, B5, B9: any number of clients on any number of servers send the same
// requests at once: each has one effect and one answer, which is given unmarked
// once.
func TestH1B5B9ManyClientsTwoServers(t *testing.T) {
	t.Parallel()
	const clients, keys = 64, 12
	one := apitest.New(t, shared)
	a := one.RunningAccount()
	accounts := []*apitest.Account{a, a.At(apitest.On(t, one.DBURL, shared))}
	type outcome struct {
		bodies   map[string]int
		unmarked int
	}
	var mu sync.Mutex
	outcomes := map[int]*outcome{}
	send := func(a *apitest.Account, n int) {
		c, key := subscriptionCreation(), withKey(fmt.Sprint("common-key-", n))
		if n%4 > 0 {
			c, key = creations()[n%4-1], withToken(fmt.Sprintf("00000000-0000-0000-0000-%012d", n))
		}
		var got apitest.Answer
		apitest.Eventually(t, "a definite answer", func() bool {
			got = c.send(a, fmt.Sprint(n), key)
			return got.Status != http.StatusConflict
		})
		mu.Lock()
		defer mu.Unlock()
		if outcomes[n] == nil {
			outcomes[n] = &outcome{bodies: map[string]int{}}
		}
		outcomes[n].bodies[fmt.Sprint(got.Status, string(got.Body))]++
		if got.Header.Get("Idempotent-Replayed") == "" {
			outcomes[n].unmarked++
		}
	}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for _, n := range rand.Perm(keys) {
				send(accounts[i%2], n)
			}
		})
	}
	all.Wait()
	for n, o := range outcomes {
		// The addresses in an answer are those of the server that gave it first.
		if len(o.bodies) != 1 || o.unmarked != 1 {
			t.Errorf("request %d: %d unmarked answers, and these: %v", n, o.unmarked, o.bodies)
		}
		for answer := range o.bodies {
			if !strings.HasPrefix(answer, "202") {
				t.Errorf("request %d: %s", n, answer)
			}
		}
	}
	wantEffects(t, a, keys)
}

// C-12, H4, H5, B4: a client that hangs up stops nothing: the request is carried
// out, and its answer waits for the next one. It is stored before it is sent.
func TestC12H4H5B4ClientHangsUp(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		for _, point := range []string{"idem.acquired", "idem.before_finish", "accept.after_commit", "resp.before_write"} {
			a := w.Account()
			state := func() string {
				return ask[string](t, w.DBURL, `SELECT state FROM idempotency_keys WHERE account_id = $1`, a.ID)
			}
			atWork := k.hangUp(t, a, g.stop(t, point))
			if got := state(); point == "resp.before_write" && got != "done" {
				t.Errorf("before the answer is sent the key is %s", got)
			}
			atWork.open()
			apitest.Eventually(t, "outcome stored", func() bool { return state() == "done" })
			if got := k.create(a); got.Status != http.StatusAccepted || got.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("client gone at %s: got %d %s", point, got.Status, got.Body)
			}
			wantEffects(t, a, 1)
		}
	})
}

// H6: who wakes up after another request has taken the key over does nothing.
func TestH6ZombieIsFenced(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		b := a.At(apitest.On(t, w.DBURL, nil))
		for round, point := range []string{"idem.acquired", "idem.before_finish"} {
			asleep := g.stop(t, point)
			zombie := later(func() apitest.Answer { return k.create(a) })
			asleep.await()
			expireLeases(t, w)
			first := k.create(b)
			wantStatus(t, "takes over", first, http.StatusAccepted, "")
			asleep.open()
			if got := <-zombie; got.Status != http.StatusConflict || got.Header.Get("Retry-After") != "1" {
				t.Errorf("zombie at %s: got %d %s, want 409", point, got.Status, got.Body)
			}
			wantReplay(t, k.create(a), first)
			wantEffects(t, a, round+1)
			a.Advance(72 * time.Hour)
		}
	})
}

// H6: the same for what is answered at once, whose writes are rolled back.
func TestH6ZombieLeavesNoWrite(t *testing.T) {
	t.Parallel()
	w, g := gated(t)
	a := w.Account()
	tags := tagsPath(a, a.Subscription("one"))
	asleep := g.stop(t, "idem.acquired")
	send := func(a *apitest.Account) apitest.Answer {
		return a.Do(http.MethodPut, tags, `{"tags":[{"key":"colour","value":"red"}]}`, byKey().with)
	}
	zombie := later(func() apitest.Answer { return send(a) })
	asleep.await()
	expireLeases(t, w)
	first := send(a)
	wantStatus(t, "takes over", first, http.StatusOK, "")
	a.Do(http.MethodPut, tags, `{"tags":[]}`)
	asleep.open()
	wantStatus(t, "zombie", <-zombie, http.StatusConflict, "key-in-use")
	if got := a.Do(http.MethodGet, tags, nil); got.Get("tags", 0) != nil {
		t.Errorf("the zombie has written: %s", got.Body)
	}
	wantReplay(t, send(a), first)
}

// tagsPath is that of the tags of a subscription's first database.
func tagsPath(a *apitest.Account, sub string) string {
	list := a.Do(http.MethodGet, sub+"/databases", nil)
	return fmt.Sprintf("%s/databases/%.0f/tags", sub, list.Get("subscription", 0, "databases", 0, "databaseId"))
}

// H7, B6, B8: who lost the key to another request and then fails does not give it
// back for that one.
func TestH7B6B8LoserReleasesNothing(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		loser := g.stop(t, "idem.before_finish", func() { panic("as asked") })
		lost := later(func() apitest.Answer { return k.create(a) })
		loser.await()
		expireLeases(t, w)
		winner := g.stop(t, "idem.before_finish")
		won := later(func() apitest.Answer { return k.create(a) })
		winner.await()
		loser.open()
		if got := <-lost; got.Status < 400 {
			t.Errorf("loser: got %d %s", got.Status, got.Body)
		}
		if got := k.create(a); got.Status != http.StatusConflict {
			t.Errorf("while the winner is at work: got %d %s, want 409", got.Status, got.Body)
		}
		winner.open()
		first := <-won
		wantStatus(t, "winner", first, http.StatusAccepted, "")
		wantReplay(t, k.create(a), first)
		wantEffects(t, a, 1)
	})
}

// H8: a key that was forgotten, swept and used anew is not the one that its first
// owner held.
func TestH8OwnerOfAnEarlierLife(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		asleep := g.stop(t, "idem.before_finish")
		zombie := later(func() apitest.Answer { return k.create(a) })
		asleep.await()
		expireLeases(t, w)
		a.Advance(72 * time.Hour)
		apitest.Eventually(t, "the key is swept", func() bool { // by us, or by the sweep of a server that has just begun
			if _, err := w.DB.PruneKeys(t.Context(), 10); err != nil {
				t.Error(err)
			}
			return ask[int](t, w.DBURL, `SELECT count(*) FROM idempotency_keys`) == 0
		})
		again := g.stop(t, "idem.before_finish")
		second := later(func() apitest.Answer { return k.create(a) })
		again.await()
		asleep.open()
		if got := <-zombie; got.Status != http.StatusConflict {
			t.Errorf("first owner: got %d %s, want 409", got.Status, got.Body)
		}
		again.open()
		first := <-second
		wantStatus(t, "second owner", first, http.StatusAccepted, "")
		wantReplay(t, k.create(a), first)
		wantEffects(t, a, 1)
	})
}

// H14: any number of sweepers disturb nobody.
func TestH14SweepersAtWork(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		sweeping := func(c *engine.Config) { c.Sweep = time.Millisecond }
		w := apitest.New(t, sweeping)
		apitest.On(t, w.DBURL, sweeping)
		var all sync.WaitGroup
		for range 3 {
			a := w.Account()
			all.Go(func() {
				for life := range 6 {
					first := k.create(a)
					wantStatus(t, "first of a life", first, http.StatusAccepted, "")
					a.Advance(8*time.Hour - time.Microsecond)
					wantReplay(t, k.create(a), first)
					wantEffects(t, a, life+1)
					a.Advance(64*time.Hour + time.Microsecond)
				}
			})
		}
		all.Wait()
		apitest.Eventually(t, "all are swept", func() bool {
			return ask[int](t, w.DBURL, `SELECT count(*) FROM idempotency_keys`) == 0
		})
	})
}

// H15: the code that decides about keys never looks at its host's clock.
func TestH15NoHostClock(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"idempotency.go", "../internal/idempotency/idempotency.go", "../internal/store/idempotency.go",
		"../internal/store/accept.go",
	} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if from, ok := selector.X.(*ast.Ident); ok && from.Name == "time" &&
				slices.Contains([]string{"Now", "Since", "Until"}, selector.Sel.Name) {
				t.Errorf("%s calls time.%s", file, selector.Sel.Name)
			}
			return true
		})
	}
}

// H24, R-9: however many wait for one request, the others have the server to
// themselves.
func TestH24WaitersAreNotInTheWay(t *testing.T) {
	t.Parallel()
	for _, c := range creations() { // in sequence: their requests are many open files
		k := byToken(c)
		t.Run(c.name, func(t *testing.T) { waitersAreNotInTheWay(t, k) })
	}
}

func waitersAreNotInTheWay(t *testing.T, k keyed) {
	t.Helper()
	var waiting atomic.Int64
	g := &gates{}
	w := apitest.New(t, func(c *engine.Config) {
		c.Hook = func(point string) {
			if point == "idem.waiting" {
				waiting.Add(1)
			}
			g.hook(point)
		}
	})
	a, other := w.Account(), w.Account()
	atWork := g.stop(t, "idem.acquired")
	first := later(func() apitest.Answer { return k.create(a) })
	atWork.await()
	answers := make(chan apitest.Answer, 150) // two files each, of the 1024 that a process often may open
	for range cap(answers) {
		go func() { answers <- k.create(a) }()
	}
	// Ten connections, a hundred places to wait: all of them are taken.
	apitest.Eventually(t, "hundred requests wait", func() bool { return waiting.Load() >= 100 })
	for i := range 20 {
		got := other.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody(fmt.Sprint(i)),
			withKey(fmt.Sprint("other-key-", i)))
		wantStatus(t, "other traffic", got, http.StatusAccepted, "")
	}
	atWork.open()
	answer := <-first
	wantStatus(t, "first", answer, http.StatusAccepted, "")
	for range cap(answers) {
		if got := <-answers; got.Status == http.StatusConflict {
			wantStatus(t, "not waited", got, http.StatusConflict, "DBS.200047")
		} else {
			wantReplay(t, got, answer)
		}
	}
	wantEffects(t, a, 1)
}

// D-6: an answer is replayed as it was given, on whatever address the retry
// came in.
func TestD6ReplayOnAnotherAddress(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	a := w.Account()
	first := byKey().create(a)
	got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), byKey().with, func(r *http.Request) {
		r.Host = "elsewhere.test"
	})
	wantReplay(t, got, first)
	if got.Header.Get("Location") != first.Header.Get("Location") || got.Header.Get("Date") == "" {
		t.Errorf("headers %v", got.Header)
	}
}
