package rediscloud_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
)

// setUp starts an API over a database with a setup.
func setUp(tb testing.TB, url string, setup account.Setup) *apitest.World {
	tb.Helper()
	if url == "" {
		url = pgtest.New(tb)
	}
	return apitest.Speaking(tb, url, nil, apitest.Dialect(tb, setup))
}

func TestCardsOfASetupTakeThePlaceOfTheBuiltInOne(t *testing.T) {
	t.Parallel()
	a := setUp(t, "", account.Setup{
		Cards: []account.Card{{Type: "American Express", EndsIn: 42}, {Type: "Mastercard", EndsIn: 1234}},
	}).Account()
	methods := a.Do(http.MethodGet, "/v1/payment-methods", nil)
	wantFields(t, methods, map[string]any{
		"paymentMethods.0.type": "American Express", "paymentMethods.0.creditCardEndsWith": 42.0,
		"paymentMethods.1.type": "Mastercard", "paymentMethods.1.creditCardEndsWith": 1234.0, "paymentMethods.2": nil,
	})
	body := apitest.SubscriptionBody("shop")
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", body), "SUBSCRIPTION_PI_NOT_FOUND")
	body["paymentMethodId"] = methods.Get("paymentMethods", 1, "id")
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(sub, "active")
	wantFields(t, a.Do(http.MethodGet, sub, nil), map[string]any{"paymentMethodId": body["paymentMethodId"]})
}

func TestCloudAccountOfASetup(t *testing.T) {
	t.Parallel()
	a := setUp(t, "", account.Setup{
		CloudAccounts: []account.SetupAccount{{Name: "ours", Provider: "AWS"}, {Name: "theirs", Provider: "GCP"}},
	}).Account()
	list := a.Do(http.MethodGet, "/v1/cloud-accounts", nil)
	wantFields(t, list, map[string]any{
		"cloudAccounts.0.id": 1.0, "cloudAccounts.1.name": "ours", "cloudAccounts.1.status": "active",
		"cloudAccounts.1.provider": "AWS",
		"cloudAccounts.2.name":     "theirs", "cloudAccounts.2.provider": "GCP", "cloudAccounts.3": nil,
	})
	id := int64(list.Get("cloudAccounts", 1, "id").(float64))
	path := fmt.Sprintf("/v1/cloud-accounts/%d", id)
	wantFields(t, a.Do(http.MethodGet, path, nil), map[string]any{
		"name": "ours", "accessKeyId": list.Get("cloudAccounts", 1, "accessKeyId"),
	})

	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", inAccount(id, nil)))
	a.Settle(sub, "active")
	wantFields(t, a.Do(http.MethodGet, sub, nil), map[string]any{
		"cloudDetails.0.cloudAccountId": float64(id), "cloudDetails.0.provider": "AWS",
	})
	wantDone(t, a.Run(http.MethodPut, sub+"/cidr", `{"cidrIps": ["10.1.0.0/16"]}`))
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions",
		inAccount(int64(list.Get("cloudAccounts", 2, "id").(float64)), nil)), "SUBSCRIPTION_CA_PROVIDER_MISMATCH")

	// It is the server's own: nobody changes it, and no other one takes its name.
	wantError(t, a.Run(http.MethodDelete, path, nil), "CLOUD_ACCOUNT_PERMISSION_FAILED")
	wantError(t, a.Run(http.MethodPut, path, cloudAccountChange("other")), "CLOUD_ACCOUNT_PERMISSION_FAILED")
	wantError(t, a.Run(http.MethodPost, "/v1/cloud-accounts", cloudAccountBody("ours", "AKIA1")),
		"CLOUD_ACCOUNT_NAME_EXISTS")

	// Whatever else is set up, it keeps its id; one of the account's own goes first.
	bare := apitest.New(t, nil)
	mine := bare.Account()
	own := mine.Create("/v1/cloud-accounts", cloudAccountBody("ours", "AKIA1"))
	bare.Stop()
	again := setUp(t, bare.DBURL, account.Setup{
		CloudAccounts: []account.SetupAccount{{Name: "more", Provider: "AWS"}, {Name: "ours", Provider: "AWS"}},
	})
	wantFields(t, again.Account().Do(http.MethodGet, "/v1/cloud-accounts", nil),
		map[string]any{"cloudAccounts.2.id": float64(id)})
	same := *mine
	same.World = again
	wantFields(t, same.Do(http.MethodGet, "/v1/cloud-accounts", nil), map[string]any{
		"cloudAccounts.1.name": "more", "cloudAccounts.2.id": float64(own), "cloudAccounts.3": nil,
	})
}

// cloudAccountChange is the body that changes a cloud account.
func cloudAccountChange(name string) map[string]any {
	body := cloudAccountBody(name, "AKIA9")
	delete(body, "provider")
	return body
}

func TestTransitGatewayOfASetup(t *testing.T) {
	t.Parallel()
	w := setUp(t, "", account.Setup{TransitGateways: []string{"tgw-0feedfacecafebeef", "tgw-2"}})
	a := w.Account()
	sub := a.Subscription("shop")
	list := a.Run(http.MethodGet, sub+"/transitGateways/invitations", nil)
	wantFields(t, list, map[string]any{
		"response.resource.resources.0.id": 101.0, "response.resource.resources.1.status": "pending",
		"response.resource.resources.2.name": "tgw-2", "response.resource.resources.3": nil,
	})
	invitation := fmt.Sprintf("%s/transitGateways/invitations/%.0f/accept",
		sub, list.Get("response", "resource", "resources", 1, "id"))
	wantDone(t, a.Run(http.MethodPut, invitation, nil))
	gateways := a.Run(http.MethodGet, sub+"/transitGateways", nil)
	wantFields(t, gateways, map[string]any{
		"response.resource.tgws.0.awsTgwUid": "tgw-0feedfacecafebeef", "response.resource.tgws.0.status": "available",
		"response.resource.tgws.1": nil,
	})
	attachment := fmt.Sprintf("%s/transitGateways/%.0f/attachment",
		sub, gateways.Get("response", "resource", "tgws", 0, "id"))
	wantDone(t, a.Run(http.MethodPost, attachment, nil))
	a.Pass(apitest.SettleTime)
	w.Stop()

	// A server that is told of it no more does not show it; one that is, does.
	for _, tt := range []struct {
		setup account.Setup
		want  any
	}{
		{account.Setup{}, nil},
		{account.Setup{TransitGateways: []string{"tgw-0feedfacecafebeef"}}, "tgw-0feedfacecafebeef"},
	} {
		same := *a
		same.World = setUp(t, w.DBURL, tt.setup)
		wantFields(t, same.Run(http.MethodGet, sub+"/transitGateways", nil), map[string]any{
			"response.resource.tgws.0.awsTgwUid": tt.want,
		})
		same.Stop()
	}
}
