package catalog_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// Databases of both kinds may replicate one another, but not in a circle.
func TestReplicaCycles(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	replicate := func(to, from string) apitest.Answer {
		source := fmt.Sprintf("redis://%v", a.Do(http.MethodGet, from, nil).Get("publicEndpoint"))
		return a.Run(http.MethodPut, to, map[string]any{"replica": map[string]any{"syncSources": []any{map[string]any{"endpoint": source}}}})
	}
	for _, db := range []string{pro, fixed} {
		wantError(t, replicate(db, db), cloud.DatabaseReplicaCycle)
	}
	wantDone(t, replicate(pro, fixed))
	wantError(t, replicate(fixed, pro), cloud.DatabaseReplicaCycle)
	a.Settle(pro, "active")
	wantDone(t, a.Run(http.MethodPut, pro, `{"replicaOf": []}`))
	wantDone(t, replicate(fixed, pro))
}
