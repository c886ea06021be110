package sdk

import (
	"context"
	"io"
	"log"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	rediscloud "github.com/RedisLabs/rediscloud-go-api"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// answers are the statuses that an SDK client got, in order.
type answers struct {
	mu       sync.Mutex
	statuses []int
	refused  func() // called with a 429
}

// RoundTrip sends one request of the SDK.
func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.statuses = append(a.statuses, res.StatusCode); res.StatusCode == http.StatusTooManyRequests {
			a.refused()
		}
	}
	return res, err
}

// client sends a request within a time: too little of it to wait for the next minute,
// and no more than a second once it has been refused.
func (a *answers) client(t *testing.T, server *servetest.Server) func(within time.Duration) error {
	t.Helper()
	client, err := rediscloud.NewClient(
		rediscloud.BaseURL(server.URL), rediscloud.Auth(server.APIKey, server.SecretKey),
		rediscloud.Logger(log.New(io.Discard, "", 0)), rediscloud.Transporter(a),
	)
	if err != nil {
		t.Fatal(err)
	}
	return func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		a.refused = func() { time.AfterFunc(time.Second, cancel) }
		_, err := client.Account.ListPaymentMethods(ctx)
		return err
	}
}

// The SDK's own limiter believes the header: it uses the limit up, waits for the
// minute to end instead of running into a 429, and tries again where another client
// of the account has used it up.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	const limit, answered = 5, 30 * time.Second
	server := servetest.Start(t, servetest.Options{Args: []string{"--rate-limit", "5"}})
	var first, second answers
	list := first.client(t, server)
	for i := range limit {
		if err := list(answered); err != nil {
			t.Errorf("request %d of %d: %v", i+1, limit, err)
		}
	}
	if err := list(time.Second); err == nil {
		t.Error("one more than the limit was let pass")
	}
	if !slices.Equal(first.statuses, slices.Repeat([]int{http.StatusOK}, limit)) {
		t.Errorf("the client got %v, want to have waited", first.statuses)
	}
	err := second.client(t, server)(answered)
	if err == nil || !slices.Equal(second.statuses, []int{http.StatusTooManyRequests}) {
		t.Errorf("another client got %v, %v; want to be told once, and to wait", second.statuses, err)
	}
}
