package control_test

import (
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

func TestAccountsComeAndGo(t *testing.T) {
	t.Parallel()
	f := start(t)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "ci one"})
	refused(t, f, "ACCOUNT_NAME_TAKEN", control.CreateAccount, sandbox.NewAccount{Name: "ci one"})
	for _, ref := range []string{"ci one", "1001"} {
		got := must(t, f, control.GetAccount, control.AccountPath{Account: ref})
		if got != made.Account || got.Name != "ci one" || got.ID != 1001 {
			t.Errorf("account %q is %+v, want %+v", ref, got, made.Account)
		}
	}
	if list := must(t, f, control.ListAccounts, control.None{}); len(list.Accounts) != 2 {
		t.Errorf("there are accounts %+v, want the demo account and one more", list.Accounts)
	}
	if status := f.get(t, made.Keys); status != http.StatusOK {
		t.Errorf("the new keys are answered with %d", status)
	}
	must(t, f, control.DeleteAccount, control.AccountPath{Account: "ci one"})
	refused(t, f, "ACCOUNT_NOT_FOUND", control.DeleteAccount, control.AccountPath{Account: "ci one"})
}

// get lists the subscriptions of an account and returns the status of the answer.
func (f *fixture) get(t *testing.T, keys sandbox.KeyPair) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+"/subscriptions", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", keys.APISecretKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // nothing is read
	return res.StatusCode
}
