package api_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// declare makes keys for the account, one for each of these, named after its place.
func declare(t *testing.T, a *apitest.Account, keys ...cloud.Key) []*apitest.Account {
	t.Helper()
	var clients []*apitest.Account
	var declared []store.DeclaredKey
	for i, key := range keys {
		key.Name = fmt.Sprintf("declared-%d", i)
		client := a.At(a.World)
		client.Secrets.Secret = fmt.Sprintf("secret-of-%d", i) // under the account's own key, as in the real service
		clients = append(clients, client)
		declared = append(declared, store.DeclaredKey{Account: a.ID, Key: key, Secrets: client.Secrets})
	}
	if err := a.DB.DeclareKeys(t.Context(), declared); err != nil {
		t.Fatal(err)
	}
	return clients
}

// For every operation, which roles may call it. Beside an owner's everything and a
// viewer's GETs there are few. doc: access-management
func TestRoles(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	roles := []string{"Owner", "Viewer", "Logs Viewer", "Billing Admin"}
	var keys []cloud.Key
	for _, role := range roles {
		keys = append(keys, cloud.Key{Role: role})
	}
	clients := declare(t, a, keys...)
	more := map[string][]string{
		"createCostReport":   {"Viewer", "Billing Admin"},
		"downloadCostReport": {"Billing Admin"},
		"listPaymentMethods": {"Billing Admin"},
		"getTask":            {"Billing Admin"},
		"listSystemLogs":     {"Logs Viewer"},
	}
	for op, path := range operations(t) {
		may := map[string]bool{"Owner": true, "Viewer": op.Method == http.MethodGet}
		for _, role := range more[op.ID] {
			may[role] = true
		}
		for i, role := range roles {
			if role == "Owner" {
				continue // all other tests call as owners
			}
			got := clients[i].Do(op.Method, path, "[")
			if may[role] != (got.Status != http.StatusForbidden) {
				t.Errorf("%s by a %s: got %d %s", op.ID, role, got.Status, got.Body)
			}
			if !may[role] {
				wantError(t, got, http.StatusForbidden, path, "of the role "+role+" may not call "+op.ID)
			}
		}
	}
	if got := clients[1].Do(http.MethodHead, subscriptions, nil); got.Status != http.StatusOK {
		t.Errorf("HEAD by a viewer: got %d", got.Status)
	}
	if got := clients[2].Do(http.MethodHead, subscriptions, nil); got.Status != http.StatusForbidden {
		t.Errorf("HEAD by a logs viewer: got %d", got.Status)
	}
}

// A viewer reads what the owner made, through tasks too, and changes nothing. A
// billing admin gets a cost report.
func TestRolesInUse(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	clients := declare(t, a, cloud.Key{Role: "Viewer"}, cloud.Key{Role: "Billing Admin"})
	viewer, billing := clients[0], clients[1]
	if got := viewer.Do(http.MethodGet, sub, nil); got.Get("name") != "one" {
		t.Errorf("the viewer reads %d %s", got.Status, got.Body)
	}
	if got := viewer.Run(http.MethodGet, sub+"/cidr", nil); got.Get("status") != "processing-completed" {
		t.Errorf("the viewer reads through a task: %s", got.Body)
	}
	wantError(t, viewer.Do(http.MethodPut, sub, map[string]any{"name": "two"}), http.StatusForbidden, sub, "Viewer")
	wantError(t, viewer.Do(http.MethodDelete, sub, nil), http.StatusForbidden, sub, "Viewer")
	if got := a.Do(http.MethodGet, sub, nil); got.Get("name") != "one" || got.Get("status") != "active" {
		t.Errorf("after the viewer's attempts: %s", got.Body)
	}
	today := pgtest.Now().Format(time.DateOnly)
	task := billing.Run(http.MethodPost, "/v1/cost-report", map[string]any{"startDate": today, "endDate": today})
	id, _ := task.Get("response", "resource", "costReportId").(string)
	if got := billing.Do(http.MethodGet, "/v1/cost-report/"+id, nil); got.Status != http.StatusOK {
		t.Errorf("the cost report of %s: got %d %s", task.Body, got.Status, got.Body)
	}
}

// What is forbidden uses up no idempotency key, and whoever may not do something
// may not see the answer that another got. D-2, D-3
func TestForbiddenBeforeKeys(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		a := apitest.New(t, nil).Account()
		clients := declare(t, a, cloud.Key{Role: "Viewer"}, cloud.Key{Role: "Owner", AllowFrom: prefixes("203.0.113.0/24")})
		for range 2 {
			for _, client := range clients {
				got := k.create(client)
				wantStatus(t, client.Secrets.Secret, got, http.StatusForbidden, k.forbidden)
				if got.Header.Get(k.header) != "" {
					t.Errorf("the key of a forbidden request is echoed: %v", got.Header)
				}
			}
			wantStatus(t, "the owner", k.create(a), http.StatusAccepted, "")
		}
		wantEffects(t, a, 1)
	})
}

// A key with an allow list is good from there only. Headers have no say.
func TestAllowList(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	clients := declare(
		t, a,
		cloud.Key{Role: "Owner", AllowFrom: prefixes("203.0.113.0/24", "2001:db8::/32")},
		cloud.Key{Role: "Owner", AllowFrom: prefixes("203.0.113.0/24", "127.0.0.0/8", "::1/128")},
	)
	away, here := clients[0], clients[1]
	for _, header := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded"} {
		got := away.Do(http.MethodGet, "/v1/", nil, func(r *http.Request) { r.Header.Set(header, "203.0.113.7") })
		wantError(t, got, http.StatusForbidden, "/v1/", "127.0.0.1")
	}
	got := here.Do(http.MethodGet, "/v1/", nil)
	if got.Status != http.StatusOK ||
		fmt.Sprint(got.Get("account", "key", "allowedSourceIps")) != "[203.0.113.0/24 127.0.0.0/8 ::1/128]" {
		t.Errorf("from an allowed address: got %d %s", got.Status, got.Body)
	}
	wantError(t, here.Do(http.MethodGet, "/v1/", nil, func(r *http.Request) { r.Header.Set("X-Api-Secret-Key", "wrong") }),
		http.StatusUnauthorized, "/v1/", "x-api-secret-key")
}

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// The people of the account have the keys that there are for their roles.
func TestUsersHaveTheKeys(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	clients := declare(t, a, cloud.Key{Role: "Viewer"}, cloud.Key{Role: "Logs Viewer"})
	list := clients[0].Do(http.MethodGet, "/v1/users", nil)
	users, _ := list.Get("users").([]any)
	got := map[any]any{}
	for i := range users {
		got[list.Get("users", i, "role")] = list.Get("users", i, "hasApiKey")
	}
	want := map[any]any{
		"Owner": true, "Manager": false, "Member": false, "Billing Admin": false, "Viewer": true,
		"Logs Viewer (API use only)": true,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	account := clients[0].Do(http.MethodGet, "/v1/", nil)
	if id := account.Get("account", "key", "userAccountId"); id != 90005.0 ||
		account.Get("account", "key", "name") != "declared-0" {
		t.Errorf("the viewer's key: got %s", account.Body)
	}
}

// What is declared later replaces what was declared before, and nothing else.
func TestDeclaredKeysComeAndGo(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	a, b := w.Account(), w.Account()
	status := func(c *apitest.Account, name string) int {
		// A fresh server, since one remembers good keys for a second.
		return c.At(apitest.On(t, w.DBURL, nil)).Do(http.MethodPost, "/v1/acl/roles", `{"name": "`+name+`"`).Status
	}
	first := declare(t, a, cloud.Key{Role: "Owner"}, cloud.Key{Role: "Owner"})
	if one, two := status(first[0], "x"), status(first[1], "x"); one != http.StatusBadRequest || two != one {
		t.Errorf("two owners: got %d and %d", one, two)
	}
	declare(t, a, cloud.Key{Role: "Viewer"})
	if one, two := status(first[0], "x"), status(first[1], "x"); one != http.StatusForbidden ||
		two != http.StatusUnauthorized {
		t.Errorf("one viewer now: got %d and %d", one, two)
	}
	moved := first[0].Secrets
	err := w.DB.DeclareKeys(t.Context(), []store.DeclaredKey{
		{Account: b.ID, Key: cloud.Key{Name: "moved-to-b", Role: "Owner"}, Secrets: moved},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := first[0].At(apitest.On(t, w.DBURL, nil)).Do(http.MethodGet, "/v1/", nil)
	if got.Get("account", "id") != float64(b.ID) {
		t.Errorf("moved to another account: got %s", got.Body)
	}
	declare(t, a)
	if gone, stays := status(first[0], "x"), status(a, "x"); gone != http.StatusUnauthorized ||
		stays != http.StatusBadRequest {
		t.Errorf("none declared: got %d, and %d for the account's own", gone, stays)
	}
}
