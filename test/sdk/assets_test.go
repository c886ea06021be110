package sdk

import (
	"io"
	"log"
	"testing"

	rediscloud "github.com/RedisLabs/rediscloud-go-api"
	"github.com/RedisLabs/rediscloud-go-api/redis"

	"github.com/understudy-dev/understudy"
)

// The SDK finds the card that its account declares, and pays with it; the account beside it has the built-in one.
func TestOwnCard(t *testing.T) {
	t.Parallel()
	client := func() (*understudy.Sandbox, *rediscloud.Client) {
		sandbox := understudy.StartT(t, understudy.Options{Speed: understudy.Instant})
		c, err := rediscloud.NewClient(rediscloud.BaseURL(sandbox.URL),
			rediscloud.Auth(sandbox.Keys.APIKey, sandbox.Keys.SecretKey), rediscloud.Logger(log.New(io.Discard, "", 0)))
		if err != nil {
			t.Fatal(err)
		}
		return sandbox, c
	}
	sandbox, mine := client()
	_, other := client()
	object := `{"paymentMethods": [{"id": 4711, "type": "Mastercard", "creditCardEndsWith": 1234}]}`
	if _, err := sandbox.Accounts().SetAssets(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	cards, err := mine.Account.ListPaymentMethods(t.Context())
	if err != nil || len(cards) != 1 || redis.IntValue(cards[0].ID) != 4711 ||
		redis.IntValue(cards[0].CreditCardEndsWith) != 1234 {
		t.Fatalf("got the cards %v, %v", cards, err)
	}
	plan := oneRegion("shop")
	plan.PaymentMethodID = cards[0].ID
	id, err := mine.Subscription.Create(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if sub, err := mine.Subscription.Get(t.Context(), id); err != nil || redis.IntValue(sub.PaymentMethodID) != 4711 {
		t.Errorf("got %v, %v, want it paid with the card", sub, err)
	}
	if _, err := other.Subscription.Create(t.Context(), plan); err == nil {
		t.Error("another account pays with the card")
	}
}
