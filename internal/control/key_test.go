package control_test

import (
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

func demoKey(name string) control.KeyPath {
	return control.KeyPath{AccountPath: demoAccount, Key: name}
}

var demoAccount = control.AccountPath{Account: "Demo"}

// A key works from when it is created until it is revoked or rotated, each at once.
func TestKeysComeAndGo(t *testing.T) {
	t.Parallel()
	f := start(t)
	made := must(t, f, control.CreateKey, control.NewKey{
		AccountPath: demoAccount, NewKey: sandbox.NewKey{Name: "dashboards", Role: "Viewer", AllowFrom: []string{"127.0.0.0/8"}},
	})
	if k := made.Key; k.Role != "Viewer" || len(k.AllowFrom) != 1 || k.AllowFrom[0] != "127.0.0.0/8" {
		t.Errorf("the key is %+v", k)
	}
	status := func(when string, keys sandbox.KeyPair, want int) {
		t.Helper()
		if got := f.get(t, keys); got != want {
			t.Errorf("%s a request is answered with %d, want %d", when, got, want)
		}
	}
	status("first", made.Keys, http.StatusOK)
	rotated := must(t, f, control.RotateKey, demoKey("dashboards"))
	status("with the pair before the rotation", made.Keys, http.StatusUnauthorized)
	status("with the pair after the rotation", rotated.Keys, http.StatusOK)
	if list := must(t, f, control.ListKeys, demoAccount); len(list.Keys) != 2 || list.Keys[1].ID != made.Key.ID {
		t.Errorf("the keys are %+v, want that of the demo account and one more", list.Keys)
	}
	must(t, f, control.RevokeKey, demoKey("dashboards"))
	status("after the revocation", rotated.Keys, http.StatusUnauthorized)
	status("with another key", sandbox.KeyPair{APIKey: f.APIKey, APISecretKey: f.APISecretKey}, http.StatusOK)

	elsewhere := must(t, f, control.CreateKey, control.NewKey{
		AccountPath: demoAccount, NewKey: sandbox.NewKey{AllowFrom: []string{"192.0.2.0/24"}},
	})
	status("from an address that is not allowed", elsewhere.Keys, http.StatusForbidden)
}

func TestKeysThatCannotBe(t *testing.T) {
	t.Parallel()
	f := start(t)
	given := sandbox.NewKey{Name: "given", APIKey: "team-a", APISecretKey: "secret-1"}
	must(t, f, control.CreateKey, control.NewKey{AccountPath: demoAccount, NewKey: given})
	for name, tt := range map[string]struct {
		code string
		key  sandbox.NewKey
	}{
		"a name twice":       {"KEY_NAME_TAKEN", sandbox.NewKey{Name: "given"}},
		"a pair twice":       {"KEY_TAKEN", sandbox.NewKey{Name: "other", APIKey: "team-a", APISecretKey: "secret-1"}},
		"half a pair":        {"INVALID_KEY", sandbox.NewKey{APIKey: "team-a"}},
		"a pair with blanks": {"INVALID_KEY", sandbox.NewKey{APIKey: "team a", APISecretKey: "secret"}},
		"a role of nobody":   {"INVALID_KEY", sandbox.NewKey{Role: "King"}},
		"a number as name":   {"INVALID_KEY", sandbox.NewKey{Name: "17"}},
		"a name with blanks": {"BAD_REQUEST", sandbox.NewKey{Name: "a b"}},
		"no block":           {"INVALID_KEY", sandbox.NewKey{AllowFrom: []string{"192.0.2.1"}}},
		"bits after it":      {"INVALID_KEY", sandbox.NewKey{AllowFrom: []string{"192.0.2.1/24"}}},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, f, tt.code, control.CreateKey, control.NewKey{AccountPath: demoAccount, NewKey: tt.key})
		})
	}
	refused(t, f, "KEY_NOT_FOUND", control.RevokeKey, demoKey("nobody"))
	refused(t, f, "KEY_NOT_FOUND", control.RotateKey, demoKey("17"))
	refused(t, f, "ACCOUNT_NOT_FOUND", control.ListKeys, control.AccountPath{Account: "nobody"})
	refused(t, f, "ACCOUNT_NOT_FOUND", control.CreateKey, control.NewKey{AccountPath: control.AccountPath{Account: "nobody"}})
	must(t, f, control.RevokeKey, demoKey("given"))
	refused(t, f, "KEY_TAKEN", control.CreateKey, control.NewKey{AccountPath: demoAccount, NewKey: given}) // it was revoked
}
