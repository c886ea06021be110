package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// What a server is set up with is there at once, given by flags or by their twins in the
// environment, and has the same ids after a restart.
func TestSetup(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{
		Args: []string{
			"--speed", "0", "--card", "Mastercard 1234", "--card", "American Express 0042",
			"--cloud-account", "ours", "--transit-gateway", "tgw-0feedfacecafebeef",
		},
		Env: []string{"UNDERSTUDY_CLOUD_ACCOUNT=not this one"},
	})
	cards, accounts := setupOf(t, s)
	if len(cards) != 2 || cards["Mastercard"] == 0 || cards["American Express"] == 0 ||
		len(accounts) != 2 || accounts["ours"] == 0 {
		t.Fatalf("got cards %v, cloud accounts %v", cards, accounts)
	}
	body := servetest.SubscriptionBody("shop")
	body["paymentMethodId"] = cards["Mastercard"]
	body["cloudProviders"].([]any)[0].(map[string]any)["cloudAccountId"] = accounts["ours"]
	task := s.Accept(http.MethodPost, "/subscriptions", body)
	if task.Response.Error != nil {
		t.Fatalf("create a subscription: %+v", *task.Response.Error)
	}
	path := fmt.Sprintf("/subscriptions/%d/transitGateways/invitations", task.Response.ResourceID)
	invitations := s.Accept(http.MethodGet, path, nil)
	if !strings.Contains(string(invitations.Response.Resource), "tgw-0feedfacecafebeef") {
		t.Errorf("got invitations %s", invitations.Response.Resource)
	}

	again := servetest.Start(t, servetest.Options{Dir: stopped(s), Env: []string{
		"UNDERSTUDY_CARD=Visa 0001,Mastercard 1234",
		"UNDERSTUDY_CLOUD_ACCOUNT=theirs:GCP,ours:AWS", "UNDERSTUDY_TRANSIT_GATEWAY=tgw-1,tgw-0feedfacecafebeef",
	}})
	newCards, newAccounts := setupOf(t, again)
	delete(newAccounts, "theirs")
	delete(newCards, "Visa")
	delete(cards, "American Express")
	if diff := cmp.Diff(cards, newCards) + cmp.Diff(accounts, newAccounts); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
}

// stopped stops a server and returns its data directory.
func stopped(s *servetest.Server) string {
	s.Stop()
	return s.Dir
}

// setupOf reads the ids of cards by their types, and those of cloud accounts by their names.
func setupOf(t *testing.T, s *servetest.Server) (cards, accounts map[string]int) {
	t.Helper()
	var list struct {
		PaymentMethods []struct {
			ID   int
			Type string
		}
		CloudAccounts []struct {
			ID           int
			Name, Status string
		}
	}
	for _, path := range []string{"/payment-methods", "/cloud-accounts"} {
		status, _, text := s.Do(http.MethodGet, path, nil)
		if err := json.Unmarshal(text, &list); err != nil || status != http.StatusOK {
			t.Fatalf("GET %s: %d %s", path, status, text)
		}
	}
	cards, accounts = map[string]int{}, map[string]int{}
	for _, card := range list.PaymentMethods {
		cards[card.Type] = card.ID
	}
	for _, account := range list.CloudAccounts {
		accounts[account.Name] = account.ID
		if account.Status != "active" {
			t.Errorf("cloud account %s is %s", account.Name, account.Status)
		}
	}
	return cards, accounts
}
