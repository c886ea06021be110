package sdk_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	rediscloud "github.com/RedisLabs/rediscloud-go-api"
	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"

	"github.com/understudy-dev/understudy"
)

// A program that uses the official SDK goes through a bad moment: the read of a task fails, so the SDK gives up a
// subscription that is made all the same. Four minutes later, which take no time here, it is active.
func Example() {
	ctx := context.Background()
	sandbox, err := understudy.Start(ctx, understudy.Options{Speed: understudy.Instant})
	if err != nil {
		log.Panic(err)
	}
	defer sandbox.Close()
	client, err := rediscloud.NewClient(rediscloud.BaseURL(sandbox.URL),
		rediscloud.Auth(sandbox.Keys.APIKey, sandbox.Keys.SecretKey), rediscloud.Logger(log.New(io.Discard, "", 0)))
	if err != nil {
		log.Panic(err)
	}

	// The clock stands still, and a new subscription takes its four minutes.
	clock := sandbox.Clock()
	takes := understudy.DurationsChange{Lengths: map[string]string{"subscription.creation": "4m"}}
	if err := clock.Freeze(ctx); err != nil {
		log.Panic(err)
	}
	if err := clock.SetDurations(ctx, takes); err != nil {
		log.Panic(err)
	}
	if _, err := sandbox.Faults().Arm(ctx, "flaky-5xx", ""); err != nil {
		log.Panic(err)
	}

	_, err = client.Subscription.Create(ctx, subscriptions.CreateSubscription{
		Name:          redis.String("shop"),
		PaymentMethod: redis.String("marketplace"),
		CloudProviders: []*subscriptions.CreateCloudProvider{{
			Regions: []*subscriptions.CreateRegion{{
				Region:     redis.String("us-east-1"),
				Networking: &subscriptions.CreateNetworking{DeploymentCIDR: redis.String("10.0.0.0/24")},
			}},
		}},
		Databases: []*subscriptions.CreateDatabase{{
			Name: redis.String("cache"), Protocol: redis.String("redis"), DatasetSizeInGB: redis.Float64(1),
		}},
	})
	fmt.Println(err != nil && strings.Contains(err.Error(), "503"))

	show := func() {
		list, err := client.Subscription.List(ctx)
		if err != nil {
			log.Panic(err)
		}
		for _, s := range list {
			fmt.Println(redis.StringValue(s.Name), redis.StringValue(s.Status))
		}
	}
	sent, err := sandbox.Journal(ctx, understudy.JournalQuery{Operation: "createProSubscription"})
	if err != nil {
		log.Panic(err)
	}
	if _, err := sandbox.Wait(ctx, understudy.Await{Task: sent[0].Task}); err != nil {
		log.Panic(err)
	}
	show()
	if _, err := clock.Step(ctx); err != nil { // to the next thing that is due
		log.Panic(err)
	}
	show()
	// Output:
	// true
	// shop pending
	// shop active
}
