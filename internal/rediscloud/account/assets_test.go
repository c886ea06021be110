package account

import "testing"

func TestAssets(t *testing.T) {
	t.Parallel()
	a, err := NewAssets(Setup{})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.cloudAccounts) == 0 || a.cloudAccounts[0].ID != InternalCloudAccount {
		t.Errorf("the first cloud account is not the internal one: %+v", a.cloudAccounts)
	}
	if card := a.PaymentMethods[0]; card.Type != "Visa" || card.CreditCardEndsWith != 5556 {
		t.Errorf("the first card is %+v, clients look for the Visa card ending 5556", card)
	}
	if len(a.users) == 0 || len(a.TransitGateways) == 0 {
		t.Errorf("there are %d users and %d transit gateways, want some", len(a.users), len(a.TransitGateways))
	}
}
