package api_test

// Every sentence of "Idempotent Requests", the document that X-Client-Token is from, in its order, on each route that
// takes one. doc: idempotent-requests-x-client-token

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// "If the original request and the subsequent retries are successful, the operation is completed multiple times. This
// means that you might create more resources than you intended."
func TestWithoutATokenRetriesCreateMoreThanIntended(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		for range 2 {
			wantStatus(t, "without a token", k.send(a, "one"), http.StatusAccepted, "")
		}
		wantEffects(t, a, 2)
	})
}

// "To solve this problem, idempotent request identifiers are introduced to distinguish the first attempt from
// subsequent attempts. With an idempotent request, if the original request completes successfully, any subsequent
// retries complete successfully without performing any further actions."
func TestRetriesPerformNoFurtherActions(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		k.ready(a)
		first := k.create(a)
		k.live(a, first)
		tasks, state := effects(t, a), everything(t, a)
		for range 3 {
			wantStatus(t, "retry", k.create(a), http.StatusAccepted, "")
		}
		a.Pass(apitest.SettleTime)
		wantEffects(t, a, tasks)
		if now := everything(t, a); now != state {
			t.Errorf("the retries changed something: before\n%s\nafter\n%s", state, now)
		}
	})
}

// everything is what a database knows of resources, steps and tasks.
func everything(t *testing.T, a *apitest.Account) string {
	t.Helper()
	tables := dump(t, a.DBURL)
	return tables["resources"] + tables["steps"] + tables["tasks"]
}

// "Currently, idempotency is only available to the API for creating RDS for MySQL single and primary/standby instances
// in Creating a DB Instance." Here also for subscriptions and databases.
func TestOnlySingleAndPrimaryStandbyOfMySQL(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	k := byToken(instanceCreation())
	single, standby := k.body("single"), k.body("standby")
	maps.Copy(standby, map[string]any{
		"ha":                map[string]any{"mode": "Ha", "replication_mode": "semisync"},
		"availability_zone": "eu-de-01,eu-de-02", "flavor_ref": "rds.mysql.n1.large.2.ha",
	})
	for i, body := range []map[string]any{single, standby} {
		token := withToken(fmt.Sprintf("00000000-0000-0000-0000-%012d", i))
		first := k.post(a, body, token)
		wantStatus(t, "first", first, http.StatusAccepted, "")
		wantReplay(t, k.post(a, body, token), first)
	}
	for _, other := range []struct {
		name   string
		value  any
		status int
	}{
		{"datastore", map[string]any{"type": "PostgreSQL", "version": "14"}, http.StatusBadRequest},
		{"replica_of_id", "0123456789abcdef0123456789abcdefin01", http.StatusForbidden},
	} {
		body := k.body("other")
		body[other.name] = other.value
		for range 2 {
			got := k.post(a, body, k.with)
			if got.Status != other.status || got.Header.Get("Idempotent-Replayed") != "" {
				t.Errorf("%s: got %d %v %s, want no replay", other.name, got.Status, got.Header, got.Body)
			}
		}
	}
	wantStatus(t, "the token is unused", k.create(a), http.StatusAccepted, "")
}

// "An idempotent operation produces the same result even when the operation is repeated many times."
func TestSameResultHoweverOften(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		first := k.create(a)
		for range 20 {
			wantReplay(t, k.create(a), first)
		}
		wantEffects(t, a, 1)
	})
}

// "When sending a request, the client can add X-Client-Token to the HTTP header as the idempotency identifier." It is
// not mandatory, and "the value must be unique": another one is another request.
func TestTokenInTheHeader(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		another := withToken(strings.Replace(aToken, "4", "5", 1))
		first, second, bare := k.create(a), k.send(a, "one", another), k.send(a, "one")
		for _, got := range []apitest.Answer{first, second, bare} {
			wantStatus(t, "each of them", got, http.StatusAccepted, "")
		}
		if got := second.Header.Get("X-Client-Token"); got == "" || bare.Header.Get("X-Client-Token") != "" {
			t.Errorf("the token is echoed as %q, and where there is none as %q", got, bare.Header.Get("X-Client-Token"))
		}
		wantEffects(t, a, 3)
	})
}

// "Generally, the client resends the request only when the response status code is 5xx due to an internal server
// exception or connection timeout or when the response result cannot be obtained. If the retry request uses the same
// idempotent identifier and request parameters, the server will return the same result as the original request."
func TestRetryAfter5xxOrWithoutAnAnswer(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		for what, lose := range map[string]func(g *gates, a *apitest.Account){
			"5xx": func(g *gates, a *apitest.Account) {
				g.on("idem.before_finish", func() { panic("as asked") })
				wantStatus(t, "the original", k.create(a), http.StatusInternalServerError, k.code(500))
			},
			"no answer": func(g *gates, a *apitest.Account) {
				k.hangUp(t, a, g.stop(t, "resp.before_write")).open()
			},
		} {
			w, g := gated(t)
			a := w.Account()
			lose(g, a)
			retry := k.create(a)
			wantStatus(t, "retry after "+what, retry, http.StatusAccepted, "")
			wantReplay(t, k.create(a), retry)
			wantEffects(t, a, 1)
		}
	})
}

// "An idempotency identifier is a case-sensitive UUID containing 32 hexadecimal digits. It is in the format of
// xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx (8-4-4-4-12), where each x is a hexadecimal digit ranging from 0 to 9 or a to f.
// If you provide an identifier that is not in UUID format, the server returns error code DBS.280497."
func TestIdentifierNotInUUIDFormat(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		for _, token := range []string{
			"no-uuid", strings.ToUpper(aToken), strings.ReplaceAll(aToken, "-", ""), strings.Replace(aToken, "4", "g", 1), "",
		} {
			wantStatus(t, token, k.send(a, "one", withToken(token)), http.StatusBadRequest, "DBS.280497")
		}
		wantEffects(t, a, 0)
		wantStatus(t, aToken, k.create(a), http.StatusAccepted, "")
	})
}

// "Idempotency identifiers must be unique. If you reuse an identifier with different parameters, the server returns
// error code DBS.280495."
func TestIdentifierReusedWithDifferentParameters(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		first := k.create(a)
		wantStatus(t, "different parameters", k.other(a), http.StatusBadRequest, "DBS.280495")
		wantReplay(t, k.create(a), first)
		wantEffects(t, a, 1)
	})
}

// "Idempotent identifiers remain valid for eight hours. If an identifier has expired, the server returns error code
// DBS.280498."
func TestIdentifierExpiresAfterEightHours(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		first := k.create(a)
		a.Advance(8*time.Hour - time.Microsecond)
		wantReplay(t, k.create(a), first)
		a.Advance(time.Microsecond)
		wantStatus(t, "eight hours later", k.create(a), http.StatusBadRequest, "DBS.280498")
		wantEffects(t, a, 1)
	})
}

// "If the returned status code is 2xx, subsequent retries will return the same result as the original one without
// affecting the server status." Also while the creation goes on, and when it is done.
func TestRetriesAfter2xxReturnTheSameResult(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		k.ready(a)
		first := k.create(a)
		task := first.Get(k.task).(string)
		apitest.Eventually(t, "in progress", func() bool { return a.Status(task) == cloud.TaskRunning })
		wantReplay(t, k.create(a), first)
		if got := a.Status(task); got != cloud.TaskRunning {
			t.Errorf("after the retry the task is %s", got)
		}
		k.live(a, first)
		wantReplay(t, k.create(a), first)
	})
}

// "If the returned status code is 4xx, subsequent retries will fail. You need to rectify the fault based on the error
// information and retry the request." With another identifier: this one has been used with other parameters.
func TestRetriesAfter4xxFail(t *testing.T) {
	everyToken(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		for how, w := range k.wrong {
			token := withToken(fmt.Sprintf("00000000-0000-0000-0000-%012d", len(how)))
			first := k.post(a, k.refused(w), token)
			wantStatus(t, "wrong "+how, first, http.StatusBadRequest, w.code)
			wantReplay(t, k.post(a, k.refused(w), token), first)
			wantStatus(t, "rectified, with the same", k.send(a, "one", token), http.StatusBadRequest, "DBS.280495")
		}
		wantEffects(t, a, 0)
		wantStatus(t, "rectified", k.create(a), http.StatusAccepted, "")
	})
}
