package control_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// read is ask for a GET, whose answer it returns without blanks.
func (f *fixture) read(t *testing.T, keys sandbox.KeyPair, path string) (int, string) {
	t.Helper()
	status, answer := f.ask(t, keys, http.MethodGet, path, "")
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(answer)); err != nil {
		t.Fatalf("GET %s: %s: %v", path, answer, err)
	}
	return status, compact.String()
}

// run asks for a change and waits for the end of its task.
func (f *fixture) run(t *testing.T, keys sandbox.KeyPair, method, path, body string) string {
	t.Helper()
	status, answer := f.ask(t, keys, method, path, body)
	var task struct{ TaskID, Status string }
	for range 1000 {
		if err := json.Unmarshal([]byte(answer), &task); err != nil || status >= http.StatusBadRequest {
			t.Fatalf("%s %s: got %d %s, %v", method, path, status, answer, err)
		}
		if strings.HasPrefix(task.Status, "processing-") && task.Status != "processing-in-progress" {
			return answer
		}
		status, answer = f.read(t, keys, "/tasks/"+task.TaskID)
	}
	t.Fatalf("%s %s: it does not end: %s", method, path, answer)
	return ""
}

// What an account declares to have is its own, at every server of the database.
func TestAssetsOfAnAccount(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	shared := func(cfg *server.Config) { cfg.DatabaseURL, cfg.TaskHold = url, 5e9 }
	one, two := start(t, shared), start(t, shared)
	mine := must(t, one, control.CreateAccount, sandbox.NewAccount{Name: "mine"})
	other := must(t, one, control.CreateAccount, sandbox.NewAccount{Name: "other"})
	path := control.AccountPath{Account: "mine"}
	object := `{
		"paymentMethods": [{"id": 4711, "type": "Mastercard", "creditCardEndsWith": 1234}],
		"cloudAccounts": [{"id": 5001, "name": "ours"}],
		"users": [{"name": "Ann", "email": "ann@example.com", "role": "Viewer"}],
		"transitGateways": [{"id": 333, "awsTgwUid": "tgw-0feedfacecafebeef"}]
	}`
	set := control.AccountAssets{AccountPath: path, Assets: control.Assets{Assets: json.RawMessage(object)}}
	has := must(t, one, control.SetAssets, set)
	if again := must(t, two, control.SetAssets, set); string(again.Assets) != string(has.Assets) {
		t.Errorf("said again it has %s, want %s", again.Assets, has.Assets)
	}
	if got := must(t, two, control.GetAssets, path); string(got.Assets) != string(has.Assets) {
		t.Errorf("the other server says %s, want %s", got.Assets, has.Assets)
	}

	for _, tt := range []struct {
		path        string
		mine, other []string
	}{
		{"/payment-methods", []string{`"id":4711,"type":"Mastercard","creditCardEndsWith":1234`}, []string{`"type":"Visa"`}},
		{"/cloud-accounts", []string{`"id":1,`, `"id":5001,"name":"ours"`}, []string{`"id":1,`}},
		{"/users", []string{`"role":"Owner"`, `"name":"Ann"`}, []string{`"role":"Owner"`, `"name":"Theo Lindqvist"`}},
	} {
		for _, f := range []*fixture{one, two} {
			status, got := f.read(t, mine.Keys, tt.path)
			_, others := f.read(t, other.Keys, tt.path)
			for _, want := range tt.mine {
				if status != http.StatusOK || !strings.Contains(got, want) {
					t.Errorf("%s: got %d %s, want %s", tt.path, status, got, want)
				}
			}
			for _, want := range tt.other {
				if !strings.Contains(others, want) || strings.Contains(others, tt.mine[len(tt.mine)-1]) {
					t.Errorf("%s of another account: got %s, want %s", tt.path, others, want)
				}
			}
		}
	}

	own := strings.NewReplacer("24681", "4711", `{"regions"`, `{"cloudAccountId": 5001, "regions"`)
	body := own.Replace(subscriptionBody)
	var made struct{ Response struct{ ResourceID int64 } }
	if answer := two.run(t, mine.Keys, http.MethodPost, "/subscriptions", body); !strings.Contains(answer, "completed") ||
		json.Unmarshal([]byte(answer), &made) != nil {
		t.Fatalf("with the card and the cloud account of the account: got %s", answer)
	}
	if answer := one.run(t, other.Keys, http.MethodPost, "/subscriptions", body); !strings.Contains(answer, "_NOT_FOUND") {
		t.Errorf("with the card of another account: got %s", answer)
	}
	invitations := fmt.Sprintf("/subscriptions/%d/transitGateways/invitations", made.Response.ResourceID)
	if answer := one.run(t, mine.Keys, http.MethodGet, invitations, ""); !strings.Contains(answer, `"id":333,`) ||
		strings.Count(answer, `"awsAccountId"`) != 1 {
		t.Errorf("the invitations are %s, want the one that was declared", answer)
	}
	if status, answer := one.read(t, other.Keys,
		fmt.Sprintf("/subscriptions/%d", made.Response.ResourceID)); status != http.StatusNotFound {
		t.Errorf("the subscription of another account: got %d %s", status, answer)
	}

	// Nothing declared is what the server gives, which may be completed.
	set.Assets.Assets = json.RawMessage(`{}`)
	must(t, one, control.SetAssets, set)
	set.Assets.Assets = json.RawMessage(`{"paymentMethods": [{"type": "Discover", "creditCardEndsWith": 7}]}`)
	must(t, one, control.AddAssets, set)
	if _, got := two.read(t, mine.Keys, "/payment-methods"); !strings.Contains(got, `"Visa"`) ||
		!strings.Contains(got, `"Discover"`) {
		t.Errorf("the cards are %s, want one more", got)
	}
	set.Assets.Assets = json.RawMessage(`{"cards": []}`)
	refused(t, one, "INVALID_ASSETS", control.SetAssets, set)
	set.Account = "nobody"
	refused(t, one, "ACCOUNT_NOT_FOUND", control.AddAssets, set)
}
