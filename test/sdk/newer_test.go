package sdk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// What version 0.46.0 of the SDK sends and decodes and this version does not, as plain HTTP. It is no substitute for
// that version: its own decoder is not asked.

// object is what a client decodes.
type object = map[string]any

// get is an object of the API.
func (s *session) get(t *testing.T, path string) (got object) {
	t.Helper()
	status, _, text := s.server.Do(http.MethodGet, path, nil)
	if err := json.Unmarshal(text, &got); err != nil || status != http.StatusOK {
		t.Fatalf("GET %s: got %d %s", path, status, text)
	}
	return got
}

// send is a request whose task has to be completed; it returns the id of what was made.
func (s *session) send(t *testing.T, method, path string, body any) int {
	t.Helper()
	task := s.server.Accept(method, path, body)
	if task.Status != "processing-completed" {
		t.Fatalf("%s %s: got %+v, want a completed task", method, path, task)
	}
	return task.Response.ResourceID
}

// ramOfDatabases is ramPercentage of Pro databases, where they are created and changed, and where their subscription
// is.
func ramOfDatabases(t *testing.T, s *session) {
	body := servetest.SubscriptionBody("sdk-ram-percentage")
	body["memoryStorage"] = "ram-and-flash"
	body["databases"] = []any{object{"name": "first", "protocol": "redis", "datasetSizeInGb": 100, "ramPercentage": 20}}
	subscription := s.send(t, http.MethodPost, "/subscriptions", body)
	s.awaitSubscription(t, subscription)
	path := fmt.Sprintf("/subscriptions/%d/databases", subscription)
	id := s.send(t, http.MethodPost, path, object{"name": "large", "datasetSizeInGb": 100, "ramPercentage": 30})
	s.awaitDatabase(t, subscription, id)
	path += fmt.Sprintf("/%d", id)
	if got := s.get(t, path)["ramPercentage"]; got != 30.0 {
		t.Errorf("a new database: got %v, want 30", got)
	}
	s.send(t, http.MethodPut, path, object{"ramPercentage": 50})
	s.awaitDatabase(t, subscription, id)
	if got := s.get(t, path)["ramPercentage"]; got != 50.0 {
		t.Errorf("after the update: got %v, want 50", got)
	}
}

// versionsOfEssentials are the Redis version of an Essentials database, and its upgrade.
func versionsOfEssentials(t *testing.T, s *session) {
	subscription := s.subscribeEssentials(t, "sdk-essentials-version")
	path := fmt.Sprintf("/fixed/subscriptions/%d/databases", subscription)
	id := s.send(t, http.MethodPost, path, object{"name": "dated", "redisVersion": "7.2"})
	s.awaitEssentialsDatabase(t, subscription, id)
	path += fmt.Sprintf("/%d", id)
	if got := s.get(t, path)["redisVersion"]; got != "7.2" {
		t.Errorf("a new database: got %v, want 7.2", got)
	}
	s.send(t, http.MethodPost, path+"/upgrade", object{"targetRedisVersion": "7.4"})
	s.awaitEssentialsDatabase(t, subscription, id)
	if got := s.get(t, path)["redisVersion"]; got != "7.4" {
		t.Errorf("after the upgrade: got %v, want 7.4", got)
	}
}

// viewsOfSubscriptions are members of subscriptions and regions.
func viewsOfSubscriptions(t *testing.T, s *session) {
	id := s.subscribe(t, "sdk-views", planned("first"))
	got := s.get(t, fmt.Sprintf("/subscriptions/%d", id))
	details, _ := got["cloudDetails"].([]any)
	if len(details) != 1 || details[0].(object)["awsAccountId"] == nil ||
		got["persistentStorageEncryptionType"] != "cloud-provider-managed-key" {
		t.Errorf("got %v, want the AWS account and who manages its keys", got)
	}
	regions, _ := s.get(t, "/regions")["regions"].([]any)
	if len(regions) == 0 {
		t.Fatal("got no regions")
	}
	for _, region := range regions {
		if id, ok := region.(object)["id"].(float64); !ok || id == 0 {
			t.Errorf("got region %v, want an id", region)
		}
	}
}

// gatewayInvitations are listed through a task, accepted and refused, of a subscription and of one of its regions.
func gatewayInvitations(t *testing.T, s *session) {
	single := s.subscribe(t, "sdk-invitations", planned("first"))
	several := s.subscribeTo(t, activeActive("sdk-invitations-regions", "AWS", "us-east-1", "eu-west-1"), "active")
	regions, err := s.client.Subscription.ListActiveActiveRegions(s.ctx, several)
	if err != nil || len(regions) != 2 {
		t.Fatalf("got regions %v, %v, want two", regions, err)
	}
	for _, path := range []string{
		fmt.Sprintf("/subscriptions/%d/transitGateways/invitations", single),
		fmt.Sprintf("/subscriptions/%d/regions/%d/transitGateways/invitations", several, redis.IntValue(regions[0].RegionId)),
	} {
		// The newer SDK reads the finished task once more.
		invitation := func() object {
			t.Helper()
			task := s.server.Task(s.server.Accept(http.MethodGet, path, nil).ID)
			var resource struct{ Resources []object }
			if err := json.Unmarshal(task.Response.Resource, &resource); err != nil || len(resource.Resources) != 1 {
				t.Fatalf("GET %s: got %s, %v, want one invitation", path, task.Response.Resource, err)
			}
			return resource.Resources[0]
		}
		first := invitation()
		for _, member := range []string{"name", "resourceShareUid", "awsAccountId", "sharedDate"} {
			if text, ok := first[member].(string); !ok || text == "" {
				t.Errorf("got invitation %v, want its %s", first, member)
			}
		}
		got := []any{first["status"]}
		for _, action := range []string{"accept", "reject"} {
			task := s.server.Accept(http.MethodPut, fmt.Sprintf("%s/%.0f/%s", path, first["id"], action), nil)
			if (task.Response.Error == nil) != (action == "accept") {
				t.Errorf("%s: got %+v, want what is accepted to be no invitation any more", action, task)
			}
			got = append(got, invitation()["status"])
		}
		if diff := cmp.Diff([]any{"pending", "accepted", "accepted"}, got); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", path, diff)
		}
	}
}
