package rediscloud_test

import (
	"fmt"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// What connects networks is read through tasks, so a client sees the states on the way only if it is quick. Each
// poll lets no more time pass than the reading itself takes.

// poll runs a GET that is answered with a task, within a second of the account.
func poll(t *testing.T, a *apitest.Account, path string) apitest.Answer {
	t.Helper()
	task := a.Start(http.MethodGet, path, nil)
	apitest.Eventually(t, "task in progress", func() bool { return a.Status(task) != cloud.TaskReceived })
	a.Advance(time.Second)
	apitest.Eventually(t, "task finished", func() bool { return a.Status(task).Finished() })
	return a.Do(http.MethodGet, "/v1/tasks/"+task, nil)
}

// wantStates polls a member again and again, with time between.
func wantStates(t *testing.T, a *apitest.Account, path string, member []any, states ...any) {
	t.Helper()
	for _, state := range states {
		if d, ok := state.(time.Duration); ok {
			a.Pass(d)
			continue
		}
		got := poll(t, a, path)
		if value := resource(got, member...); value != state {
			t.Errorf("%s %v: got %v, want %v\n%s", path, member, value, state, got.Body)
		}
	}
}

func TestStatesOfPeerings(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	amazon, google := a.Subscription("amazon")+"/peerings", googleSubscription(a)+"/peerings"
	first := []any{"peerings", 0, "status"}
	a.Create(amazon,
		`{"region": "eu-west-1", "awsAccountId": "210987654321", "vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.20.0.0/16"}`)
	wantStates(t, a, amazon, first, "initiating-request", 5*time.Second, "pending-acceptance", time.Minute, "active")
	a.Create(google, `{"provider": "GCP", "vpcProjectUid": "shop-project", "vpcNetworkName": "shop"}`)
	wantStates(t, a, google, first, "initiating-request", 5*time.Second, "inactive", time.Hour, "inactive")
}

func TestStatesOfTransitGateways(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	list := a.Subscription("attached") + "/transitGateways"
	wantDone(t, a.Run(http.MethodPut, list+"/invitations/101/accept", nil))
	attachment := fmt.Sprintf("%s/%.0f/attachment", list, resource(read(t, a, list), "tgws", 0, "id"))
	state := []any{"tgws", 0, "attachmentStatus"}
	wantDone(t, a.Run(http.MethodPost, attachment, nil))
	wantStates(t, a, list, state, "initiating-request", 5*time.Second, "pending", 25*time.Second, "available")
	wantDone(t, a.Run(http.MethodDelete, attachment, nil))
	wantStates(t, a, list, state, nil)
}

func TestStatesOfPrivateServiceConnect(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	service := googleSubscription(a) + "/private-service-connect"
	list := fmt.Sprintf("%s/%d", service, a.Create(service, nil))
	state := []any{"status"}
	wantStates(t, a, service, state, "create-queued", time.Second, "initialized", 3*time.Second,
		"create-pending", time.Minute, "active")

	one := fmt.Sprintf("%s/endpoints/%d", list, a.Create(list, endpointBody))
	first := []any{"endpoints", 0, "status"}
	wantStates(t, a, list, first, "initialized", time.Minute, "processing", 15*time.Second, "pending")
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "reject"}`))
	wantStates(t, a, list, first, "reject-pending", 5*time.Second, "rejected")
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "accept"}`))
	wantStates(t, a, list, first, "accept-pending", 5*time.Second, "active")
	read(t, a, one+"/deletionScripts")
	wantDone(t, a.Run(http.MethodDelete, one, nil))
	wantStates(t, a, list, first, nil)
	wantDone(t, a.Run(http.MethodDelete, path.Dir(list), nil))
	wantStates(t, a, service, state, nil)
}

func TestStatesOfPrivateLinks(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	link := a.Subscription("linked") + "/private-link"
	a.Create(link, `{"shareName": "orders", "principal": "210987654321", "type": "aws_account"}`)
	state, principal := []any{"status"}, []any{"principals", 0, "status"}
	wantStates(t, a, link, principal, "associating", 9*time.Second, "associated")
	wantStates(t, a, link, state, "initializing", 10*time.Second, "active")
	wantDone(t, a.Run(http.MethodDelete, link+"/principals", `{"principal": "210987654321"}`))
	wantStates(t, a, link, principal, nil)
	wantDone(t, a.Run(http.MethodDelete, link, nil))
	wantStates(t, a, link, state, nil)
}
