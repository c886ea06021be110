package api_test

// Tests of what both kinds of idempotent requests have in common, by the numbers
// of docs/idempotency.md.

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/store"
)

// D-1: both headers on a creation of Redis Cloud are refused, and neither is used up. RDS knows one of them.
func TestD1BothHeaders(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for _, test := range []struct{ key, token string }{
		{"a-key-of-the-test", aToken}, {"short", aToken}, {"a-key-of-the-test", "no token"}, {"", ""},
	} {
		got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), withKey(test.key), withToken(test.token))
		wantStatus(t, fmt.Sprintf("%q and %q", test.key, test.token), got, http.StatusBadRequest, "invalid-key")
	}
	wantEffects(t, a, 0)
	wantStatus(t, "key alone", byKey().create(a), http.StatusAccepted, "")
	wantStatus(t, "token alone", byToken(subscriptionCreation()).create(a), http.StatusAccepted, "")
	wantEffects(t, a, 2)
	// Where a token means nothing there is only one key.
	sub := a.Do(http.MethodPut, subscriptions+"/1", `{"name":"renamed"}`, withKey("another-key"), withToken("no token"))
	wantStatus(t, "update with both", sub, http.StatusAccepted, "")
	instance := byToken(instanceCreation())
	for _, key := range []string{"a-key-of-the-test", "short"} {
		first := instance.send(a, "one", withKey(key), instance.with)
		wantStatus(t, "instance with both", first, http.StatusAccepted, "")
		if first.Header.Get("Idempotency-Key") != "" || first.Header.Get("X-Client-Token") == "" {
			t.Errorf("headers %v", first.Header)
		}
	}
	wantEffects(t, a, 4)
}

// D-2, H20, H21: what is refused before the key is looked at does not use it up.
func TestD2H20H21RefusedBeforeTheKey(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		stranger := *a
		stranger.Secrets.Secret = "wrong"
		body := k.invalid(1)
		body += strings.Repeat(" ", 1<<20-len(body))
		for _, test := range []struct {
			name   string
			got    apitest.Answer
			status int
		}{
			{"wrong API keys", k.post(&stranger, body, k.with), k.denied},
			{"too large", k.post(a, body+" ", k.with), 413},
			{"not JSON", k.post(a, body, k.with, withHeader("Content-Type", "text/plain")), k.status(415)},
			{"no such path", a.Do(http.MethodPost, k.path(a)+"/nowhere/at-all", body, k.with), 404},
			{"no such method", a.Do(http.MethodPatch, k.path(a), body, k.with), k.status(405)},
		} {
			if test.got.Status != test.status || test.got.Header.Get(k.header) != "" {
				t.Errorf("%s: got %d %s, echo %q, want %d",
					test.name, test.got.Status, test.got.Body, test.got.Header.Get(k.header), test.status)
			}
		}
		if n := ask[int](t, a.DBURL, `SELECT count(*) FROM idempotency_keys`); n != 0 {
			t.Errorf("%d keys are used up", n)
		}
		largest := func() apitest.Answer { return k.post(a, body, k.with) }
		first := largest()
		wantStatus(t, "largest body, invalid", first, http.StatusBadRequest, k.code(400))
		wantReplay(t, largest(), first)
	})
}

// D-3, H18: an answer is not repeated to keys that have been revoked: by the same server at once, by another one soon.
func TestD3H18RevokedAPIKey(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		other := a.At(apitest.On(t, a.DBURL, nil))
		first := k.create(a)
		wantReplay(t, k.create(a), first)
		wantReplay(t, k.create(other), first)
		keys, err := a.DB.Keys(t.Context(), a.ID)
		for _, key := range keys {
			err = errors.Join(err, a.DB.RevokeKey(t.Context(), a.ID, key.ID))
		}
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, "the same server", k.create(a), k.denied, k.code(k.denied))
		apitest.Eventually(t, "no longer", func() bool { return k.create(other).Status == k.denied })
		fresh := a.At(apitest.On(t, a.DBURL, nil))
		wantStatus(t, "another server", k.create(fresh), k.denied, k.code(k.denied))
	})
}

// D-4, R-12, H16, H18, B5: a key belongs to the account, whichever of its API keys
// sends it, and to no other account.
func TestD4R12H16H18B5Scope(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w := apitest.New(t, nil)
		other := apitest.On(t, w.DBURL, nil)
		bodies := map[string]bool{}
		for i := range 4 {
			a := w.Account()
			create := func(a *apitest.Account) apitest.Answer {
				return k.send(a, fmt.Sprint(i), k.with)
			}
			first := create(a)
			wantStatus(t, "first", first, http.StatusAccepted, "")
			if first.Header.Get("Idempotent-Replayed") != "" || bodies[string(first.Body)] {
				t.Errorf("account %d got another one's answer: %s", i, first.Body)
			}
			bodies[string(first.Body)] = true
			rotated := *a
			rotated.Secrets = store.Secrets{Key: fmt.Sprint("new-key-", i), Secret: "new-secret"}
			if err := w.DB.EnsureKey(t.Context(), a.ID, "new", rotated.Secrets); err != nil {
				t.Fatal(err)
			}
			wantReplay(t, create(&rotated), first)
			wantReplay(t, create(rotated.At(other)), first)
			wantEffects(t, a, 1)
		}
	})
}

// D-5, H19: neither the key nor a secret of the request is stored with the answer
// or logged.
func TestD5H19NothingSecretIsKept(t *testing.T) {
	t.Parallel()
	const key, password = "the-key-that-nobody-keeps", "Sentinel-4711"
	w, log := logging(t, nil)
	a := w.Account()
	a.Subscription("one")
	for i, header := range []func(*http.Request){withKey(key), withToken(aToken)} {
		for _, c := range []creation{databaseCreation(), instanceCreation()} {
			for _, secret := range []any{password, []string{password}} {
				body := c.body(fmt.Sprint("secret", i))
				body["password"] = secret
				for range 2 {
					c.post(a, body, header)
				}
			}
		}
	}
	for _, c := range []creation{databaseCreation(), instanceCreation()} {
		body := c.body("wrong")
		body["password"], body["nonsense"] = password, password
		c.post(a, body, withToken(strings.Replace(aToken, "4", "5", 1)))
	}
	tables := dump(t, w.DBURL)
	if kept := tables["idempotency_keys"]; strings.Contains(kept, password) {
		t.Errorf("the password is kept with the answer: %s", kept)
	}
	for name, text := range tables {
		for _, secret := range []string{key, aToken, hex.EncodeToString([]byte(key)), hex.EncodeToString([]byte(aToken))} {
			if strings.Contains(text, secret) {
				t.Errorf("table %s has the idempotency key: %s", name, text)
			}
		}
	}
	if want := hex.EncodeToString(idempotency.Hash(key)); !strings.Contains(tables["idempotency_keys"], want) {
		t.Errorf("the key's hash %s is not kept", want)
	}
	hash := hex.EncodeToString(idempotency.Hash(key)[:8])
	apitest.Eventually(t, "requests are logged with a part of the key's hash", func() bool {
		return strings.Contains(log.String(), hash)
	})
	for _, secret := range []string{key, aToken, password} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}

// D-8, H25: moving the account's clock, however far, does not end the lease of a
// request at work, which runs in the database's time.
func TestD8H25TwoClocks(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		atWork := g.stop(t, "idem.before_finish")
		first := later(func() apitest.Answer { return k.create(a) })
		atWork.await()
		a.Advance(30 * 24 * time.Hour)
		if got := k.create(a); got.Status != http.StatusConflict {
			t.Errorf("30 days later: got %d %s, want 409", got.Status, got.Body)
		}
		if n, err := w.DB.PruneKeys(t.Context(), 10); n != 0 || err != nil {
			t.Errorf("%d keys at work are pruned, %v", n, err)
		}
		atWork.open()
		wantStatus(t, "the first one", <-first, http.StatusAccepted, "")
		// The outcome is as old as the request was received.
		wantStatus(t, "a new life", k.create(a), http.StatusAccepted, "")
		wantEffects(t, a, 2)
	})
}

// D-10, H14: whether old keys are swept, and when, changes no answer.
func TestD10H14SweptOrNot(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w := apitest.New(t, nil)
		swept, kept := w.Account(), w.Account()
		for _, advance := range []time.Duration{
			0, 8*time.Hour - time.Microsecond, time.Microsecond, 16*time.Hour - time.Microsecond, time.Microsecond,
			48*time.Hour - time.Microsecond, time.Microsecond, 100 * time.Hour,
		} {
			swept.Advance(advance)
			kept.Advance(advance)
			want := k.create(kept)
			if _, err := w.DB.PruneKeys(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			got := k.create(swept)
			if got.Status != want.Status || got.Get("error_code") != want.Get("error_code") ||
				got.Header.Get("Idempotent-Replayed") != want.Header.Get("Idempotent-Replayed") {
				t.Errorf("%v later: got %d %s, without sweeping %d %s", advance, got.Status, got.Body, want.Status, want.Body)
			}
		}
	})
}
