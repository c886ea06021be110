package control_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

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
