package demo

import (
	"context"
	"fmt"
	"net/http"
)

// role is what an actor plays.
type role struct {
	account string
	agent   string // what its client calls itself
	seed    int64  // of the ids of its tasks and requests
	act     func(ctx context.Context, a *actor) error
}

// roles are those of the three accounts.
var roles = []role{
	{account: "Storefront", agent: "storefront-rollout", seed: 1, act: storefront},
	{account: "Analytics", agent: "analytics-pipeline", seed: 2, act: analytics},
	{account: "Payments", agent: "payments-deploy", seed: 3, act: payments},
}

// card is the payment method that every account has on file.
const card = 24681

// subscriptionBody asks for a subscription with a first database.
func subscriptionBody(name, region, cidr, database string) map[string]any {
	return map[string]any{
		"name":            name,
		"paymentMethodId": card,
		"cloudProviders": []any{map[string]any{
			"regions": []any{map[string]any{"region": region, "networking": map[string]any{"deploymentCIDR": cidr}}},
		}},
		"databases": []any{databaseBody(database)},
	}
}

func databaseBody(name string) map[string]any {
	return map[string]any{"name": name, "datasetSizeInGb": 1}
}

func subscriptionPath(id int64) string { return fmt.Sprintf("/subscriptions/%d", id) }

func databasesPath(subscription int64) string { return subscriptionPath(subscription) + "/databases" }

func databasePath(subscription, id int64) string {
	return fmt.Sprintf("%s/%d", databasesPath(subscription), id)
}

// subscribe creates a subscription with a first database, and waits until it is active.
func (a *actor) subscribe(ctx context.Context, name, region, cidr, database string) (int64, error) {
	t, err := a.change(ctx, http.MethodPost, "/subscriptions", subscriptionBody(name, region, cidr, database))
	if err != nil {
		return 0, err
	}
	a.say(a.taskPage(t.ID), "creates the subscription %s: a task, and then minutes of provisioning", name)
	id, err := a.made(ctx, t)
	if err != nil {
		return 0, err
	}
	return id, a.active(ctx, subscriptionPath(id))
}

// databases are those of a subscription.
func (a *actor) databases(ctx context.Context, subscription int64) (ids []int64, err error) {
	var list struct {
		Subscription []struct {
			Databases []struct {
				ID int64 `json:"databaseId"`
			} `json:"databases"`
		} `json:"subscription"`
	}
	if err := a.send(ctx, a.redis, http.MethodGet, databasesPath(subscription), nil, &list); err != nil {
		return nil, err
	}
	for _, s := range list.Subscription {
		for _, d := range s.Databases {
			ids = append(ids, d.ID)
		}
	}
	return ids, nil
}

// cleanUp deletes subscriptions with their databases, all of them side by side, and waits until they are gone.
func (a *actor) cleanUp(ctx context.Context, subscriptions ...int64) error {
	for _, s := range subscriptions {
		databases, err := a.databases(ctx, s)
		if err != nil {
			return err
		}
		for _, d := range databases {
			if _, err := a.do(ctx, http.MethodDelete, databasePath(s, d), nil); err != nil {
				return err
			}
		}
	}
	if err := a.idle(ctx); err != nil { // a subscription with databases cannot be deleted
		return err
	}
	for _, s := range subscriptions {
		if _, err := a.do(ctx, http.MethodDelete, subscriptionPath(s), nil); err != nil {
			return err
		}
	}
	return a.idle(ctx)
}
