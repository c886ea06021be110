package api_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// creation is a route that creates something and takes X-Client-Token, with what is its dialect's own.
type creation struct {
	name  string
	path  func(*apitest.Account) string
	body  func(name string) map[string]any
	wrong map[string]wrong // ways to be refused

	headers []string       // that the dialect adds to a 202
	task    string         // the member of a 202 with the id of the task
	codes   map[int]string // of errors that are not about the token; none in a dialect that has no error_code
	denied  int            // the status of wrong credentials
	renders map[int]int    // statuses for which its dialect has others

	forbidden string // the error_code of what the caller may not do

	prepare func(*apitest.Account) // makes what must be there for it to succeed; nil: nothing
	// live lets what was created come to be there, and returns what deletes it for good.
	live func(a *apitest.Account, first apitest.Answer) (remove func())
}

// wrong is a mistake in a body, and the code with which it is refused.
type wrong struct {
	member string
	value  any
	code   string
}

// creations are all of them.
func creations() []creation {
	return []creation{subscriptionCreation(), databaseCreation(), instanceCreation()}
}

func subscriptionCreation() creation {
	return creation{
		name:    "subscription",
		path:    func(*apitest.Account) string { return subscriptions },
		body:    apitest.SubscriptionBody,
		wrong:   map[string]wrong{"by the document": {"databases", "none", ""}},
		headers: []string{"Location", "Retry-After"},
		task:    "taskId",
		denied:  http.StatusUnauthorized,
		live: func(a *apitest.Account, first apitest.Answer) func() {
			path := fmt.Sprintf("%s/%.0f", subscriptions, a.Finish(first.Get("taskId").(string)).Get("response", "resourceId"))
			a.Settle(path, "active")
			return func() {
				database := a.Do(http.MethodGet, path+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId")
				a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%.0f", path, database), nil)
				a.Pass(apitest.SettleTime)
				a.Run(http.MethodDelete, path, nil)
				a.Settle(path, "")
			}
		},
	}
}

func databaseCreation() creation {
	c := subscriptionCreation()
	const home = subscriptions + "/100001" // the first one of every account
	c.name = "database"
	c.path = func(*apitest.Account) string { return home + "/databases" }
	c.body = databaseBody
	c.wrong = map[string]wrong{"by the document": {"datasetSizeInGb", []string{}, ""}}
	c.prepare = func(a *apitest.Account) { a.Subscription("home") }
	c.live = func(a *apitest.Account, first apitest.Answer) func() {
		done := a.Finish(first.Get("taskId").(string))
		path := fmt.Sprintf("%s/databases/%.0f", home, done.Get("response", "resourceId"))
		a.Settle(path, "active")
		return func() {
			a.Run(http.MethodDelete, path, nil)
			a.Settle(path, "")
		}
	}
	return c
}

func instanceCreation() creation {
	return creation{
		name: "instance",
		path: func(a *apitest.Account) string { return a.Project() + "/instances" },
		body: servetest.InstanceBody,
		wrong: map[string]wrong{
			"by the document": {"flavor_ref", nil, "DBS.200001"},
			"by a rule":       {"name", "x", "DBS.200021"},
		},
		task: "job_id",
		codes: map[int]string{
			http.StatusBadRequest: "DBS.200001", http.StatusForbidden: "DBS.280056",
			http.StatusInternalServerError: "DBS.200005",
		},
		denied:    http.StatusForbidden,
		forbidden: "DBS.200044",
		renders: map[int]int{
			http.StatusUnsupportedMediaType: http.StatusBadRequest, http.StatusMethodNotAllowed: http.StatusNotFound,
		},
		live: func(a *apitest.Account, first apitest.Answer) func() {
			a.End(first.Get("job_id").(string))
			id := first.Get("instance", "id").(string)
			a.Pass(apitest.SettleTime)
			a.EventuallyInstance(id, "ACTIVE")
			return func() {
				a.End(a.Do(http.MethodDelete, a.Project()+"/instances/"+id, nil).Get("job_id").(string))
				a.Pass(apitest.SettleTime)
				a.EventuallyInstance(id, "")
			}
		},
	}
}

// code is the error_code of an error with a status that is not about the token.
func (c creation) code(status int) string { return c.codes[status] }

// status is that with which the dialect renders one of the edge.
func (c creation) status(status int) int { return cmp.Or(c.renders[status], status) }

// ready makes what must be there for the creation to succeed.
func (c creation) ready(a *apitest.Account) {
	if c.prepare != nil {
		c.prepare(a)
	}
}

// send asks for something of a name.
func (c creation) send(a *apitest.Account, name string, change ...func(*http.Request)) apitest.Answer {
	return c.post(a, c.body(name), change...)
}

// post sends whatever body.
func (c creation) post(a *apitest.Account, body any, change ...func(*http.Request)) apitest.Answer {
	return a.Do(http.MethodPost, c.path(a), body, change...)
}

// refused is a body with a mistake in it.
func (c creation) refused(w wrong) map[string]any {
	body := c.body("one")
	if body[w.member] = w.value; w.value == nil {
		delete(body, w.member)
	}
	return body
}

// invalid is a text of JSON that is refused, told apart by a number.
func (c creation) invalid(n int) string {
	body := c.body("one")
	body["nonsense"] = n
	text, _ := json.Marshal(body) // of texts and numbers
	return string(text)
}

// keyed is a creation under a key for a test.
type keyed struct {
	creation
	header string
	with   func(*http.Request)
	hash   []byte // what the database sees of the key
}

func byKey() keyed {
	const key = "a-key-of-the-test"
	return keyed{subscriptionCreation(), "Idempotency-Key", withKey(key), idempotency.Hash(key)}
}

func byToken(c creation) keyed {
	return keyed{c, "X-Client-Token", withToken(aToken), idempotency.Hash(aToken)}
}

// create sends the creation under the key.
func (k keyed) create(a *apitest.Account) apitest.Answer { return k.send(a, "one", k.with) }

// other sends another one under the same key.
func (k keyed) other(a *apitest.Account) apitest.Answer { return k.send(a, "two", k.with) }

// hangUp sends the creation, and hangs up when it has come to a gate, which is still closed.
func (k keyed) hangUp(t *testing.T, a *apitest.Account, at *gate) *gate {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := a.Try(ctx, http.MethodPost, k.path(a), k.body("one"), k.with)
		gone <- err
	}()
	at.await()
	if cancel(); <-gone == nil {
		t.Fatal("the client got an answer")
	}
	return at
}

// everyKeyed runs a test under an Idempotency-Key, and under an X-Client-Token on each route that takes one.
func everyKeyed(t *testing.T, test func(*testing.T, keyed)) {
	t.Parallel()
	t.Run("Idempotency-Key", func(t *testing.T) {
		t.Parallel()
		test(t, byKey())
	})
	everyCreation(t, test)
}

// everyToken runs a test under an X-Client-Token on each route that takes one.
func everyToken(t *testing.T, test func(*testing.T, keyed)) {
	t.Parallel()
	everyCreation(t, test)
}

func everyCreation(t *testing.T, test func(*testing.T, keyed)) {
	for _, c := range creations() {
		t.Run("X-Client-Token, "+c.name, func(t *testing.T) {
			t.Parallel()
			test(t, byToken(c))
		})
	}
}
