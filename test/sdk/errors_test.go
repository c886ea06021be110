package sdk

import (
	"errors"
	"strings"
	"testing"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/databases"
	"github.com/RedisLabs/rediscloud-go-api/service/maintenance"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"
	"github.com/RedisLabs/rediscloud-go-api/service/tags"
	"github.com/RedisLabs/rediscloud-go-api/service/transit_gateway/attachments"
)

const unknown = 987654321 // an id nothing has

func notFound(t *testing.T, s *session) {
	subscription := s.subscribe(t, "sdk-not-found", planned("first"))

	_, err := s.client.Subscription.Get(s.ctx, unknown)
	wantError[*subscriptions.NotFound](t, "unknown subscription", err)
	_, err = s.client.Database.Get(s.ctx, subscription, unknown)
	wantError[*databases.NotFound](t, "unknown database", err)
	_, err = s.client.Database.Get(s.ctx, unknown, unknown)
	wantError[*databases.NotFound](t, "database of an unknown subscription", err)
	_, err = s.client.Tags.Get(s.ctx, subscription, unknown)
	wantError[*tags.NotFound](t, "tags of an unknown database", err)
	_, err = s.client.Maintenance.Get(s.ctx, unknown)
	wantError[*maintenance.NotFound](t, "maintenance windows of an unknown subscription", err)
	_, err = s.client.Subscription.GetCIDRAllowlist(s.ctx, unknown)
	wantError[*subscriptions.NotFound](t, "allow list of an unknown subscription", err)
	_, err = s.client.Subscription.ListVPCPeering(s.ctx, unknown)
	wantError[*subscriptions.NotFound](t, "peerings of an unknown subscription", err)
	_, err = s.client.TransitGatewayAttachments.Get(s.ctx, unknown)
	wantError[*attachments.NotFound](t, "transit gateways of an unknown subscription", err)
	_, err = s.client.Pricing.List(s.ctx, unknown) // the SDK has a type for it and forgets to use it
	if err == nil || !strings.Contains(err.Error(), ": 404 - ") {
		t.Errorf("pricing of an unknown subscription: got %v, want a 404", err)
	}

	// To the SDK the list of a subscription that is gone is an empty one.
	if list := s.client.Database.List(s.ctx, unknown); list.Next() || list.Err() != nil {
		t.Errorf("databases of an unknown subscription: got %v, %v, want none", list.Value(), list.Err())
	}
}

// wantError checks that an error is of the SDK's type E.
func wantError[E error](t *testing.T, what string, err error) {
	t.Helper()
	if want, ok := errors.AsType[E](err); !ok {
		t.Errorf("%s: got %v, want %T", what, err, want)
	}
}

// taskError is what the SDK makes of a task's error object; its type is internal there.
type taskError interface {
	error
	StatusCode() string // the number of the error's status
}

// What needs the state of the account to be judged is accepted first, and its task then fails with an error object.
func taskErrors(t *testing.T, s *session) {
	subscription := s.subscribe(t, "sdk-task-errors", planned("first"))
	database := databases.CreateDatabase{Name: redis.String("lost"), DatasetSizeInGB: redis.Float64(1)}
	tests := []struct {
		name   string
		call   func() error
		code   string
		status string
	}{
		{"database in an unknown subscription", func() error {
			_, err := s.client.Database.Create(s.ctx, unknown, database)
			return err
		}, "SUBSCRIPTION_NOT_FOUND", "404"},
		{"update of an unknown database", func() error {
			return s.client.Database.Update(s.ctx, subscription, unknown, databases.UpdateDatabase{Name: redis.String("new")})
		}, "DATABASE_NOT_FOUND", "404"},
		{"deletion of an unknown database", func() error {
			return s.client.Database.Delete(s.ctx, subscription, unknown)
		}, "DATABASE_NOT_FOUND", "404"},
		{"unknown payment method", func() error {
			update := subscriptions.UpdateSubscription{PaymentMethodID: redis.Int(unknown)}
			return s.client.Subscription.Update(s.ctx, subscription, update)
		}, "SUBSCRIPTION_PI_NOT_FOUND", "400"},
		{"deletion of a subscription in use", func() error {
			return s.client.Subscription.Delete(s.ctx, subscription)
		}, "SUBSCRIPTION_IN_USE", "400"},
	}
	for _, test := range tests {
		err := test.call()
		task, ok := errors.AsType[taskError](err)
		if !ok {
			t.Errorf("%s: got %v, want the error of a task", test.name, err)
			continue
		}
		if got := task.StatusCode(); got != test.status || !strings.Contains(task.Error(), test.code+": ") {
			t.Errorf("%s: got %q, want %s %s", test.name, task, test.status, test.code)
		}
	}
	// None of it left a trace.
	s.awaitSubscription(t, subscription)
	if got := s.databaseNames(t, subscription); len(got) != 1 {
		t.Errorf("got the databases %v, want one", got)
	}
}

// What the contract forbids is refused at once, naming the field.
func refusedRequests(t *testing.T, s *session) {
	subscription := s.subscribe(t, "sdk-refused", planned("first"))
	tests := []struct{ field, value string }{
		{"protocol", "telnet"},
		{"dataPersistence", "sometimes"},
	}
	for _, test := range tests {
		create := databases.CreateDatabase{Name: redis.String("refused"), DatasetSizeInGB: redis.Float64(1)}
		switch test.field {
		case "protocol":
			create.Protocol = redis.String(test.value)
		case "dataPersistence":
			create.DataPersistence = redis.String(test.value)
		}
		_, err := s.client.Database.Create(s.ctx, subscription, create)
		if err == nil || !strings.Contains(err.Error(), ": 400 - ") || !strings.Contains(err.Error(), test.field) {
			t.Errorf("%s %q: got %v, want a 400 that names the field", test.field, test.value, err)
		}
	}
}

func wrongCredentials(t *testing.T, s *session) {
	client := newClient(t, s.server, "not-the-secret-key")
	_, err := client.Account.ListPaymentMethods(s.ctx)
	if err == nil || !strings.Contains(err.Error(), ": 401 - ") {
		t.Errorf("list payment methods: got %v, want a 401", err)
	}
	_, err = client.Subscription.Create(s.ctx, subscriptions.CreateSubscription{Name: redis.String("sdk-foreign")})
	if err == nil || !strings.Contains(err.Error(), ": 401 - ") {
		t.Errorf("create a subscription: got %v, want a 401", err)
	}
}
