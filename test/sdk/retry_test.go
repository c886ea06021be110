package sdk

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	rediscloud "github.com/RedisLabs/rediscloud-go-api"
	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// lossy is a network that loses every third answer to a write, and a client that
// then sends the write again under the same idempotency key until it has one.
type lossy struct {
	answers, lost, replayed *atomic.Int64 // so far
}

// RoundTrip sends one request of the SDK.
func (l lossy) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet || req.Method == http.MethodDelete {
		return http.DefaultTransport.RoundTrip(req)
	}
	key := rand.Text()
	for {
		again := req.Clone(req.Context())
		again.Header.Set("Idempotency-Key", key)
		if req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			again.Body = body
		}
		res, err := http.DefaultTransport.RoundTrip(again)
		if err != nil {
			return nil, err
		}
		if res.Header.Get("Idempotent-Replayed") == "true" {
			l.replayed.Add(1)
		}
		if l.answers.Add(1)%3 != 0 {
			return res, nil
		}
		l.lost.Add(1)
		_, err = io.Copy(io.Discard, res.Body)
		if closed := res.Body.Close(); err != nil || closed != nil {
			return nil, fmt.Errorf("lose an answer: %w, %w", err, closed)
		}
	}
}

// A thousand creations over a network that loses every third answer make a
// thousand subscriptions.
func TestLostAnswersMakeNoDuplicates(t *testing.T) {
	t.Parallel()
	const clients, each = 10, 100
	server := servetest.Start(t, servetest.Options{Args: []string{"--speed", "0", "--log-level", "warn"}})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	network := lossy{new(atomic.Int64), new(atomic.Int64), new(atomic.Int64)}
	var ids sync.Map
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			client, err := rediscloud.NewClient(
				rediscloud.BaseURL(server.URL), rediscloud.Auth(server.APIKey, server.SecretKey),
				rediscloud.Logger(log.New(io.Discard, "", 0)), rediscloud.Transporter(network),
			)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range each {
				name := fmt.Sprintf("lossy-%d-%d", c, i)
				id, err := client.Subscription.Create(ctx, oneRegion(name))
				if err != nil {
					t.Errorf("create %s: %v", name, err)
					return
				}
				if other, twice := ids.LoadOrStore(id, name); twice {
					t.Errorf("%s and %v have the id %d", name, other, id)
				}
			}
		})
	}
	all.Wait()
	list, err := newClient(t, server, server.SecretKey).Subscription.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, sub := range list {
		count[redis.StringValue(sub.Name)]++
	}
	if len(list) != clients*each || len(count) != clients*each {
		t.Errorf("%d subscriptions with %d names, want %d of each", len(list), len(count), clients*each)
	}
	if lost, replayed := network.lost.Load(), network.replayed.Load(); lost < clients*each/3 || replayed != lost {
		t.Errorf("%d answers were lost, %d were replayed", lost, replayed)
	}
}

// oneRegion is a subscription with one small database.
func oneRegion(name string) subscriptions.CreateSubscription {
	return subscriptions.CreateSubscription{
		Name: redis.String(name), PaymentMethodID: redis.Int(servetest.Card),
		CloudProviders: []*subscriptions.CreateCloudProvider{{
			Regions: []*subscriptions.CreateRegion{{
				Region:     redis.String("eu-west-1"),
				Networking: &subscriptions.CreateNetworking{DeploymentCIDR: redis.String("10.11.12.0/24")},
			}},
		}},
		Databases: []*subscriptions.CreateDatabase{planned("first")},
	}
}
