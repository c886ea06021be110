package control_test

import (
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
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
		AccountPath: demoAccount,
		NewKey:      sandbox.NewKey{Name: "dashboards", Role: "Viewer", AllowFrom: []string{"127.0.0.0/8"}},
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
	refused(t, f, "ACCOUNT_NOT_FOUND", control.CreateKey,
		control.NewKey{AccountPath: control.AccountPath{Account: "nobody"}})
	must(t, f, control.RevokeKey, demoKey("given"))
	again := control.NewKey{AccountPath: demoAccount, NewKey: given} // it was revoked
	refused(t, f, "KEY_TAKEN", control.CreateKey, again)
}

// The environment of an account has one pair, at whichever server one asks, until it is revoked.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	shared := func(cfg *server.Config) { cfg.DatabaseURL, cfg.APIKey, cfg.APISecretKey = url, "key", "secret" }
	one, two := start(t, shared), start(t, shared)
	must(t, one, control.CreateAccount, sandbox.NewAccount{Name: "ci"})
	env := func(f *fixture, account string) (url string, pair sandbox.KeyPair) {
		t.Helper()
		v := must(t, f, control.GetEnvironment, control.AccountPath{Account: account}).Variables
		if len(v) < 3 || v[0].Name != "REDISCLOUD_URL" || v[1].Name != "REDISCLOUD_ACCESS_KEY" ||
			v[2].Name != "REDISCLOUD_SECRET_KEY" || v[0].Secret || !v[1].Secret || !v[2].Secret {
			t.Fatalf("the variables are %+v", v)
		}
		return v[0].Value, sandbox.KeyPair{APIKey: v[1].Value, APISecretKey: v[2].Value}
	}
	base, pair := env(one, "Demo")
	if base != one.URL || pair.APIKey != one.APIKey || pair.APISecretKey != one.APISecretKey {
		t.Errorf("the demo account has %s %+v, want what the server was started with", base, pair)
	}
	base, pair = env(two, "ci")
	if _, same := env(one, "ci"); base != two.URL || pair != same {
		t.Errorf("one server says %+v, the other one %+v", same, pair)
	}
	if status := one.get(t, pair); status != http.StatusOK {
		t.Errorf("the pair is answered with %d", status)
	}
	must(t, one, control.RevokeKey, control.KeyPath{AccountPath: control.AccountPath{Account: "ci"}, Key: "environment"})
	_, other := env(one, "ci")
	if before, after := one.get(t, pair), one.get(t, other); before != http.StatusUnauthorized || after != http.StatusOK {
		t.Errorf("after the revocation the pair is answered with %d, the next one with %d", before, after)
	}
	must(t, one, control.RotateKey, control.KeyPath{AccountPath: control.AccountPath{Account: "ci"}, Key: "environment"})
	if _, third := env(one, "ci"); third == other || one.get(t, third) != http.StatusOK {
		t.Errorf("after the rotation it is %+v, which does not work", third)
	}
	must(t, one, control.RevokeKey, demoKey("demo"))
	if _, next := env(one, "1000"); next.APIKey == one.APIKey || one.get(t, next) != http.StatusOK {
		t.Errorf("with its pair revoked the demo account has %+v, which does not work", next)
	}
	refused(t, one, "ACCOUNT_NOT_FOUND", control.GetEnvironment, control.AccountPath{Account: "nobody"})
}
