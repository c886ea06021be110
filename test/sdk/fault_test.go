package sdk

import (
	"context"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	rediscloud "github.com/RedisLabs/rediscloud-go-api"
	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/databases"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"
	"github.com/RedisLabs/rediscloud-go-api/service/transit_gateway/attachments"

	"github.com/understudy-dev/understudy"
)

// struck is an account in which something goes wrong, with a subscription and a database from before.
type struck struct {
	*understudy.Sandbox
	t            *testing.T
	ctx          context.Context
	client       *rediscloud.Client
	answers      *struckAnswers
	subscription int
	database     int
}

// struckAnswers takes note of the answers to the SDK. They are not held to the document: that is what goes wrong.
type struckAnswers struct {
	mu       sync.Mutex
	headers  []http.Header
	statuses []int
}

// RoundTrip sends one request of the SDK.
func (a *struckAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		a.mu.Lock()
		a.headers, a.statuses = append(a.headers, res.Header), append(a.statuses, res.StatusCode)
		a.mu.Unlock()
	}
	return res, err
}

// last is the header of the last answer.
func (a *struckAnswers) last() http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	return last(a.headers)
}

// since are the statuses of the answers after the first n.
func (a *struckAnswers) since(n int) []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.statuses[n:])
}

// strike starts a sandbox and makes what there is before anything goes wrong. What is asked for takes no time; what
// faults add is divided by the speed.
func strike(t *testing.T, speed float64) *struck {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	s := &struck{
		Sandbox: understudy.StartT(t, understudy.Options{Speed: speed}), t: t, ctx: ctx, answers: &struckAnswers{},
	}
	s.must(s.Clock().SetDurations(ctx, understudy.DurationsChange{Speed: new(0.0)}))
	s.client = s.another()
	var err error
	if s.subscription, err = s.client.Subscription.Create(ctx, s.plan("before")); err != nil {
		t.Fatal(err)
	}
	list := s.client.Database.List(ctx, s.subscription)
	if !list.Next() {
		t.Fatalf("no database: %v", list.Err())
	}
	s.database = redis.IntValue(list.Value().ID)
	return s
}

// takes says how long some kinds of work take; all others take no time.
func (s *struck) takes(length string, kinds ...string) {
	s.t.Helper()
	change := understudy.DurationsChange{Lengths: map[string]string{}}
	for _, kind := range kinds {
		change.Lengths[kind] = length
	}
	s.must(s.Clock().SetDurations(s.ctx, change))
}

// wantStates waits for the first state of something, stops the clock and checks the state after each length of time.
func (s *struck) wantStates(state func() string, length time.Duration, states ...string) {
	s.t.Helper()
	s.until("it is "+states[0], func() bool { return state() == states[0] })
	s.must(s.Clock().Freeze(s.ctx))
	for i, want := range states[1:] {
		_, err := s.Clock().Advance(s.ctx, length)
		s.must(err)
		if got := state(); got != want {
			s.t.Errorf("after %v more the state is %q, want %q", time.Duration(i+1)*length, got, want)
		}
	}
}

// ruleState returns what shows the state of a rule of access control.
func (s *struck) ruleState(id int) func() string {
	return func() string {
		got, err := s.client.RedisRules.Get(s.ctx, id)
		s.must(err)
		return redis.StringValue(got.Status)
	}
}

// another is another client of the account, which has counted no requests yet.
func (s *struck) another() *rediscloud.Client {
	s.t.Helper()
	client, err := rediscloud.NewClient(
		rediscloud.BaseURL(s.URL), rediscloud.Auth(s.Keys.APIKey, s.Keys.SecretKey),
		rediscloud.Transporter(s.answers), rediscloud.Logger(log.New(io.Discard, "", 0)),
	)
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

// plan is a subscription with one database, paid with the sandbox's own card.
func (s *struck) plan(name string) subscriptions.CreateSubscription {
	cards, err := s.client.Account.ListPaymentMethods(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	plan := oneRegion(name)
	plan.PaymentMethodID = cards[0].ID
	return plan
}

// hits is how often the rules have struck.
func (s *struck) hits() (n int64) {
	s.t.Helper()
	rules, err := s.Faults().List(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range rules {
		n += r.Hits
	}
	return n
}

// wantError checks that the SDK says something, and that the rules took note of the hit.
func (s *struck) wantError(err error, text string) {
	s.t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		s.t.Errorf("got error %v, want one that says %q", err, text)
	}
	if s.hits() == 0 {
		s.t.Error("no hit is recorded")
	}
}

func (s *struck) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Error(err)
	}
}

// within bounds a call that would go on.
func (s *struck) within(d time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(s.ctx, d)
	defer cancel()
	return call(ctx)
}

// The calls of the stories below.

func (s *struck) list(ctx context.Context) error {
	_, err := s.client.Subscription.List(ctx)
	return err
}

func (s *struck) get() *databases.Database {
	s.t.Helper()
	db, err := s.client.Database.Get(s.ctx, s.subscription, s.database)
	if err != nil {
		s.t.Fatal(err)
	}
	return db
}

func (s *struck) create(ctx context.Context, name string) (int, error) {
	return s.client.Database.Create(ctx, s.subscription, databases.CreateDatabase{
		Name: redis.String(name), DatasetSizeInGB: redis.Float64(1),
	})
}

func (s *struck) rename(name string) error {
	return s.client.Database.Update(s.ctx, s.subscription, s.database, databases.UpdateDatabase{Name: redis.String(name)})
}

func (s *struck) names() (names []string) {
	s.t.Helper()
	list := s.client.Database.List(s.ctx, s.subscription)
	for list.Next() {
		names = append(names, redis.StringValue(list.Value().Name))
	}
	s.must(list.Err())
	return names
}

// send sends a request without the SDK and waits until what comes of it is done.
func (s *struck) send(method, path string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.ctx, method, s.URL+path, nil)
	s.must(err)
	req.Header.Set("X-Api-Key", s.Keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", s.Keys.SecretKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusAccepted {
		s.t.Fatalf("%s %s: got %+v, %v", method, path, res, err)
	}
	_ = res.Body.Close() // nothing is read
	s.must(s.WaitIdle(s.ctx))
}

// gateway is the only transit gateway.
func (s *struck) gateway() *attachments.TransitGatewayAttachment {
	s.t.Helper()
	got, err := s.client.TransitGatewayAttachments.Get(s.ctx, s.subscription)
	if err != nil || got.Response.Resource == nil || len(got.Response.Resource.TransitGatewayAttachment) != 1 {
		s.t.Fatalf("got %+v, %v, want one transit gateway", got, err)
	}
	return got.Response.Resource.TransitGatewayAttachment[0]
}

func last[T any](list []T) T { return list[len(list)-1] }

// tenth sends requests until one fails, which has to be the tenth.
func (s *struck) tenth(text string) {
	s.t.Helper()
	for i := range 10 {
		err := s.list(s.ctx)
		switch {
		case i == 9:
			s.wantError(err, text)
		case err != nil:
			s.t.Fatalf("request %d: %v", i+1, err)
		}
	}
}
