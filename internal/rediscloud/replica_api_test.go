package rediscloud_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// Databases of both kinds may replicate one another, but not in a circle.
func TestReplicaCycles(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	replicate := func(to, from string) apitest.Answer {
		source := fmt.Sprintf("redis://%v", a.Do(http.MethodGet, from, nil).Get("publicEndpoint"))
		return a.Run(http.MethodPut, to, map[string]any{
			"replica": map[string]any{"syncSources": []any{map[string]any{"endpoint": source}}},
		})
	}
	for _, db := range []string{pro, fixed} {
		wantError(t, replicate(db, db), "DATABASE_REPLICA_CYCLE")
	}
	wantDone(t, replicate(pro, fixed))
	wantError(t, replicate(fixed, pro), "DATABASE_REPLICA_CYCLE")
	a.Settle(pro, "active")
	wantDone(t, a.Run(http.MethodPut, pro, `{"replicaOf": []}`))
	wantDone(t, replicate(fixed, pro))
}

// The names of a redirected database lead to the target, and only those that are
// left to it to be replicated by lead to itself.
func TestReplicaCyclesOfRedirected(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	_, from := kinds(a)
	to, target := twin(t, a, from)
	begun := a.Do(http.MethodPost, redirections, map[string]any{
		"sourceDatabaseId": idOf(t, from), "targetDatabaseId": target, "endpointTargetType": "public",
		"migrationProtection": true,
	})
	if begun.Status != http.StatusOK {
		t.Fatalf("redirect: got %d %s", begun.Status, begun.Body)
	}
	replicate := func(db, source, member string) apitest.Answer {
		endpoint := fmt.Sprintf("redis://%v", a.Do(http.MethodGet, source, nil).Get(member, "public"))
		return a.Run(http.MethodPut, db, map[string]any{
			"replica": map[string]any{"syncSources": []any{map[string]any{"endpoint": endpoint}}},
		})
	}
	wantError(t, replicate(from, from, "replicaAsSourceEndpoints"), "DATABASE_REPLICA_CYCLE")
	wantDone(t, replicate(from, to, "dynamicEndpoints"))
	wantError(t, replicate(to, from, "replicaAsSourceEndpoints"), "DATABASE_REPLICA_CYCLE")
}
