package control_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// requests are what clients of an account send without end.
var requests = []func(*http.Request){
	func(r *http.Request) { r.Method, r.URL.Path = http.MethodGet, r.URL.Path+"/" },
	func(r *http.Request) { r.Method, r.URL.Path = http.MethodGet, r.URL.Path+"/tasks" },
	func(r *http.Request) { r.Method, r.URL.Path = http.MethodGet, r.URL.Path+"/payment-methods" },
	func(r *http.Request) { r.Method, r.URL.Path = http.MethodGet, r.URL.Path+"/subscriptions" },
	create,
	create,
	func(r *http.Request) {
		create(r)
		r.Header.Set("Idempotency-Key", uuid.NewString())
	},
	func(r *http.Request) {
		create(r)
		r.Header.Set("X-Client-Token", strings.ToLower(uuid.NewString()))
	},
}

func create(r *http.Request) {
	r.URL.Path += "/subscriptions"
	r.Body = io.NopCloser(strings.NewReader(subscriptionBody))
	r.ContentLength = int64(len(subscriptionBody))
}

// An account may be deleted whatever is under way for it, at whichever server: nothing fails but as with wrong keys,
// and the servers have nothing to complain about.
func TestDeletionUnderLoad(t *testing.T) {
	t.Parallel()
	url, log := pgtest.New(t), &apitest.Output{}
	busy := func(cfg *server.Config) {
		cfg.DatabaseURL, cfg.Speed, cfg.RateLimit = url, 600, 1e6
		cfg.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	servers := []*fixture{start(t, busy), start(t, busy)}
	for round := range 3 {
		made := must(t, servers[0], control.CreateAccount, sandbox.NewAccount{Name: "ci"})
		var taken atomic.Int64
		var group sync.WaitGroup
		for i := range 4 * len(requests) {
			group.Go(func() {
				for servers[i%2].sendOne(t, made.Keys, requests[i%len(requests)]) {
					taken.Add(1)
				}
			})
		}
		for taken.Load() < 300 && !t.Failed() {
			must(t, servers[1], control.GetAccount, control.AccountPath{Account: "ci"})
		}
		must(t, servers[0], control.DeleteAccount, control.AccountPath{Account: fmt.Sprint(made.Account.ID)})
		if status := servers[0].get(t, made.Keys); status != http.StatusUnauthorized {
			t.Errorf("round %d: just after the deletion a request is answered with %d", round, status)
		}
		group.Wait() // each client stops when its keys are wrong
	}
	if said := log.String(); said != "" {
		t.Errorf("the servers complain:\n%s", said)
	}
	if list := must(t, servers[0], control.ListAccounts, control.None{}).Accounts; len(list) != 1 {
		t.Errorf("there are the accounts %+v", list)
	}
}

// sendOne sends a request and reports whether the keys were good.
func (f *fixture) sendOne(t *testing.T, keys sandbox.KeyPair, change func(*http.Request)) bool {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.URL, nil)
	if err != nil {
		t.Error(err)
		return false
	}
	req.Header.Set("X-Api-Key", keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", keys.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	change(req)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return false
	}
	answer, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // it is read
	switch {
	case err != nil:
		t.Error(err)
		return false
	case !slices.Contains([]int{http.StatusOK, http.StatusAccepted, http.StatusUnauthorized}, res.StatusCode):
		t.Errorf("%s %s: got %d %s", req.Method, req.URL.Path, res.StatusCode, answer)
	}
	return res.StatusCode < http.StatusBadRequest
}
