package rediscloud_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// Whatever a credit card pays for, the card has to be named, when it is created and
// when it is paid by card from now on. Through a marketplace there is none to name.
func TestPaymentByCardNamesTheCard(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path string
		body map[string]any
	}{
		"Pro":           {"/v1/subscriptions", apitest.SubscriptionBody("shop")},
		"Active-Active": {"/v1/subscriptions", activeActiveBody("shop")},
		"Essentials":    {fixed, map[string]any{"name": "shop", "planId": smallPlan, "paymentMethodId": visa}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, nil).Account()
			create := func(change map[string]any) apitest.Answer {
				body := maps.Clone(tt.body)
				delete(body, "paymentMethodId")
				maps.Copy(body, change)
				return a.Run(http.MethodPost, tt.path, body)
			}
			byCard := map[string]any{"paymentMethod": "credit-card"}
			for _, change := range []map[string]any{{}, byCard} {
				task := create(change)
				wantError(t, task, "PAYMENT_INFO_NOT_PROVIDED")
				if got := task.Get("response", "error", "status"); got != "400 BAD_REQUEST" {
					t.Errorf("%v: got status %v", change, got)
				}
			}
			wantDone(t, create(map[string]any{"paymentMethodId": visa}))
			task := create(map[string]any{"paymentMethod": "marketplace"})
			wantDone(t, task)
			path := fmt.Sprintf("%s/%.0f", tt.path, task.Get("response", "resourceId"))
			a.Settle(path, "active")
			wantError(t, a.Run(http.MethodPut, path, byCard), "PAYMENT_INFO_NOT_PROVIDED")
			wantDone(t, a.Run(http.MethodPut, path, `{"paymentMethod": "credit-card", "paymentMethodId": 24681}`))
			a.Settle(path, "active")
			wantFields(t, a.Do(http.MethodGet, path, nil), map[string]any{
				"paymentMethodType": "credit-card", "paymentMethodId": float64(visa),
			})
			wantDone(t, a.Run(http.MethodPut, path, byCard)) // which pays already
		})
	}
}
