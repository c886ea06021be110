package rediscloud_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
)

// deletion is an operation that takes something out of the cloud. window says what its resource shows after the task
// has ended; that is right only where the official clients go on to look at the resource until it has gone. Everything
// else they take for gone with the task.
type deletion struct {
	window string
	begin  func(t *testing.T, s *deletionScene) (path string, body any, look func() any)
}

// deletionScene has subscriptions of each sort for what is in them.
type deletionScene struct {
	*apitest.Account
	aws, gcp, awsRegion, gcpRegion string
	after                          func() // takes out what the deleted thing was in
}

func newDeletionScene(t *testing.T, a *apitest.Account) *deletionScene {
	t.Helper()
	s := &deletionScene{Account: a, aws: a.Subscription("aws"), gcp: googleSubscription(a), gcpRegion: googleRegion(a)}
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("regions")))
	a.Settle(sub, "active")
	s.awsRegion = fmt.Sprintf("%s/regions/%.0f",
		sub, a.Do(http.MethodGet, sub+"/regions", nil).Get("regions", 0, "regionId"))
	return s
}

// item looks for something in a list that is answered at once: its status, or "there"; nil: it is not listed.
func (s *deletionScene) item(t *testing.T, path, member string, id int64) func() any {
	return func() any {
		found := item(t, s.Account, path, member, id)
		if found == nil {
			return nil
		}
		if status, ok := found["status"]; ok {
			return status
		}
		return "there"
	}
}

// got looks at a resource alone.
func (s *deletionScene) got(path string) any {
	answer := s.Do(http.MethodGet, path, nil)
	if answer.Status == http.StatusNotFound {
		return nil
	}
	return answer.Get("status")
}

// both looks at it alone and in its list, which must agree.
func (s *deletionScene) both(t *testing.T, list, member string, id int64) func() any {
	listed := s.item(t, list, member, id)
	return func() any {
		one, other := s.got(fmt.Sprintf("%s/%d", list, id)), listed()
		if one != other && (one == nil) != (other == nil) && s.got(fmt.Sprintf("%s/%d", list, id)) == one {
			t.Errorf("%s/%d is %v, and listed as %v", list, id, one, other)
		}
		return other
	}
}

// found looks by a read that is answered with a task.
func (s *deletionScene) found(t *testing.T, path string, member ...any) func() any {
	return func() any { return resource(s.Run(http.MethodGet, path, nil), member...) }
}

func deletions() map[string]deletion {
	inPlace := func(
		begin func(t *testing.T, s *deletionScene, place string) (string, any, func() any), place func(*deletionScene) string,
	) deletion {
		return deletion{begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			return begin(t, s, place(s))
		}}
	}
	aws := func(s *deletionScene) string { return s.aws }
	gcp := func(s *deletionScene) string { return s.gcp }
	awsRegion := func(s *deletionScene) string { return s.awsRegion }
	gcpRegion := func(s *deletionScene) string { return s.gcpRegion }
	return map[string]deletion{
		"deleteUser": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			id := int64(s.Do(http.MethodGet, "/v1/users", nil).Get("users", 1, "id").(float64))
			return fmt.Sprintf("/v1/users/%d", id), nil, s.item(t, "/v1/users", "users", id)
		}},
		"deleteCloudAccount": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			id := s.Create("/v1/cloud-accounts", cloudAccountBody("ours", "AKIA1"))
			path := fmt.Sprintf("/v1/cloud-accounts/%d", id)
			s.Settle(path, "active")
			return path, nil, s.both(t, "/v1/cloud-accounts", "cloudAccounts", id)
		}},
		// The provider looks for rules, roles and users until they have gone.
		"deleteAclRedisRule": {window: "deleting", begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			id := s.Create("/v1/acl/redisRules", `{"name": "rule", "redisRule": "+get ~*"}`)
			return fmt.Sprintf("/v1/acl/redisRules/%d", id), nil, s.item(t, "/v1/acl/redisRules", "redisRules", id)
		}},
		"deleteAclRole": {window: "deleting", begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			id := s.role(t, "role to go")
			return fmt.Sprintf("/v1/acl/roles/%d", id), nil, s.item(t, "/v1/acl/roles", "roles", id)
		}},
		"deleteAclUser": {window: "deleting", begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			s.role(t, "role to stay")
			id := s.Create("/v1/acl/users", `{"name": "anna", "role": "role to stay", "password": "Long-enough-1"}`)
			path := fmt.Sprintf("/v1/acl/users/%d", id)
			s.Settle(path, "active")
			return path, nil, s.both(t, "/v1/acl/users", "users", id)
		}},
		// So it does for subscriptions.
		"deleteProSubscription": {window: "deleting", begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			path := s.Subscription("unwanted")
			wantDone(t, s.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%d", path, firstDatabase(t, s.Account, path)), nil))
			return path, nil, s.both(t, "/v1/subscriptions", "subscriptions", subscriptionID(t, path))
		}},
		"deleteEssentialsSubscription": {
			window: "deleting",
			begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
				id, path := s.essentials(t)
				return path, nil, s.both(t, "/v1/fixed/subscriptions", "subscriptions", id)
			},
		},
		// And for the databases of Active-Active subscriptions.
		"deleteProDatabase": {window: "deleting", begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			id := s.Create(s.aws+"/databases", `{"name": "unwanted", "datasetSizeInGb": 1}`)
			s.Settle(s.aws, "active")
			path := fmt.Sprintf("%s/databases/%d", s.aws, id)
			return path, nil, func() any { return s.got(path) }
		}},
		"deleteEssentialsDatabase": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			_, sub := s.essentials(t)
			path := fmt.Sprintf("%s/databases/%d", sub, s.Create(sub+"/databases", `{"name": "unwanted"}`))
			s.Settle(path, "active")
			return path, nil, func() any {
				if listed := s.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", "databases", 0); listed != nil {
					return listed
				}
				return s.got(path)
			}
		}},
		"deleteActiveActiveRegions": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			sub := fmt.Sprintf("/v1/subscriptions/%d", s.Create("/v1/subscriptions", activeActiveBody("smaller")))
			s.Settle(sub, "active")
			return sub + "/regions", `{"regions": [{"region": "us-east-2"}]}`, func() any {
				if there := s.Do(http.MethodGet, sub, nil).Get("cloudDetails", 0, "regions", 1); there != nil {
					return there
				}
				return s.Do(http.MethodGet, sub+"/regions", nil).Get("regions", 1)
			}
		}},
		"deleteVpcPeering": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			id := s.Create(s.aws+"/peerings",
				`{"region": "eu-west-1", "awsAccountId": "210987654321", "vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.20.0.0/16"}`)
			return fmt.Sprintf("%s/peerings/%d", s.aws, id), nil, s.found(t, s.aws+"/peerings", "peerings", 0)
		}},
		"deleteActiveActiveVpcPeering": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			path := fmt.Sprintf("/v1/subscriptions/%d/regions/peerings", subscriptionID(t, s.gcpRegion))
			id := s.Create(path,
				`{"provider": "gcp", "sourceRegion": "us-central1", "vpcProjectUid": "cloud-api-123456", "vpcNetworkName": "shop"}`)
			return fmt.Sprintf("%s/%d", path, id), nil, s.found(t, path, "regions", 0, "vpcPeerings", 0)
		}},
		"deleteTransitGatewayAttachment":             inPlace(attachmentToGo, aws),
		"deleteActiveActiveTransitGatewayAttachment": inPlace(attachmentToGo, awsRegion),
		"deletePscService":                           inPlace(serviceToGo, gcp),
		"deleteActiveActivePscService":               inPlace(serviceToGo, gcpRegion),
		"deletePscEndpoint":                          inPlace(endpointToGo, gcp),
		"deleteActiveActivePscEndpoint":              inPlace(endpointToGo, gcpRegion),
		"deletePrivateLink":                          inPlace(linkToGo, aws),
		"deleteActiveActivePrivateLink":              inPlace(linkToGo, awsRegion),
		"deletePrivateLinkPrincipal":                 inPlace(principalToGo, aws),
		"deleteActiveActivePrivateLinkPrincipal":     inPlace(principalToGo, awsRegion),
		"deleteProDatabaseTag": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			tags := fmt.Sprintf("%s/databases/%d/tags", s.aws, firstDatabase(t, s.Account, s.aws))
			return tagToGo(s, tags)
		}},
		"deleteEssentialsDatabaseTag": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			_, sub := s.essentials(t)
			path := fmt.Sprintf("%s/databases/%d", sub, s.Create(sub+"/databases", `{"name": "tagged"}`))
			s.Settle(path, "active")
			return tagToGo(s, path+"/tags")
		}},
		"deleteDataIntegrationWorkspace": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			return documentToGo(s, s.aws+"/data-integration-workspace")
		}},
		"deleteDataIntegrationWorkspaceSubpath": {begin: func(t *testing.T, s *deletionScene) (string, any, func() any) {
			return documentToGo(s, s.gcp+"/data-integration-workspace/some/path")
		}},
	}
}

func (s *deletionScene) essentials(t *testing.T) (id int64, path string) {
	t.Helper()
	id = s.Create("/v1/fixed/subscriptions", map[string]any{"name": "small", "planId": 34858, "paymentMethodId": visa})
	path = fmt.Sprintf("/v1/fixed/subscriptions/%d", id)
	s.Settle(path, "active")
	return id, path
}

func (s *deletionScene) role(t *testing.T, name string) int64 {
	t.Helper()
	id := s.Create("/v1/acl/roles", map[string]any{"name": name, "redisRules": []any{map[string]any{
		"ruleName": "Full-Access", "databases": []any{map[string]any{
			"subscriptionId": subscriptionID(t, s.aws), "databaseId": firstDatabase(t, s.Account, s.aws),
		}},
	}}})
	s.Pass(apitest.SettleTime)
	apitest.Eventually(t, name+" is active", func() bool {
		return item(t, s.Account, "/v1/acl/roles", "roles", id)["status"] == "active"
	})
	return id
}

func attachmentToGo(t *testing.T, s *deletionScene, place string) (string, any, func() any) {
	list := place + "/transitGateways"
	wantDone(t, s.Run(http.MethodPut, list+"/invitations/101/accept", nil))
	path := fmt.Sprintf("%s/%.0f/attachment", list, resource(s.Run(http.MethodGet, list, nil), "tgws", 0, "id"))
	wantDone(t, s.Run(http.MethodPost, path, nil))
	return path, nil, s.found(t, list, "tgws", 0, "attachmentStatus")
}

func serviceToGo(t *testing.T, s *deletionScene, place string) (string, any, func() any) {
	path := place + "/private-service-connect"
	s.Create(path, nil)
	return path, nil, s.found(t, path, "status")
}

func endpointToGo(t *testing.T, s *deletionScene, place string) (string, any, func() any) {
	path := place + "/private-service-connect"
	list := fmt.Sprintf("%s/%d", path, s.Create(path, nil))
	s.Pass(apitest.SettleTime)
	apitest.Eventually(t, "the service is active", func() bool {
		return resource(s.Run(http.MethodGet, path, nil), "status") == "active"
	})
	one := fmt.Sprintf("%s/endpoints/%d", list, s.Create(list, endpointBody))
	wantDone(t, s.Run(http.MethodGet, one+"/deletionScripts", nil))
	s.after = func() { wantDone(t, s.Run(http.MethodDelete, path, nil)) }
	return one, nil, s.found(t, list, "endpoints", 0)
}

func linkToGo(t *testing.T, s *deletionScene, place string) (string, any, func() any) {
	path := place + "/private-link"
	s.Create(path, `{"shareName": "orders", "principal": "210987654321", "type": "aws_account"}`)
	return path, nil, s.found(t, path, "status")
}

func principalToGo(t *testing.T, s *deletionScene, place string) (string, any, func() any) {
	path, _, _ := linkToGo(t, s, place)
	s.after = func() { wantDone(t, s.Run(http.MethodDelete, path, nil)) }
	return path + "/principals", `{"principal": "210987654321"}`, s.found(t, path, "principals", 0)
}

func tagToGo(s *deletionScene, tags string) (string, any, func() any) {
	s.Do(http.MethodPost, tags, `{"key": "team", "value": "web"}`)
	return tags + "/team", nil, func() any { return s.Do(http.MethodGet, tags, nil).Get("tags", 0) }
}

func documentToGo(s *deletionScene, path string) (string, any, func() any) {
	s.Do(http.MethodPut, path, `{"status": "there"}`)
	return path, nil, func() any { return s.got(path) }
}

// What a deletion has taken out is gone once its task is completed, for reads of it alone and for lists; or it is being
// deleted, where clients look on until it has gone.
func TestEveryDeletionIsDoneWithItsTask(t *testing.T) {
	document, err := compiled.Load(understudy.Document)
	if err != nil {
		t.Fatal(err)
	}
	table, names := deletions(), []string{}
	for _, op := range document.Operations() {
		if op.Method == http.MethodDelete {
			names = append(names, op.ID)
		}
	}
	slices.Sort(names)
	if len(names) != len(table) {
		t.Errorf("the document has %d deletions, and %d are tried", len(names), len(table))
	}
	apitest.AtEverySpeed(t, func(t *testing.T, a *apitest.Account) {
		s := newDeletionScene(t, a)
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				d, ok := table[name]
				if !ok {
					t.Fatal("it is not tried")
				}
				s := *s
				s.Account, s.after = s.At(s.For(t)), func() {}
				path, body, look := d.begin(t, &s)
				if look() == nil {
					t.Fatal("there is nothing to delete")
				}
				answer := s.Do(http.MethodDelete, path, body)
				if task, ok := answer.Get("taskId").(string); ok {
					wantDone(t, s.Finish(task))
				} else if answer.Status != http.StatusOK {
					t.Fatalf("got %d %s", answer.Status, answer.Body)
				}
				if got := look(); got != nil && got != d.window {
					t.Errorf("after the task: got %v, want it to be gone or %q", got, d.window)
				}
				if d.window != "" {
					s.Advance(apitest.SettleTime)
					apitest.Eventually(t, "it has gone", func() bool { return look() == nil })
				}
				s.after()
			})
		}
	})
}
