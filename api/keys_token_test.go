package api_test

// Tests of X-Client-Token, by the numbers of docs/idempotency.md.

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// only what creates a subscription, a database or a DB instance takes a token. Elsewhere it
// means nothing, well-formed or not.
func TestR1WhereATokenCounts(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	tags := tagsPath(a, sub)
	type request struct {
		method, path string
		body         any
		status       int
	}
	requests := []request{
		{http.MethodPut, sub, `{"name":"renamed"}`, 202},
		{http.MethodPut, tags, `{"tags":[]}`, 200},
		{http.MethodGet, sub, nil, 200},
		{http.MethodDelete, sub + "/databases/1", nil, 202},
	}
	id := instanceCreation().send(a, "one").Get("instance", "id").(string)
	instances := a.Project() + "/instances"
	requests = append(requests, request{http.MethodGet, instances, nil, 200},
		request{http.MethodDelete, instances + "/" + id, nil, 409})
	postgres, replica := instanceCreation().body("another"), instanceCreation().body("another")
	postgres["datastore"], replica["replica_of_id"] = map[string]any{"type": "PostgreSQL", "version": "14"}, id
	requests = append(requests, request{http.MethodPost, instances, postgres, 400},
		request{http.MethodPost, instances, replica, 403})
	for _, values := range [][]string{{aToken}, {"no token"}, {""}, {aToken, aToken}} {
		for _, request := range requests {
			for range 2 {
				got := a.Do(request.method, request.path, request.body, withHeader("X-Client-Token", values...))
				code, _ := got.Get("error_code").(string)
				if got.Status != request.status || got.Header.Get("X-Client-Token") != "" ||
					got.Header.Get("Idempotent-Replayed") != "" || strings.HasPrefix(code, "DBS.28049") {
					t.Errorf("%s %s with token %q: got %d %v %s",
						request.method, request.path, values, got.Status, got.Header, got.Body)
				}
			}
		}
	}
	for i, c := range creations() {
		create := func() apitest.Answer {
			return c.send(a, "two", withToken(fmt.Sprintf("00000000-0000-0000-0000-%012d", i)))
		}
		first := create()
		wantStatus(t, "a new "+c.name, first, http.StatusAccepted, "")
		wantReplay(t, create(), first)
	}
}

// a UUID in lower case, of any version.
func TestR2R3Format(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		send := func(values ...string) apitest.Answer {
			return k.send(a, "one", withHeader("X-Client-Token", values...))
		}
		for _, values := range [][]string{
			{""},
			{strings.ToUpper(aToken)},
			{aToken[:35]},
			{aToken + "0"},
			{strings.ReplaceAll(aToken, "-", "")},
			{"{" + aToken + "}"},
			{"urn:uuid:" + aToken},
			{strings.Replace(aToken, "d999", "dg99", 1)},
			{aToken, aToken},
			{aToken + ", " + aToken},
		} {
			got := send(values...)
			wantStatus(t, fmt.Sprintf("token %q", values), got, http.StatusBadRequest, "DBS.280497")
			if k.codes == nil && got.Get("error_msg") != got.Get("message") || got.Get("error_msg") == "" ||
				got.Header.Get("X-Client-Token") != "" {
				t.Errorf("token %q: %v %s", values, got.Header, got.Body)
			}
		}
		wantEffects(t, a, 0)
		for i, token := range []string{
			aToken, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		} {
			got := send(token)
			wantStatus(t, "token "+token, got, http.StatusAccepted, "")
			if got.Header.Get("X-Client-Token") != token {
				t.Errorf("token %s is echoed as %q", token, got.Header.Get("X-Client-Token"))
			}
			wantEffects(t, a, i+1)
		}
	})
}

// a body that is not JSON is told first and leaves the token alone; then its
// format; then that it has expired; then that the request is another one, and
// only then what is wrong with that.
func TestR4Order(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		send := func(body, token string) apitest.Answer { return k.post(a, body, withToken(token)) }
		invalid, other := k.invalid(1), k.invalid(2)
		wantStatus(t, "not JSON, bad token", send("{", "bad"), 400, "DBS.200001")
		wantStatus(t, "not JSON", send("{", aToken), 400, "DBS.200001")
		wantStatus(t, "invalid, bad token", send(invalid, "bad"), 400, "DBS.280497")
		first := send(invalid, aToken)
		wantStatus(t, "invalid", first, 400, k.code(400))
		wantStatus(t, "not JSON, used token", send("{", aToken), 400, "DBS.200001")
		wantStatus(t, "invalid otherwise, used token", send(other, aToken), 400, "DBS.280495")
		wantReplay(t, send(invalid, aToken), first)
		a.Advance(8 * time.Hour)
		wantStatus(t, "not JSON, expired token", send("{", aToken), 400, "DBS.200001")
		wantStatus(t, "invalid otherwise, expired token", send(other, aToken), 400, "DBS.280498")
		wantStatus(t, "invalid, expired token", send(invalid, aToken), 400, "DBS.280498")
	})
}

// R-5, H22: the answer to a creation is replayed although what was created is
// gone. Nothing is created again.
func TestR5H22ReplayAfterDeletion(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		k.ready(a)
		first := k.create(a)
		remove := k.live(a, first)
		wantReplay(t, k.create(a), first)
		remove()
		tasks, resources := effects(t, a), ask[int](t, a.DBURL, `SELECT count(*) FROM resources`)
		wantReplay(t, k.create(a), first)
		a.Pass(apitest.SettleTime)
		wantEffects(t, a, tasks)
		if n := ask[int](t, a.DBURL, `SELECT count(*) FROM resources`); n != resources {
			t.Errorf("%d resources, want %d", n, resources)
		}
		if status := a.Status(first.Get(k.task).(string)); status != cloud.TaskDone {
			t.Errorf("the task of a replay is %s", status)
		}
	})
}

// a refusal settles a token: the corrected request needs a new one.
func TestR6RefusalIsReplayed(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		for how, w := range k.wrong {
			a := apitest.New(t, nil).Account()
			send := func(body map[string]any, token string) apitest.Answer { return k.post(a, body, withToken(token)) }
			wrong, right := k.refused(w), k.body("one")
			first := send(wrong, aToken)
			wantStatus(t, "wrong "+how, first, http.StatusBadRequest, w.code)
			wantReplay(t, send(wrong, aToken), first)
			wantStatus(t, "corrected", send(right, aToken), http.StatusBadRequest, "DBS.280495")
			wantEffects(t, a, 0)
			wantStatus(t, "corrected, with a new token", send(right, strings.Replace(aToken, "4", "5", 1)),
				http.StatusAccepted, "")
			wantEffects(t, a, 1)
		}
	})
}

// R-7, B2, B13: an internal error settles nothing: the same request is carried out
// at once, another one is still refused.
func TestR7B2B13InternalErrorIsForgotten(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		for range 2 {
			g.on("idem.before_finish", func() { panic("as asked") })
			got := k.create(a)
			wantStatus(t, "panic", got, http.StatusInternalServerError, k.code(500))
			if got.Header.Get("Idempotent-Replayed") != "" || got.Header.Get("X-Client-Token") != aToken {
				t.Errorf("headers of the 500: %v", got.Header)
			}
		}
		wantStatus(t, "other parameters", k.other(a), http.StatusBadRequest, "DBS.280495")
		wantEffects(t, a, 0)
		a.Advance(7 * time.Hour)
		first := k.create(a)
		wantStatus(t, "again", first, http.StatusAccepted, "")
		wantReplay(t, k.create(a), first)
		// Its life is counted from the first receipt all the same.
		a.Advance(time.Hour)
		wantStatus(t, "eight hours after the 500", k.create(a), http.StatusBadRequest, "DBS.280498")
		wantEffects(t, a, 1)
	})
}

// R-8, H23: a token's outcome is repeated for 8 hours, then it is expired until
// 72 hours are over, whatever became of it.
func TestR8H23LifeOfAToken(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		for name, begin := range map[string]func(*testing.T, *apitest.Account, *gates){
			"done": func(*testing.T, *apitest.Account, *gates) {},
			"released": func(_ *testing.T, a *apitest.Account, g *gates) {
				g.on("idem.before_finish", func() { panic("as asked") })
				k.create(a)
			},
			"died": func(t *testing.T, a *apitest.Account, g *gates) {
				g.on("idem.acquired", func() { panic("as asked") }) // leaves the key as a kill does
				k.create(a)
				expireLeases(t, a.World)
				a.Advance(8 * time.Hour)
				wantStatus(t, "dead before it was 8 hours old", k.create(a), 400, "DBS.280498")
				a.Advance(-8 * time.Hour)
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w, g := gated(t)
				a := w.Account()
				begin(t, a, g)
				first := k.create(a)
				for _, step := range []struct {
					advance time.Duration
					status  int
					code    string
					same    bool
				}{
					{8*time.Hour - time.Microsecond, 202, "", true},
					{time.Microsecond, 400, "DBS.280498", false},
					{64*time.Hour - time.Microsecond, 400, "DBS.280498", false},
					{time.Microsecond, 202, "", false},
				} {
					a.Advance(step.advance)
					got := k.create(a)
					wantStatus(t, step.advance.String()+" later", got, step.status, step.code)
					if same := string(got.Body) == string(first.Body); same != step.same {
						t.Errorf("%v later: the first answer: %v, want %v", step.advance, same, step.same)
					}
				}
			})
		}
	})
}

// a request waits for the one under way and gets its answer; another request
// does not wait.
func TestR9WaitsForTheFirst(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		atWork, waits := g.stop(t, "idem.acquired"), g.stop(t, "idem.waiting")
		first := later(func() apitest.Answer { return k.create(a) })
		atWork.await()
		second := later(func() apitest.Answer { return k.create(a) })
		waits.await()
		wantStatus(t, "other parameters", k.other(a), http.StatusBadRequest, "DBS.280495")
		waits.open()
		atWork.open()
		answer := <-first
		wantStatus(t, "first", answer, http.StatusAccepted, "")
		wantReplay(t, <-second, answer)
		wantEffects(t, a, 1)
	})
}

// nobody waits for ever, on this server or another one.
func TestR9WaitsForTwoSeconds(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		b := a.At(apitest.On(t, w.DBURL, nil))
		atWork := g.stop(t, "idem.acquired")
		first := later(func() apitest.Answer { return k.create(a) })
		atWork.await()
		here, there := later(func() apitest.Answer { return k.create(a) }),
			later(func() apitest.Answer { return k.create(b) })
		for where, waited := range map[string]<-chan apitest.Answer{"here": here, "there": there} {
			got := <-waited
			wantStatus(t, where, got, http.StatusConflict, "DBS.200047")
			if got.Header.Get("Retry-After") != "1" || got.Header.Get("X-Client-Token") != aToken {
				t.Errorf("%s: headers %v", where, got.Header)
			}
		}
		again := later(func() apitest.Answer { return k.create(b) })
		atWork.open()
		answer := <-first
		wantReplay(t, <-again, answer)
		wantEffects(t, a, 1)
	})
}
