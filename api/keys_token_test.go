package api_test

// Tests of X-Client-Token, by the numbers of docs/idempotency.md.

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// only what creates a subscription or a database takes a token. Elsewhere it
// means nothing, well-formed or not.
func TestR1WhereATokenCounts(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	tags := fmt.Sprintf("%s/databases/%.0f/tags",
		sub, a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId"))
	for _, values := range [][]string{{aToken}, {"no token"}, {""}, {aToken, aToken}} {
		token := withHeader("X-Client-Token", values...)
		for _, request := range []struct {
			method, path, body string
			status             int
		}{
			{http.MethodPut, sub, `{"name":"renamed"}`, 202},
			{http.MethodPut, tags, `{"tags":[]}`, 200},
			{http.MethodGet, sub, "", 200},
			{http.MethodDelete, sub + "/databases/1", "", 202},
		} {
			for range 2 {
				got := a.Do(request.method, request.path, request.body, token)
				if got.Status != request.status || got.Header.Get("X-Client-Token") != "" ||
					got.Header.Get("Idempotent-Replayed") != "" {
					t.Errorf("%s %s with token %q: got %d %v %s",
						request.method, request.path, values, got.Status, got.Header, got.Body)
				}
			}
		}
	}
	create := func() apitest.Answer {
		return a.Do(http.MethodPost, sub+"/databases", databaseBody("two"), withToken(aToken))
	}
	first := create()
	wantStatus(t, "create database", first, http.StatusAccepted, "")
	wantReplay(t, create(), first)
}

// a UUID in lower case, of any version.
func TestR2R3Format(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	send := func(values ...string) apitest.Answer {
		return a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), withHeader("X-Client-Token", values...))
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
		if got.Get("error_msg") != got.Get("message") || got.Get("error_msg") == "" ||
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
}

// a body that is not JSON is told first and leaves the token alone; then its
// format; then that it has expired; then that the request is another one, and
// only then what is wrong with that.
func TestR4Order(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	send := func(body, token string) apitest.Answer {
		return a.Do(http.MethodPost, subscriptions, body, withToken(token))
	}
	const invalid, other = `{"nonsense":true}`, `{"nonsense":1}`
	wantStatus(t, "not JSON, bad token", send("{", "bad"), 400, "DBS.200001")
	wantStatus(t, "not JSON", send("{", aToken), 400, "DBS.200001")
	wantStatus(t, "invalid, bad token", send(invalid, "bad"), 400, "DBS.280497")
	first := send(invalid, aToken)
	wantStatus(t, "invalid", first, 400, "")
	wantStatus(t, "not JSON, used token", send("{", aToken), 400, "DBS.200001")
	wantStatus(t, "invalid otherwise, used token", send(other, aToken), 400, "DBS.280495")
	wantReplay(t, send(invalid, aToken), first)
	a.Advance(8 * time.Hour)
	wantStatus(t, "not JSON, expired token", send("{", aToken), 400, "DBS.200001")
	wantStatus(t, "invalid otherwise, expired token", send(other, aToken), 400, "DBS.280498")
	wantStatus(t, "invalid, expired token", send(invalid, aToken), 400, "DBS.280498")
}

// R-5, H22: the answer to a creation is replayed although what was created is
// gone. Nothing is created again.
func TestR5H22ReplayAfterDeletion(t *testing.T) {
	bothSchemes(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		sub := a.Subscription("one")
		create := func() apitest.Answer { return a.Do(http.MethodPost, sub+"/databases", databaseBody("second"), k.with) }
		first := create()
		done := a.Finish(first.Get("taskId").(string))
		database := fmt.Sprintf("%s/databases/%.0f", sub, done.Get("response", "resourceId"))
		a.Settle(database, "active")
		wantReplay(t, create(), first)
		a.Run(http.MethodDelete, database, nil)
		a.Settle(database, "")
		again := create()
		wantReplay(t, again, first)
		task := a.Do(http.MethodGet, "/v1/tasks/"+again.Get("taskId").(string), nil)
		if task.Get("response", "resourceId") != done.Get("response", "resourceId") {
			t.Errorf("the task of a replay: %s", task.Body)
		}
		wantEffects(t, a, 3)
	})
}

// a refusal settles a token: the corrected request needs a new one.
func TestR6RefusalIsReplayed(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	wrong, right := apitest.SubscriptionBody("one"), apitest.SubscriptionBody("one")
	wrong["databases"] = "none"
	send := func(body map[string]any, token string) apitest.Answer {
		return a.Do(http.MethodPost, subscriptions, body, withToken(token))
	}
	first := send(wrong, aToken)
	wantStatus(t, "wrong", first, http.StatusBadRequest, "")
	wantReplay(t, send(wrong, aToken), first)
	wantStatus(t, "corrected", send(right, aToken), http.StatusBadRequest, "DBS.280495")
	wantEffects(t, a, 0)
	wantStatus(t, "corrected, with a new token", send(right, strings.Replace(aToken, "4", "5", 1)),
		http.StatusAccepted, "")
	wantEffects(t, a, 1)
}

// R-7, B2, B13: an internal error settles nothing: the same request is carried out
// at once, another one is still refused.
func TestR7B2B13InternalErrorIsForgotten(t *testing.T) {
	t.Parallel()
	w, g := gated(t)
	a := w.Account()
	for range 2 {
		g.on("idem.before_finish", func() { panic("as asked") })
		got := byToken().create(a)
		wantStatus(t, "panic", got, http.StatusInternalServerError, "")
		if got.Header.Get("Idempotent-Replayed") != "" || got.Header.Get("X-Client-Token") != aToken {
			t.Errorf("headers of the 500: %v", got.Header)
		}
	}
	other := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("two"), withToken(aToken))
	wantStatus(t, "other parameters", other, http.StatusBadRequest, "DBS.280495")
	wantEffects(t, a, 0)
	a.Advance(7 * time.Hour)
	first := byToken().create(a)
	wantStatus(t, "again", first, http.StatusAccepted, "")
	wantReplay(t, byToken().create(a), first)
	// Its life is counted from the first receipt all the same.
	a.Advance(time.Hour)
	wantStatus(t, "eight hours after the 500", byToken().create(a), http.StatusBadRequest, "DBS.280498")
	wantEffects(t, a, 1)
}

// R-8, H23: a token's outcome is repeated for 8 hours, then it is expired until
// 72 hours are over, whatever became of it.
func TestR8H23LifeOfAToken(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T, *apitest.Account, *gates){
		"done": func(*testing.T, *apitest.Account, *gates) {},
		"released": func(_ *testing.T, a *apitest.Account, g *gates) {
			g.on("idem.before_finish", func() { panic("as asked") })
			byToken().create(a)
		},
		"died": func(t *testing.T, a *apitest.Account, g *gates) {
			g.on("idem.acquired", func() { panic("as asked") }) // leaves the key as a kill does
			byToken().create(a)
			expireLeases(t, a.World)
			a.Advance(8 * time.Hour)
			wantStatus(t, "dead before it was 8 hours old", byToken().create(a), 400, "DBS.280498")
			a.Advance(-8 * time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, g := gated(t)
			a := w.Account()
			begin(t, a, g)
			first := byToken().create(a)
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
				got := byToken().create(a)
				wantStatus(t, step.advance.String()+" later", got, step.status, step.code)
				if same := string(got.Body) == string(first.Body); same != step.same {
					t.Errorf("%v later: the first answer: %v, want %v", step.advance, same, step.same)
				}
			}
		})
	}
}

// a request waits for the one under way and gets its answer; another request
// does not wait.
func TestR9WaitsForTheFirst(t *testing.T) {
	t.Parallel()
	w, g := gated(t)
	a := w.Account()
	atWork, waits := g.stop(t, "idem.acquired"), g.stop(t, "idem.waiting")
	first := later(func() apitest.Answer { return byToken().create(a) })
	atWork.await()
	second := later(func() apitest.Answer { return byToken().create(a) })
	waits.await()
	other := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("two"), withToken(aToken))
	wantStatus(t, "other parameters", other, http.StatusBadRequest, "DBS.280495")
	waits.open()
	atWork.open()
	answer := <-first
	wantStatus(t, "first", answer, http.StatusAccepted, "")
	wantReplay(t, <-second, answer)
	wantEffects(t, a, 1)
}

// nobody waits for ever, on this server or another one.
func TestR9WaitsForTwoSeconds(t *testing.T) {
	t.Parallel()
	w, g := gated(t)
	a := w.Account()
	b := a.At(apitest.On(t, w.DBURL, nil))
	atWork := g.stop(t, "idem.acquired")
	first := later(func() apitest.Answer { return byToken().create(a) })
	atWork.await()
	here, there := later(func() apitest.Answer { return byToken().create(a) }),
		later(func() apitest.Answer { return byToken().create(b) })
	for where, waited := range map[string]<-chan apitest.Answer{"here": here, "there": there} {
		got := <-waited
		wantStatus(t, where, got, http.StatusConflict, "DBS.200047")
		if got.Header.Get("Retry-After") != "1" || got.Header.Get("X-Client-Token") != aToken {
			t.Errorf("%s: headers %v", where, got.Header)
		}
	}
	again := later(func() apitest.Answer { return byToken().create(b) })
	atWork.open()
	answer := <-first
	wantReplay(t, <-again, answer)
	wantEffects(t, a, 1)
}
