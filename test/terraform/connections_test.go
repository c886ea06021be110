package terraform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// connections peers with networks of both clouds, and attaches a transit gateway: create, nothing to change, update in
// place, import elsewhere, destroy. A peering has nothing that could be updated.
func connections(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "connections")
	w.apply(subscriptionCreate(1) + 2*poll)
	w.wantNoChanges("after the creation")
	made := w.outputs()
	if id := fmt.Sprint(made["aws_peering_id"]); !strings.HasPrefix(id, "pcx-") {
		t.Errorf("output aws_peering_id: got %q, want pcx-…", id)
	}
	if made["gcp_peering_id"] == "" || made["listed"] != 2.0 {
		t.Errorf("got the outputs %v, want the id of the peering on GCP, and two peerings listed on AWS", made)
	}
	subscriptions, _ := made["subscriptions"].(map[string]any)
	peerings, _ := made["peerings"].(map[string]any)

	imported := terraform.open(t, server, "connections")
	imported.set(map[string]any{"google": false})
	imported.importEach("rediscloud_subscription.of[%q]", subscriptions)
	imported.importEach("rediscloud_subscription_peering.%s", peerings)
	imported.wantNoChanges("after the import")

	gateways := fmt.Sprintf("/subscriptions/%v/transitGateways", subscriptions["AWS"])
	server.Accept(http.MethodPut, gateways+"/invitations/101/accept", nil)
	gateway := transitGateway(t, server, gateways)
	w.set(map[string]any{"transit_gateway": gateway.ID})
	w.apply(0)
	w.wantNoChanges("after the attachment")
	gateway = availableGateway(t, server, gateways)
	w.set(map[string]any{"transit_gateway": gateway.ID, "cidrs": []string{"10.20.0.0/16", "10.10.0.0/16"}})
	w.apply(0)
	w.wantNoChanges("after the update")
	attached := w.outputs()
	if diff := cmp.Diff([]any{"10.20.0.0/16", "10.10.0.0/16"}, attached["cidrs"]); diff != "" {
		t.Errorf("CIDRs: want (-), got (+):\n%s", diff)
	}
	if id, _ := attached["gateway"].(string); !strings.HasPrefix(id, "tgw-") {
		t.Errorf("output gateway: got %q, want tgw-…", id)
	}

	w.destroy(subscriptionDelete)
	for _, id := range subscriptions {
		wantGone(t, server, id)
	}
}

type gatewayState struct {
	ID     int    `json:"id"`
	Status string `json:"status"`
}

// availableGateway looks up the only transit gateway of a subscription until it may be changed.
func availableGateway(t *testing.T, server *servetest.Server, path string) gatewayState {
	t.Helper()
	for range 100 { // each look waits for a task, so this is a while
		if gateway := transitGateway(t, server, path); gateway.Status == "available" {
			return gateway
		}
	}
	t.Fatal("the transit gateway does not become available")
	return gatewayState{}
}

// transitGateway looks up the only transit gateway of a subscription.
func transitGateway(t *testing.T, server *servetest.Server, path string) gatewayState {
	t.Helper()
	task := server.Accept(http.MethodGet, path, nil)
	var found struct {
		Gateways []gatewayState `json:"tgws"`
	}
	if err := json.Unmarshal(task.Response.Resource, &found); err != nil || len(found.Gateways) != 1 {
		t.Fatalf("got %+v, %v, want one transit gateway", task, err)
	}
	return found.Gateways[0]
}
