package control_test

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// readTask asks for something by way of a task and returns what was read.
func (f *fixture) readTask(t *testing.T, keys sandbox.KeyPair, path string) map[string]any {
	t.Helper()
	id := f.task(t, keys, http.MethodGet, path, "")
	must(t, f, control.Wait, control.Await{Task: id})
	var task struct {
		Response struct {
			Resource map[string]any `json:"resource"`
		} `json:"response"`
	}
	f.request(t, keys, http.MethodGet, "/tasks/"+id, "", &task)
	return task.Response.Resource
}

// done asks for something and returns the id of its resource, once all is provisioned.
func (f *fixture) done(t *testing.T, keys sandbox.KeyPair, method, path, body string) int64 {
	t.Helper()
	id := f.task(t, keys, method, path, body)
	out := must(t, f, control.Wait, control.Await{Task: id, State: sandbox.TaskProvisioned})
	if !out.Reached {
		t.Fatalf("%s %s came out as %+v, %+v", method, path, out, out.Task)
	}
	return out.Task.ResourceID
}

func TestExternalEvents(t *testing.T) {
	t.Parallel()
	f := start(t)
	a := f.account(t)
	account := a.Account.Name
	trigger := func(event string, inputs map[string]any) control.NewExternal {
		return control.NewExternal{Account: account, Event: event, Inputs: inputs}
	}
	var names []string
	for _, e := range must(t, f, control.ListExternals, control.None{}).Events {
		names = append(names, e.Name)
	}
	want := []string{
		"accept-peering", "reject-peering", "accept-transit-gateway", "reject-transit-gateway", "connect-private-link",
		"fail-backup",
	}
	if !slices.Equal(names, want) {
		t.Errorf("there are external events %v, want %v", names, want)
	}

	sub := f.done(t, a.Keys, http.MethodPost, "/subscriptions", newSubscription)
	path := fmt.Sprintf("/subscriptions/%d", sub)
	peering := f.done(t, a.Keys, http.MethodPost, path+"/peerings", `{"region": "us-east-1",
		"awsAccountId": "123456789012",
		"vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.16.0.0/24"}`)
	for _, tt := range [][2]string{{"reject-peering", "failed"}, {"accept-peering", "active"}} {
		must(t, f, control.TriggerExternal, trigger(tt[0], map[string]any{"peering": peering}))
		got := f.readTask(t, a.Keys, path+"/peerings")["peerings"].([]any)[0].(map[string]any)["status"]
		if got != tt[1] {
			t.Errorf("after %s the peering is %v, want %s", tt[0], got, tt[1])
		}
	}

	f.done(t, a.Keys, http.MethodPost, path+"/private-link",
		`{"shareName": "share", "principal": "210987654321", "type": "aws_account"}`)
	connect := map[string]any{"subscription": sub, "principal": "210987654321"}
	must(t, f, control.TriggerExternal, trigger("connect-private-link", connect))
	connections := f.readTask(t, a.Keys, path+"/private-link")["connections"].([]any)
	if len(connections) != 1 || connections[0].(map[string]any)["ownerId"] != "210987654321" {
		t.Fatalf("the PrivateLink has connections %v", connections)
	}
	f.done(t, a.Keys, http.MethodPost, path+"/private-link/connections/disassociate", fmt.Sprintf(
		`{"connections": [{"associationId": %q, "type": "endpoint", "principalId": "210987654321"}]}`,
		connections[0].(map[string]any)["associationId"]))
	if left := f.readTask(t, a.Keys, path+"/private-link")["connections"].([]any); len(left) != 0 {
		t.Errorf("connections %v are left", left)
	}

	database := f.databaseOf(t, a.Keys, path+"/databases")
	f.done(t, a.Keys, http.MethodPost, fmt.Sprintf("%s/databases/%d/backup", path, database),
		`{"adhocBackupPath": "s3://here"}`)
	refused(t, f, "EXTERNAL_REFUSED", control.TriggerExternal,
		trigger("fail-backup", map[string]any{"database": database}))

	refused(t, f, "EXTERNAL_NOT_FOUND", control.TriggerExternal, trigger("accept-everything", nil))
	refused(t, f, "INVALID_INPUT", control.TriggerExternal, trigger("accept-peering", nil))
	refused(t, f, "INVALID_INPUT", control.TriggerExternal, trigger("accept-peering", map[string]any{"peering": "one"}))
	refused(t, f, "INVALID_INPUT", control.TriggerExternal,
		trigger("accept-peering", map[string]any{"peering": 1, "by": "me"}))
	refused(t, f, "EXTERNAL_REFUSED", control.TriggerExternal, trigger("accept-peering", map[string]any{"peering": 1}))
	refused(t, f, "EXTERNAL_REFUSED", control.TriggerExternal,
		trigger("accept-transit-gateway", map[string]any{"gateway": 1}))
}

// databaseOf returns the id of the only database of a subscription.
func (f *fixture) databaseOf(t *testing.T, keys sandbox.KeyPair, path string) int64 {
	t.Helper()
	var list struct {
		Subscription []struct {
			Databases []struct {
				ID int64 `json:"databaseId"`
			} `json:"databases"`
		} `json:"subscription"`
	}
	f.request(t, keys, http.MethodGet, path, "", &list)
	if len(list.Subscription) != 1 || len(list.Subscription[0].Databases) != 1 {
		t.Fatalf("there are databases %+v, want one", list)
	}
	return list.Subscription[0].Databases[0].ID
}

// run asks for something that becomes a task, lets time pass until that has ended, and returns its response.
func (s *stopped) run(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	status, answer := s.send(t, method, path, body)
	if status != http.StatusAccepted {
		t.Fatalf("%s %s: got %d %v, want a task", method, path, status, answer)
	}
	id := fmt.Sprint(answer["taskId"])
	s.advance(t, sandbox.Advance{Task: id})
	if _, answer = s.send(t, http.MethodGet, "/tasks/"+id, nil); answer["status"] != "processing-completed" {
		t.Fatalf("%s %s: it ended with %v", method, path, answer)
	}
	return answer["response"].(map[string]any)
}

// subscription makes a subscription with a database, and returns the paths of both.
func (s *stopped) subscription(t *testing.T) (sub, database string) {
	t.Helper()
	s.create(t, "one")
	s.advance(t, sandbox.Advance{Idle: true})
	_, list := s.send(t, http.MethodGet, "/subscriptions", nil)
	sub = fmt.Sprintf("/subscriptions/%.0f", apitest.At(list, "subscriptions", 0, "id"))
	_, list = s.send(t, http.MethodGet, sub+"/databases", nil)
	return sub, fmt.Sprintf("%s/databases/%.0f", sub, apitest.At(list, "subscription", 0, "databases", 0, "databaseId"))
}

func (s *stopped) trigger(t *testing.T, event string, inputs map[string]any) {
	t.Helper()
	must(t, s.f, control.TriggerExternal, control.NewExternal{Account: s.at.Account, Event: event, Inputs: inputs})
}

func TestBackupFailsFromOutside(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	_, database := s.subscription(t)
	id := path.Base(database)
	status := func(want string, reason any) {
		t.Helper()
		got := apitest.At(s.run(t, http.MethodGet, database+"/backup", nil), "resource").(map[string]any)
		if got["status"] != want || got["failureReason"] != reason {
			t.Errorf("the backup is %v, want %s for %v", got, want, reason)
		}
	}
	once := map[string]any{"adhocBackupPath": "s3://bucket/path"}
	s.run(t, http.MethodPost, database+"/backup", once)
	status("in-progress", nil)
	s.trigger(t, "fail-backup", map[string]any{"database": id, "reason": "No space left."})
	status("failed", "No space left.")
	s.advance(t, sandbox.Advance{By: "1h"}) // nothing is left of it that could end it otherwise
	status("failed", "No space left.")
	_, is := s.send(t, http.MethodGet, database, nil)
	if is["status"] != "active" {
		t.Errorf("the database is %v, want active", is["status"])
	}

	s.run(t, http.MethodPost, database+"/backup", once) // another one comes to its end
	s.advance(t, sandbox.Advance{Idle: true})
	status("success", nil)

	// Where backups are made regularly, one may fail that nobody asked for.
	s.run(t, http.MethodPut, database, map[string]any{
		"remoteBackup": map[string]any{
			"active": true, "interval": "every-1-hours", "storageType": "aws-s3",
			"storagePath": "s3://bucket/path",
		},
	})
	s.advance(t, sandbox.Advance{Idle: true})
	s.trigger(t, "fail-backup", map[string]any{"database": id})
	status("failed", "The storage of the backup cannot be reached.")
}

// An invitation that an account gets is accepted by the API, and its attachment by the owner of the gateway, or not.
func TestTransitGatewayFromOutside(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		"accept-transit-gateway": "available",
		"reject-transit-gateway": "failed",
	} {
		s := start(t, realistic).stopped(t)
		sub, _ := s.subscription(t)
		gateways := sub + "/transitGateways"
		must(t, s.f, control.AddAssets, control.AccountAssets{AccountPath: s.at, Assets: control.Assets{
			Assets: []byte(`{"transitGateways": [{"awsTgwUid": "tgw-0feedfacecafebeef"}]}`),
		}})
		var invitation any
		for i := range 3 {
			one := apitest.At(s.run(t, http.MethodGet, gateways+"/invitations", nil), "resource", "resources", i)
			if apitest.At(one, "name") == "tgw-0feedfacecafebeef" {
				invitation = apitest.At(one, "id")
			}
		}
		s.run(t, http.MethodPut, fmt.Sprintf("%s/invitations/%.0f/accept", gateways, invitation), nil)
		gateway := func() any { return apitest.At(s.run(t, http.MethodGet, gateways, nil), "resource", "tgws", 0) }
		if got := apitest.At(gateway(), "awsTgwUid"); got != "tgw-0feedfacecafebeef" {
			t.Fatalf("the gateway is %v", gateway())
		}
		id := apitest.At(gateway(), "id")
		s.run(t, http.MethodPost, fmt.Sprintf("%s/%.0f/attachment", gateways, id), nil)
		if got := apitest.At(gateway(), "attachmentStatus"); got != "initiating-request" {
			t.Errorf("before anybody has answered it is %v", got)
		}
		s.trigger(t, event, map[string]any{"gateway": id})
		for range 2 { // at once, and whatever time passes
			if got := apitest.At(gateway(), "attachmentStatus"); got != want {
				t.Errorf("after %s the attachment is %v, want %s", event, got, want)
			}
			s.advance(t, sandbox.Advance{By: "1h"})
		}
		refused(t, s.f, "EXTERNAL_REFUSED", control.TriggerExternal, control.NewExternal{
			Account: s.at.Account, Event: event, Inputs: map[string]any{"gateway": id},
		})
	}
}
