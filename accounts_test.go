package understudy_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy"
)

func TestAccountsOfASandbox(t *testing.T) {
	t.Parallel()
	sandbox := understudy.StartT(t, understudy.Options{Speed: understudy.Instant})
	accounts, ctx := sandbox.Accounts(), t.Context()
	if a, err := accounts.Change(ctx, understudy.AccountChange{CapPolicy: new("reject")}); err != nil ||
		a.CapPolicy != "reject" {
		t.Errorf("got %+v, %v, want the other policy", a, err)
	}
	asks := func(keys understudy.Keys, want int) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, sandbox.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", keys.APIKey)
		req.Header.Set("X-Api-Secret-Key", keys.SecretKey)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close() // nothing is read
		if res.StatusCode != want {
			t.Errorf("answered with %d, want %d", res.StatusCode, want)
		}
	}
	first, err := accounts.CreateKey(ctx, understudy.NewKey{Name: "watcher", Role: "Viewer"})
	if err != nil {
		t.Fatal(err)
	}
	asks(first, http.StatusOK)
	second, err := accounts.RotateKey(ctx, "watcher")
	if err != nil {
		t.Fatal(err)
	}
	asks(first, http.StatusUnauthorized)
	asks(second, http.StatusOK)
	if err := accounts.RevokeKey(ctx, "watcher"); err != nil {
		t.Fatal(err)
	}
	asks(second, http.StatusUnauthorized)
	if keys, err := accounts.Keys(ctx); err != nil || len(keys) != 1 {
		t.Errorf("the keys are %+v, %v, want the first one", keys, err)
	}
	if _, err := accounts.RotateKey(ctx, "watcher"); err == nil || !strings.Contains(err.Error(), "KEY_NOT_FOUND") {
		t.Errorf("got %v, want that there is no such key", err)
	}

	if _, err := accounts.SetAssets(ctx, `{"paymentMethods": [{"type": "Amex", "creditCardEndsWith": 42}]}`); err != nil {
		t.Fatal(err)
	}
	has, err := accounts.AddAssets(ctx, `{"users": [{"name": "Ann", "email": "ann@example.com"}]}`)
	if err != nil || !strings.Contains(string(has), `"Amex"`) || !strings.Contains(string(has), `"Ann"`) {
		t.Errorf("it has %s, %v", has, err)
	}
	if a, err := accounts.Show(ctx); err != nil || a.OwnerName == "" {
		t.Errorf("got %+v, %v", a, err)
	}
	if !slices.Contains(sandbox.Environ(), "REDISCLOUD_SECRET_KEY="+sandbox.Keys.SecretKey) {
		t.Errorf("the environment is %v", sandbox.Environ())
	}
}
