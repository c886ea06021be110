package rediscloud_test

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/rediscloud/network"
)

const redirections = "/v1/endpoint-redirections"

// twin creates a Pro database with the port of another, in a subscription of its own.
func twin(t *testing.T, a *apitest.Account, of string) (path string, id int64) {
	t.Helper()
	endpoint := fmt.Sprint(a.Do(http.MethodGet, of, nil).Get("publicEndpoint"))
	var port int
	if _, err := fmt.Sscan(endpoint[strings.LastIndex(endpoint, ":")+1:], &port); err != nil {
		t.Fatal(err)
	}
	sub := a.Subscription("target")
	id = a.Create(sub+"/databases", map[string]any{"name": "target", "datasetSizeInGb": 1, "port": port})
	path = fmt.Sprintf("%s/databases/%d", sub, id)
	a.Settle(path, "active")
	return path, id
}

func TestRedirections(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	for _, from := range []string{pro, fixed} {
		to, target := twin(t, a, from)
		source := int64(a.Do(http.MethodGet, from, nil).Get("databaseId").(float64))
		names := func(path, member string) any { return a.Do(http.MethodGet, path, nil).Get(member, "public") }
		old, own := names(from, "dynamicEndpoints"), names(to, "dynamicEndpoints")
		wasPrivate := a.Do(http.MethodGet, from, nil).Get("dynamicEndpoints", "private")
		if got := a.Do(http.MethodGet, from+"/traffic", nil); got.Status != 404 {
			t.Errorf("traffic of a database that was not redirected: got %d, want 404", got.Status)
		}
		body := map[string]any{
			"sourceDatabaseId": source, "targetDatabaseId": target, "endpointTargetType": "public", "migrationProtection": true,
		}
		begun := a.Do(http.MethodPost, redirections, body)
		wantMembers(t, "begun", begun, map[string]any{"status": "initiated", "isRevert": false})
		host := func(endpoint any) string { return strings.Split(fmt.Sprint(endpoint), ":")[0] }
		ends := []any{map[string]any{
			"sourceEndpointName": host(old), "sourceEndpointType": "public",
			"targetEndpointName": host(a.Do(http.MethodGet, to, nil).Get("publicEndpoint")), "targetEndpointType": "public",
		}}
		if from == pro {
			private := maps.Clone(ends[0].(map[string]any))
			private["sourceEndpointName"], private["sourceEndpointType"] = host(wasPrivate), "private"
			ends = append(ends, private)
		}
		if diff := cmp.Diff(ends, begun.Get("endpoints")); diff != "" {
			t.Errorf("endpoints (-want +got):\n%s", diff)
		}
		path := fmt.Sprintf("%s/%v", redirections, begun.Get("redirectionId"))
		if got := names(to, "dynamicEndpoints"); got != old || names(from, "dynamicEndpoints") != nil ||
			names(from, "replicaAsSourceEndpoints") == nil {
			t.Errorf("the target has %v, want %v of the source", got, old)
		}
		if got := a.Do(http.MethodPost, redirections, body); got.Status != 409 {
			t.Errorf("redirected twice: got %d %s, want 409", got.Status, got.Body)
		}
		if got := a.Do(http.MethodPost, path+"/revert", nil); got.Status != 409 {
			t.Errorf("reverted at once: got %d, want 409", got.Status)
		}
		wantMembers(t, "traffic", a.Do(http.MethodGet, from+"/traffic", nil), map[string]any{
			"trafficStatus": "stopped", "canResume": false,
		})
		if got := a.Do(http.MethodPost, from+"/traffic/resume", nil); got.Status != 409 {
			t.Errorf("resumed at once: got %d, want 409", got.Status)
		}
		a.Advance(20 * time.Second)
		a.EventuallyStatus(path, "in-progress")
		a.Advance(time.Minute)
		a.EventuallyStatus(path, "completed")
		a.Advance(5 * time.Minute)
		apitest.Eventually(t, "traffic can be resumed", func() bool {
			return a.Do(http.MethodGet, from+"/traffic", nil).Get("canResume") == true
		})
		key := func(r *http.Request) { r.Header.Set("Idempotency-Key", fmt.Sprint("resume-", source)) }
		for i := range 3 {
			got := a.Do(http.MethodPost, from+"/traffic/resume", nil, key)
			if replayed := got.Header.Get("Idempotent-Replayed") == "true"; got.Status != 204 || len(got.Body) > 0 ||
				replayed != (i > 0) {
				t.Errorf("resumed: got %d %s, replayed %v, want 204", got.Status, got.Body, replayed)
			}
		}
		wantMembers(t, "traffic", a.Do(http.MethodGet, from+"/traffic", nil), map[string]any{
			"trafficStatus": "active", "canResume": false,
		})

		wantMembers(t, "on its way back", a.Do(http.MethodPost, path+"/revert", nil), map[string]any{
			"status": "in-progress", "isRevert": true,
		})
		wantMembers(t, "traffic of the target", a.Do(http.MethodGet, to+"/traffic", nil),
			map[string]any{"trafficStatus": "stopped"})
		if names(from, "dynamicEndpoints") != old || names(to, "dynamicEndpoints") != own {
			t.Error("the endpoints have not gone back")
		}
		a.Advance(2 * time.Minute)
		a.EventuallyStatus(path, "reverted")
		if got := a.Do(http.MethodGet, path, nil); got.Get("revertedAt") == nil || got.Get("completedAt") == nil {
			t.Errorf("reverted: got %s", got.Body)
		}
		itself := map[string]int{pro: 400, fixed: 404}[from] // the target is a Pro database
		for _, tt := range []struct {
			member string
			value  any
			want   int
		}{
			{"migrationProtection", false, 400},
			{"targetDatabaseId", source, itself},
			{"targetDatabaseId", 1, 404},
			{"sourceDatabaseId", 1, 404},
			{"endpointTargetType", "dynamic", 400},
		} {
			wrong := maps.Clone(body)
			wrong[tt.member] = tt.value
			wantAnswer(t, fmt.Sprintf("with %s %v", tt.member, tt.value), a.Do(http.MethodPost, redirections, wrong), tt.want)
		}
	}
	for _, path := range []string{redirections + "/unknown", redirections + "/6ba7b810-9dad-11d1-80b4-00c04fd430c8"} {
		if got := a.Do(http.MethodGet, path, nil); got.Status != 404 {
			t.Errorf("GET %s: got %d, want 404", path, got.Status)
		}
	}
}

// redirectPublic redirects the endpoints of one database to another, and returns the path of the redirection.
func redirectPublic(t *testing.T, a *apitest.Account, from, to string) (path string) {
	t.Helper()
	begun := a.Do(http.MethodPost, redirections, map[string]any{
		"sourceDatabaseId": idOf(t, from), "targetDatabaseId": idOf(t, to), "endpointTargetType": "public",
		"migrationProtection": true,
	})
	if begun.Status != 200 {
		t.Fatalf("%s to %s: got %d %s, want 200", from, to, begun.Status, begun.Body)
	}
	return fmt.Sprintf("%s/%v", redirections, begun.Get("redirectionId"))
}

// dynamicEndpoint is the public name that leads to a database; nil: none does.
func dynamicEndpoint(a *apitest.Account, db string) any {
	return a.Do(http.MethodGet, db, nil).Get("dynamicEndpoints", "public")
}

// wantEndpoint checks which name leads to a database.
func wantEndpoint(t *testing.T, a *apitest.Account, what, db string, want any) {
	t.Helper()
	if got := dynamicEndpoint(a, db); got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// wantAnswer checks the status of an answer.
func wantAnswer(t *testing.T, what string, got apitest.Answer, want int) {
	t.Helper()
	if got.Status != want {
		t.Errorf("%s: got %d %s, want %d", what, got.Status, got.Body, want)
	}
}

// A source gets its endpoints and its traffic back when the target is deleted, at
// once, and is free for another redirection.
func TestDeleteTargetOfRedirection(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	for _, from := range []string{pro, fixed} {
		to, _ := twin(t, a, from)
		name, own := dynamicEndpoint(a, from), dynamicEndpoint(a, to)
		redirection := redirectPublic(t, a, from, to)
		a.Advance(2 * time.Minute)
		a.EventuallyStatus(redirection, "completed")
		wantMembers(t, "redirected", a.Do(http.MethodGet, from+"/traffic", nil), map[string]any{"trafficStatus": "stopped"})

		wantDone(t, a.Run(http.MethodDelete, to, nil))
		wantMembers(t, "target", a.Do(http.MethodGet, to, nil), map[string]any{"status": "deleting"})
		wantEndpoint(t, a, "of the source", from, name)
		wantEndpoint(t, a, "of the deleted target", to, own)
		wantMembers(t, "source", a.Do(http.MethodGet, from, nil), map[string]any{"replicaAsSourceEndpoints": nil})
		wantMembers(t, "given back", a.Do(http.MethodGet, from+"/traffic", nil), map[string]any{"trafficStatus": "active"})
		wantAnswer(t, "revert to what is being deleted", a.Do(http.MethodPost, redirection+"/revert", nil), 409)

		next, _ := twin(t, a, from)
		redirectPublic(t, a, from, next)
		wantEndpoint(t, a, "of the next target", next, name)
		wantEndpoint(t, a, "of the source once more", from, nil)
		a.EventuallyStatus(to, "")
		wantAnswer(t, "revert to what is gone", a.Do(http.MethodPost, redirection+"/revert", nil), 409)
		wantDone(t, a.Run(http.MethodDelete, next, nil))
		wantEndpoint(t, a, "of the source in the end", from, name)
	}
}

// A target keeps the endpoints of a source that is deleted, and can itself be
// redirected with them or take others for a while.
func TestDeleteSourceOfRedirection(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	for _, from := range []string{pro, fixed} {
		to, _ := twin(t, a, from)
		next, _ := twin(t, a, from)
		name, own := dynamicEndpoint(a, from), dynamicEndpoint(a, next)
		redirection := redirectPublic(t, a, from, to)
		a.Advance(2 * time.Minute)
		a.EventuallyStatus(redirection, "completed")
		replicate := func(db string) apitest.Answer { // what is found under the name
			return a.Run(http.MethodPut, db, map[string]any{"replicaOf": []any{fmt.Sprintf("redis://%v", name)}})
		}

		wantDone(t, a.Run(http.MethodDelete, from, nil)) // with its traffic stopped
		if from == pro {
			wantMembers(t, "source", a.Do(http.MethodGet, from, nil), map[string]any{"status": "deleting"})
		}
		wantEndpoint(t, a, "of the deleted source", from, nil)
		wantEndpoint(t, a, "of the target", to, name)
		wantAnswer(t, "revert to what is being deleted", a.Do(http.MethodPost, redirection+"/revert", nil), 409)
		a.Settle(from, "")
		wantEndpoint(t, a, "of the target", to, name)
		wantError(t, replicate(to), "DATABASE_REPLICA_CYCLE")

		taken := redirectPublic(t, a, next, to)
		wantEndpoint(t, a, "of the target of another", to, own)
		a.Advance(2 * time.Minute)
		a.EventuallyStatus(taken, "completed")
		wantAnswer(t, "revert", a.Do(http.MethodPost, taken+"/revert", nil), 200)
		wantEndpoint(t, a, "of the target of another no more", to, name)
		wantEndpoint(t, a, "of that", next, own)

		redirectPublic(t, a, to, next)
		wantEndpoint(t, a, "of the redirected target", to, nil)
		wantEndpoint(t, a, "of the next", next, name)
		wantError(t, replicate(next), "DATABASE_REPLICA_CYCLE")
		wantDone(t, a.Run(http.MethodDelete, next, nil))
		wantEndpoint(t, a, "of the target without the next", to, name)
		wantEndpoint(t, a, "of the deleted next", next, own)

		last, _ := twin(t, a, to)
		redirectPublic(t, a, to, last)
		wantDone(t, a.Run(http.MethodDelete, to, nil))
		a.Settle(to, "")
		wantEndpoint(t, a, "of the last but one", last, name)
		end, _ := twin(t, a, last)
		redirectPublic(t, a, last, end)
		wantEndpoint(t, a, "of the last", end, name)
	}
}

// Where a deletion fails and is tried again, the target keeps what it got by the first
// one, and is left alone by the second.
func TestDeleteSourceOfRedirectionTwice(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	from, _ := kinds(a)
	to, _ := twin(t, a, from)
	next, _ := twin(t, a, from)
	name, other := dynamicEndpoint(a, from), dynamicEndpoint(a, next)
	redirectPublic(t, a, from, to)
	a.Fault(fault.Rule{When: fault.When{First: 1}, Effect: fault.Effect{
		Do: "provisioning-error", Code: "GENERAL_ERROR", Message: "broken",
	}})
	wantDone(t, a.Run(http.MethodDelete, from, nil))
	a.Settle(from, "error")
	wantEndpoint(t, a, "of the target", to, name)
	wantEndpoint(t, a, "of the source", from, nil)
	redirectPublic(t, a, next, to)
	wantDone(t, a.Run(http.MethodDelete, from, nil))
	wantEndpoint(t, a, "of the target of another", to, other)
	wantDone(t, a.Run(http.MethodDelete, next, nil))
	wantEndpoint(t, a, "of the target that has kept both", to, other)
}

// Where time is short, so is the stop of the traffic, and it ends when it says.
func TestTrafficCanBeResumedInTime(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, func(c *engine.Config) { c.Speed = 10 }).Account()
	pro, _ := kinds(a)
	_, target := twin(t, a, pro)
	begun := a.Do(http.MethodPost, redirections, map[string]any{
		"sourceDatabaseId": idOf(t, pro), "targetDatabaseId": target, "endpointTargetType": "public",
		"migrationProtection": true,
	})
	at := func(answer apitest.Answer, member string) time.Time {
		date, err := time.Parse("2006-01-02T15:04:05Z", fmt.Sprint(answer.Get(member)))
		if err != nil {
			t.Errorf("%s: %v", member, err)
		}
		return date
	}
	wait := at(a.Do(http.MethodGet, pro+"/traffic", nil), "resumeEligibleAt").Sub(at(begun, "startedAt"))
	if wait < 30*time.Second || wait > 32*time.Second {
		t.Errorf("traffic is stopped for %v, want half a minute: a tenth of five", wait)
	}
	a.Advance(wait)
	apitest.Eventually(t, "traffic can be resumed", func() bool {
		return a.Do(http.MethodGet, pro+"/traffic", nil).Get("canResume") == true
	})
	at(a.Do(http.MethodGet, pro+"/traffic", nil), "resumeEligibleAt")
}

// Endpoints of Active-Active databases stay where they are, and so do those of
// subscriptions with a PrivateLink.
func TestRedirectionsRefused(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	to, _ := twin(t, a, pro)
	several := activeActive(t, a)
	ask := func(from, to string) apitest.Answer {
		return a.Do(http.MethodPost, redirections, map[string]any{
			"sourceDatabaseId": idOf(t, from), "targetDatabaseId": idOf(t, to), "endpointTargetType": "private",
			"migrationProtection": true,
		})
	}
	for _, tt := range [][2]string{{several, to}, {pro, several}, {fixed, several}} {
		if got := ask(tt[0], tt[1]); got.Status != 400 || !strings.Contains(fmt.Sprint(got.Get("message")), "Active-Active") {
			t.Errorf("%s to %s: got %d %s", tt[0], tt[1], got.Status, got.Body)
		}
	}
	linked := path.Dir(path.Dir(to)) + "/private-link"
	a.Create(linked, `{"shareName": "s", "principal": "210987654321", "type": "aws_account"}`)
	for _, tt := range [][2]string{{pro, to}, {to, pro}} {
		if got := ask(tt[0], tt[1]); got.Status != 400 || !strings.Contains(fmt.Sprint(got.Get("message")), "PrivateLink") {
			t.Errorf("%s to %s: got %d %s", tt[0], tt[1], got.Status, got.Body)
		}
	}
	wantDone(t, a.Run(http.MethodDelete, linked, nil))
	await[network.PrivateLink](t, a, time.Minute, "")
	if got := ask(pro, to); got.Status != 200 {
		t.Errorf("without a PrivateLink: got %d %s", got.Status, got.Body)
	}
}

// A redirection can be undone for a day.
func TestRedirectionTooOldToRevert(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, _ := kinds(a)
	_, target := twin(t, a, pro)
	begun := a.Do(http.MethodPost, redirections, map[string]any{
		"sourceDatabaseId": a.Do(http.MethodGet, pro, nil).Get("databaseId"), "targetDatabaseId": target,
		"endpointTargetType": "private", "migrationProtection": true, "duplicateACLs": true,
	})
	path := fmt.Sprintf("%s/%v", redirections, begun.Get("redirectionId"))
	a.Advance(time.Hour)
	a.EventuallyStatus(path, "completed")
	a.Advance(25 * time.Hour)
	if got := a.Do(http.MethodPost, path+"/revert", nil); got.Status != 409 {
		t.Errorf("after a day: got %d %s, want 409", got.Status, got.Body)
	}
}
