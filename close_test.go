package understudy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy"
)

// accountsOf counts the accounts of a sandbox's server.
func accountsOf(t *testing.T, s *understudy.Sandbox) int {
	t.Helper()
	var list struct{ Accounts []struct{ ID int64 } }
	if _, text := ask(t, s, http.MethodGet, "/../_sandbox/v1/accounts", ""); json.Unmarshal([]byte(text), &list) != nil {
		t.Fatalf("got %s", text)
	}
	return len(list.Accounts)
}

// ask is send for a goroutine of a test, also where no JSON comes back.
func ask(t *testing.T, s *understudy.Sandbox, method, path, body string) (status int, text string) {
	url := strings.Replace(s.URL+path, "/v1/..", "", 1)
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header.Set("X-Api-Key", s.Keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", s.Keys.SecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }() // it is read
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(answer)
}

// A test process that starts sandboxes for hours has no more accounts than sandboxes, also where a test ends with
// requests under way; those of others notice nothing.
func TestCloseLeavesNoAccount(t *testing.T) {
	t.Parallel()
	opts := understudy.Options{Speed: 70}
	stays := understudy.StartT(t, opts)
	kept := made(stays)
	before := accountsOf(t, stays)
	for range 3 {
		sandbox := understudy.StartT(t, opts)
		fork, err := sandbox.Fork(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := accountsOf(t, stays); got != before+2 {
			t.Errorf("with two sandboxes more there are %d accounts, want %d", got, before+2)
		}
		var group, busy sync.WaitGroup
		for i := range 8 {
			busy.Add(1)
			group.Go(func() {
				taken := sync.OnceFunc(busy.Done)
				defer taken()
				method, path, body := http.MethodPost, "/subscriptions", subscription
				if i%2 == 1 {
					method, path, body = http.MethodGet, "/tasks", ""
				}
				for !t.Failed() {
					status, text := ask(t, sandbox, method, path, body)
					if !slices.Contains([]int{http.StatusOK, http.StatusAccepted, http.StatusUnauthorized}, status) {
						t.Errorf("%s %s: got %d %s", method, path, status, text)
					}
					if status == http.StatusUnauthorized {
						return
					}
					taken()
				}
			})
		}
		busy.Wait()
		for _, s := range []*understudy.Sandbox{fork, sandbox} {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if got := accountsOf(t, stays); got != before {
			t.Errorf("after Close there are %d accounts, want %d", got, before)
		}
		group.Wait() // each stops when its keys are refused, or the test has failed
	}
	if got := send(stays, http.MethodGet, kept, "")["name"]; got != "example" {
		t.Errorf("the subscription of another sandbox is %v", got)
	}
}

// Whoever has deleted the account already has no error of it.
func TestCloseOfADeletedAccount(t *testing.T) {
	t.Parallel()
	opts := understudy.Options{Speed: 80}
	understudy.StartT(t, opts)
	sandbox := understudy.StartT(t, opts)
	account, err := sandbox.Accounts().Show(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprint("/../_sandbox/v1/accounts/", account.ID)
	if status, text := ask(t, sandbox, http.MethodDelete, path, ""); status != http.StatusNoContent {
		t.Fatalf("got %d %s", status, text)
	}
	if err := sandbox.Close(); err != nil {
		t.Error(err)
	}
}
