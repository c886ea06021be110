package control_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
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

func TestAccountChanges(t *testing.T) {
	t.Parallel()
	f := start(t)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "ci", CapPolicy: "reject"})
	path := control.AccountPath{Account: "ci"}
	change := func(c sandbox.AccountChange) sandbox.Account {
		t.Helper()
		return must(t, f, control.ChangeAccount, control.AccountChange{AccountPath: path, AccountChange: c})
	}
	if a := change(sandbox.AccountChange{OwnerName: new("Ann"), OwnerEmail: new("ann@example.com")}); a.Name != "ci" ||
		a.OwnerName != "Ann" || a.OwnerEmail != "ann@example.com" || a.CapPolicy != "reject" {
		t.Errorf("with another owner it is %+v", a)
	}
	if a := change(sandbox.AccountChange{CapPolicy: new("default")}); a.CapPolicy != "" || a.OwnerName != "Ann" {
		t.Errorf("with the cap policy of the server it is %+v", a)
	}
	refuse := func(code, name string) {
		t.Helper()
		refused(t, f, code, control.ChangeAccount,
			control.AccountChange{AccountPath: path, AccountChange: sandbox.AccountChange{Name: &name}})
	}
	refuse("ACCOUNT_NAME_TAKEN", "Demo")
	refuse("INVALID_ACCOUNT", "1000")
	refuse("BAD_REQUEST", "")
	if a := change(sandbox.AccountChange{Name: new("nightly")}); a.Name != "nightly" || a.ID != made.Account.ID {
		t.Errorf("with another name it is %+v", a)
	}
	refuse("ACCOUNT_NOT_FOUND", "other") // it is not called so any more
	refused(t, f, "INVALID_ACCOUNT", control.CreateAccount, sandbox.NewAccount{Name: "17"})
}

// Accounts of keys files have whatever ids they say, also those that others would get next, and names of their own.
func TestNewAccountsGiveWayToThoseThatAreThere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.json")
	keys := `[{"name": "first-of-all", "apiKey": "a", "apiSecretKey": "1", "account": 1001},
		{"name": "second-key", "apiKey": "a", "apiSecretKey": "2", "account": 1002}]`
	if err := os.WriteFile(file, []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	f := start(t, func(cfg *server.Config) { cfg.KeysFile = file })
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{})
	if made.Account.ID != 1003 || made.Account.Name != "account-1003" {
		t.Errorf("a new account is %+v, want the next id that is free", made.Account)
	}
	must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "account-1005"})
	if made := must(t, f, control.CreateAccount, sandbox.NewAccount{}); made.Account.Name != "account-1006" {
		t.Errorf("a new account is %+v, want one whose name nobody has", made.Account)
	}
	if _, _, err := f.NewAccount(t.Context(), cloud.Account{Name: "Demo"}); err != nil {
		t.Error(err)
	}
	names := map[string]bool{}
	for _, a := range must(t, f, control.ListAccounts, control.None{}).Accounts {
		if names[a.Name] {
			t.Errorf("two accounts are called %q", a.Name)
		}
		names[a.Name] = true
	}
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
