package control_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// Of many first requests with a pair that nobody knows, to two servers of a database, one makes the account.
func TestAnyPairMakesOneAccount(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	anyone := func(cfg *server.Config) { cfg.DatabaseURL, cfg.AnyAccounts, cfg.MaxAccounts = url, true, 4 }
	servers := []*fixture{start(t, anyone), start(t, anyone)}
	pair := sandbox.KeyPair{APIKey: "run-17", APISecretKey: "of-ci"}
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			if status := servers[i%2].get(t, pair); status != http.StatusOK {
				t.Errorf("a first request is answered with %d", status)
			}
		})
	}
	group.Wait()
	count := func(want int) {
		t.Helper()
		if list := must(t, servers[0], control.ListAccounts, control.None{}).Accounts; len(list) != want {
			t.Errorf("there are the accounts %+v, want %d", list, want)
		}
	}
	count(2) // the demo account, and that of the pair

	// Another secret is another account, until there are as many as may be.
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusUnauthorized} {
		other := sandbox.KeyPair{APIKey: "run-17", APISecretKey: fmt.Sprint("secret-", i)}
		if status := servers[0].get(t, other); status != want {
			t.Errorf("pair %d is answered with %d, want %d", i, status, want)
		}
	}
	count(4)

	// A pair that was revoked is one that somebody had; that of an account that is gone is nobody's.
	account := must(t, servers[0], control.ListAccounts, control.None{}).Accounts[1]
	path := control.AccountPath{Account: account.Name}
	key := must(t, servers[0], control.ListKeys, path).Keys[0]
	must(t, servers[0], control.RevokeKey, control.KeyPath{AccountPath: path, Key: key.Name})
	if status := servers[0].get(t, pair); status != http.StatusUnauthorized {
		t.Errorf("the revoked pair is answered with %d", status)
	}
	must(t, servers[0], control.DeleteAccount, path)
	if status := servers[0].get(t, pair); status != http.StatusOK {
		t.Errorf("the pair of an account that is gone is answered with %d", status)
	}
	count(4)
}

// Without being told so a server makes no account of a pair.
func TestUnknownPairsAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
	if status := f.get(t, sandbox.KeyPair{APIKey: "run-17", APISecretKey: "of-ci"}); status != http.StatusUnauthorized {
		t.Errorf("an unknown pair is answered with %d", status)
	}
	if list := must(t, f, control.ListAccounts, control.None{}).Accounts; len(list) != 1 {
		t.Errorf("there are the accounts %+v", list)
	}
}
