package terraform

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// connectionsOfRegions peers regions of Active-Active subscriptions with networks of both clouds, and attaches a
// transit gateway to one: create, nothing to change, import, destroy. A peering has nothing that could be updated.
func connectionsOfRegions(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "active-active-connections")
	w.apply(activeActiveCreate + 2*regionPeering)
	w.wantNoChanges("after the creation")
	made := w.outputs()
	if id := fmt.Sprint(made["aws_peering_id"]); !strings.HasPrefix(id, "pcx-") || made["gcp_peering_id"] == "" {
		t.Errorf("got the outputs %v, want the ids of the peerings at both providers", made)
	}
	subscriptions, _ := made["subscriptions"].(map[string]any)
	peerings, _ := made["peerings"].(map[string]any)

	// Version 1.9.0 finds a peering that it imports, and then would replace it: on AWS because it forgets the provider, on
	// GCP because it takes CIDRs for unknown where there are none.
	imported := terraform.open(t, server, "active-active-connections")
	imported.importEach("rediscloud_active_active_subscription.of[%q]", subscriptions)
	imported.importEach("rediscloud_active_active_subscription_peering.%s", peerings)
	const target = "-target=rediscloud_active_active_subscription.of"
	if status, out := imported.run("plan", "-detailed-exitcode", target); status != 0 {
		t.Errorf("plan after the import: got status %d, want 0 (nothing to change):\n%s", status, out)
	}

	const region = 1 // us-east-1
	gateways := fmt.Sprintf("/subscriptions/%v/regions/%d/transitGateways", subscriptions["AWS"], region)
	server.Accept(http.MethodPut, gateways+"/invitations/101/accept", nil)
	gateway := transitGateway(t, server, gateways)
	w.set(map[string]any{"transit_gateway": gateway.ID, "region_id": region})
	w.apply(0)
	w.wantNoChanges("after the attachment")
	gateway = availableGateway(t, server, gateways)
	// Version 1.9.0 mixes up the ids of region and gateway when it updates an attachment, so the CIDRs are set without it.
	attachment := fmt.Sprintf("%s/%d/attachment", gateways, gateway.ID)
	server.Accept(http.MethodPut, attachment, map[string]any{"cidrs": []string{"10.20.0.0/16", "10.10.0.0/16"}})
	w.apply(0)
	w.wantNoChanges("after the update")
	attached := w.outputs()
	if diff := cmp.Diff([]any{"10.20.0.0/16", "10.10.0.0/16"}, attached["cidrs"]); diff != "" {
		t.Errorf("CIDRs: want (-), got (+):\n%s", diff)
	}
	if id, _ := attached["gateway"].(string); !strings.HasPrefix(id, "tgw-") {
		t.Errorf("output gateway: got %q, want tgw-…", id)
	}
	// And it panics when it deletes one.
	forget := w.exec("state", "rm", "rediscloud_active_active_transit_gateway_attachment.hub[0]")
	if out, err := forget.CombinedOutput(); err != nil {
		t.Fatalf("forget the attachment: %v\n%s", err, out)
	}
	server.Accept(http.MethodDelete, attachment, nil)

	w.set(map[string]any{})
	w.destroy(subscriptionDelete)
	for _, id := range subscriptions {
		wantGone(t, server, id)
	}
}
