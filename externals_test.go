package understudy_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy"
)

// run sends a request that becomes a task, waits until all of that is provisioned, and returns its response.
func run(sandbox *understudy.Sandbox, method, path, body string) map[string]any {
	id := send(sandbox, method, path, body)["taskId"].(string)
	done, err := sandbox.Wait(context.Background(), understudy.Await{Task: id, State: "provisioned"})
	if err != nil || !done.Reached {
		log.Panic(done, err)
	}
	return send(sandbox, http.MethodGet, "/tasks/"+id, "")["response"].(map[string]any)
}

// The other side of a peering is nobody's to play, but here.
func ExampleSandbox_Externals() {
	sandbox, err := understudy.Start(context.Background(), understudy.Options{Speed: understudy.Instant})
	if err != nil {
		log.Panic(err)
	}
	defer sandbox.Close()

	peerings := made(sandbox) + "/peerings"
	peering := run(sandbox, http.MethodPost, peerings, `{"region": "us-east-1", "awsAccountId": "123456789012",
		"vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.16.0.0/24"}`)["resourceId"].(float64)
	if err := sandbox.Externals().RejectPeering(context.Background(), int64(peering)); err != nil {
		log.Panic(err)
	}
	fmt.Println(first(run(sandbox, http.MethodGet, peerings, ""), "peerings")["status"])
	// Output: failed
}

// first is the first of a list in what a task has read.
func first(response map[string]any, list string) map[string]any {
	all, _ := response["resource"].(map[string]any)[list].([]any)
	if len(all) == 0 {
		return nil
	}
	return all[0].(map[string]any)
}

func TestExternalsOfASandbox(t *testing.T) {
	t.Parallel()
	sandbox := understudy.StartT(t, understudy.Options{Speed: understudy.Instant})
	outside, ctx := sandbox.Externals(), t.Context()
	happens := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	// Each is in the list; those that a method has are triggered below.
	names := map[string]bool{}
	for _, e := range outside.List() {
		names[e.Name] = true
	}
	if !names["accept-peering"] || !names["fail-backup"] {
		t.Errorf("there are events %v", names)
	}
	path := made(sandbox)

	peering := run(sandbox, http.MethodPost, path+"/peerings", `{"region": "us-east-1", "awsAccountId": "123456789012",
		"vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.16.0.0/24"}`)["resourceId"].(float64)
	for want, answer := range map[string]func(context.Context, int64) error{
		"failed": outside.RejectPeering, "active": outside.AcceptPeering,
	} {
		happens(answer(ctx, int64(peering)))
		if got := first(run(sandbox, http.MethodGet, path+"/peerings", ""), "peerings")["status"]; got != want {
			t.Errorf("the peering is %v, want %s", got, want)
		}
	}

	gateways := path + "/transitGateways"
	happens(outside.InviteTransitGateway(ctx, "tgw-0feedfacecafebeef"))
	invitations := run(sandbox, http.MethodGet, gateways+"/invitations", "")["resource"].(map[string]any)
	if !strings.Contains(fmt.Sprint(invitations), "tgw-0feedfacecafebeef") {
		t.Errorf("the invitations are %v", invitations)
	}
	wantRefusal(t, "tgw-", outside.InviteTransitGateway(ctx, "mine"))
	wantRefusal(t, "EXTERNAL_REFUSED", outside.AcceptTransitGateway(ctx, 1))

	run(sandbox, http.MethodPost, path+"/private-link",
		`{"shareName": "share", "principal": "210987654321", "type": "aws_account"}`)
	var id int64
	if _, err := fmt.Sscanf(path, "/subscriptions/%d", &id); err != nil {
		t.Fatal(err)
	}
	happens(outside.ConnectPrivateLink(ctx, id, "210987654321"))
	link := run(sandbox, http.MethodGet, path+"/private-link", "")
	if got := first(link, "connections")["ownerId"]; got != "210987654321" {
		t.Errorf("the PrivateLink is %v", link)
	}

	database := run(sandbox, http.MethodPost, path+"/databases", `{"name": "kept", "datasetSizeInGb": 1,
		"remoteBackup": {"active": true, "interval": "every-1-hours", "storageType": "aws-s3",
			"storagePath": "s3://bucket/path"}}`)["resourceId"].(float64)
	happens(outside.FailBackup(ctx, int64(database), "No space left."))
	backup := run(sandbox, http.MethodGet, fmt.Sprintf("%s/databases/%.0f/backup", path, database), "")
	if got := backup["resource"].(map[string]any); got["status"] != "failed" || got["failureReason"] != "No space left." {
		t.Errorf("the backup is %v", got)
	}
	wantRefusal(t, "EXTERNAL_REFUSED", outside.FailBackup(ctx, 1, ""))
	wantRefusal(t, "EXTERNAL_NOT_FOUND", outside.Trigger(ctx, "accept-everything", nil))
}

// Where things take their time, the owner of a gateway answers before it would have by itself.
func TestTransitGatewayOfASandbox(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for want, answer := range map[string]func(understudy.Externals, context.Context, int64) error{
		"available": understudy.Externals.AcceptTransitGateway,
		"failed":    understudy.Externals.RejectTransitGateway,
	} {
		sandbox := understudy.StartT(t, understudy.Options{Speed: understudy.Instant})
		gateways := made(sandbox) + "/transitGateways"
		clock := sandbox.Clock()
		if err := clock.SetDurations(ctx, understudy.DurationsChange{Lengths: map[string]string{
			"transit-gateway-attachment.creation": "1h",
		}}); err != nil {
			t.Fatal(err)
		}
		invitation := first(run(sandbox, http.MethodGet, gateways+"/invitations", ""), "resources")["id"]
		run(sandbox, http.MethodPut, fmt.Sprintf("%s/invitations/%.0f/accept", gateways, invitation), "")
		list := func() map[string]any { return first(run(sandbox, http.MethodGet, gateways, ""), "tgws") }
		id := list()["id"].(float64)
		task := send(sandbox, http.MethodPost, fmt.Sprintf("%s/%.0f/attachment", gateways, id), "")["taskId"].(string)
		if done, err := sandbox.Wait(ctx, understudy.Await{Task: task}); err != nil || !done.Reached {
			t.Fatalf("waiting came out as %+v, %v", done, err)
		}
		if err := answer(sandbox.Externals(), ctx, int64(id)); err != nil {
			t.Error(err)
		}
		if got := list()["attachmentStatus"]; got != want {
			t.Errorf("the attachment is %v, want %s", got, want)
		}
	}
}

// wantRefusal wants an error that names something.
func wantRefusal(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), what) || !strings.HasPrefix(err.Error(), "understudy: ") {
		t.Errorf("got error %v, want one of ours with %s", err, what)
	}
}
