package sdk_test

import (
	"testing"

	rediscloud "github.com/RedisLabs/rediscloud-go-api"

	"github.com/understudy-dev/understudy"
)

func TestAccountIsEmpty(t *testing.T) {
	t.Parallel()
	sandbox := understudy.StartT(t, understudy.Options{})
	client, err := rediscloud.NewClient(rediscloud.BaseURL(sandbox.URL),
		rediscloud.Auth(sandbox.Keys.APIKey, sandbox.Keys.SecretKey))
	if err != nil {
		t.Fatal(err)
	}
	subscriptions, err := client.Subscription.List(t.Context())
	if err != nil || len(subscriptions) > 0 {
		t.Errorf("got %v, %v, want none", subscriptions, err)
	}
}
