package account

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
)

func newAssets(t *testing.T) *Assets {
	t.Helper()
	a, err := NewAssets(Setup{Cards: []Card{{"Mastercard", 1234}}, CloudAccounts: []SetupAccount{{"theirs", "GCP"}}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWrongAssetsAreNamed(t *testing.T) {
	t.Parallel()
	a := newAssets(t)
	for _, tt := range []struct{ object, want string }{
		{`[]`, "assets must be an object"},
		{`{"cards": []}`, "assets.cards is none of cloudAccounts, paymentMethods, transitGateways, users"},
		{`{"users": 1}`, "assets must be an object of lists"},
		{`{"paymentMethods": [1]}`, "assets.paymentMethods.0: "},
		{`{"paymentMethods": [null]}`, "assets.paymentMethods.0: it is no object"},
		{`{"paymentMethods": [{}]}`, "assets.paymentMethods.0: type is missing"},
		{`{"users": [{"mail": "a@b"}]}`, `assets.users.0: unknown field "mail"`},
		{`{"users": [{"name": 1}]}`, "assets.users.0: name cannot be a number"},
		{`{"users": [{"name": "a"}]}`, "assets.users.0: email is missing"},
		{`{"users": [{"email": "a@b"}]}`, "assets.users.0: name is missing"},
		{`{"cloudAccounts": [{}]}`, "assets.cloudAccounts.0: name is missing"},
		{`{"transitGateways": [{}]}`, "assets.transitGateways.0: awsTgwUid: "},
		{`{"cloudAccounts": [{"name": "a", "provider": "Azure"}]}`, `provider "Azure" is neither AWS nor GCP`},
		{`{"cloudAccounts": [{"name": "a", "status": "gone"}]}`, `status "gone" is none of`},
		{`{"cloudAccounts": [{"name": "a", "id": 1}]}`, "id 1 is that of Redis' own account"},
		{`{"cloudAccounts": [{"name": "a", "id": 10000}]}`, "id 10000 is not between 1 and 9999"},
		{`{"cloudAccounts": [{"name": "a"}, {"name": "a"}]}`, "assets.cloudAccounts.1: it is there already"},
		{`{"paymentMethods": [{"type": "Visa"}]}`, "creditCardEndsWith is missing"},
		{`{"paymentMethods": [{"type": "Visa", "creditCardEndsWith": 12345}]}`, "creditCardEndsWith is missing, or not"},
		{`{"paymentMethods": [{"type": "Visa", "creditCardEndsWith": 1, "id": -1}]}`, "id -1 is not between"},
		{`{"paymentMethods": [{"type": "Visa", "creditCardEndsWith": 1, "expirationMonth": 13}]}`, "expirationMonth 13"},
		{`{"users": [{"name": "a", "email": "a@b", "role": "King"}]}`, `role "King" is none of Owner, Manager`},
		{`{"users": [{"name": "a", "email": "a@b", "id": 90001}]}`, "id 90001 is that of the owner"},
	} {
		_, err := a.Declare([]byte(tt.object))
		wrong, ok := err.(*cloud.Error) //nolint:errorlint // it is not wrapped
		if !ok || wrong.Code != "INVALID_ASSETS" || !strings.Contains(wrong.Description, tt.want) {
			t.Errorf("%s: got %v, want %q", tt.object, err, tt.want)
		}
	}
}

// What is declared takes the place of what the server gives, sort by sort, or is had beside it.
func TestDeclaredAssets(t *testing.T) {
	t.Parallel()
	a := newAssets(t)
	shown := func(kept []byte) (d declared) {
		t.Helper()
		text, err := a.Show(kept)
		if err == nil {
			err = json.Unmarshal(text, &d)
		}
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := shown(nil)
	cards := *first.PaymentMethods
	if len(cards) != 1 || cards[0].Type != "Mastercard" || len(*first.CloudAccounts) != 2 ||
		len(*first.Users) == 0 || len(*first.TransitGateways) != 1 {
		t.Errorf("without a declaration it has %+v, want what the server gives", first)
	}
	kept, err := a.Declare([]byte(
		`{"paymentMethods": [{"type": "Visa", "creditCardEndsWith": 42, "id": 77}], "users": []}`))
	if err != nil {
		t.Fatal(err)
	}
	d := shown(kept)
	if cards := *d.PaymentMethods; len(cards) != 1 || cards[0].ID != 77 || cards[0].CreditCardEndsWith != 42 ||
		cards[0].ExpirationYear == 0 {
		t.Errorf("the cards are %+v", cards)
	}
	if len(*d.Users) != 0 || len(*d.CloudAccounts) != 2 {
		t.Errorf("it has %+v, want no users and the cloud accounts of the server", d)
	}
	kept, err = a.Add(kept, []byte(`{"paymentMethods": [{"type": "Visa", "creditCardEndsWith": 43}],
		"cloudAccounts": [{"name": "mine"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d = shown(kept)
	cards, accounts := *d.PaymentMethods, *d.CloudAccounts
	if len(cards) != 2 || cards[0].ID != 77 || len(accounts) != 3 ||
		accounts[0].ID != InternalCloudAccount || accounts[1].Name != "theirs" || accounts[2].Name != "mine" ||
		len(*d.Users) != 0 {
		t.Errorf("with more it has %+v", d)
	}
	if _, err := a.Add(kept, []byte(`{"cloudAccounts": [{"name": "mine"}]}`)); err == nil {
		t.Error("it has the same twice")
	}
}
