package demo

import (
	"context"
	"net/http"
)

// storefront rolls out what a shop needs: databases, rules that wait their turn, a user, and too many requests.
func storefront(ctx context.Context, a *actor) error {
	shop, err := a.subscribe(ctx, "shop", "eu-west-1", "10.1.0.0/24", "catalog")
	if err != nil {
		return err
	}
	for _, act := range []func(context.Context, *actor, int64) error{fill, queue, grant, grow, hurry} {
		if err := act(ctx, a, shop); err != nil {
			return err
		}
		if err := a.pause(ctx, short); err != nil {
			return err
		}
	}
	a.say("", "takes down shop: first its databases, then the subscription")
	return a.cleanUp(ctx, shop)
}

// fill creates databases, one after the other: each keeps the subscription busy.
func fill(ctx context.Context, a *actor, shop int64) error {
	for _, name := range []string{"cart", "search"} {
		a.say(a.page("resources"), "creates the database %s", name)
		id, err := a.do(ctx, http.MethodPost, databasesPath(shop), databaseBody(name))
		if err != nil {
			return err
		}
		if err := a.active(ctx, databasePath(shop, id)); err != nil {
			return err
		}
	}
	return nil
}

// queue creates many rules at once.
func queue(ctx context.Context, a *actor, _ int64) error {
	var tasks []task
	for _, name := range []string{"catalog", "cart", "search", "prices", "reviews"} {
		body := map[string]any{"name": name + "-reader", "redisRule": "+@read ~" + name + ":*"}
		t, err := a.change(ctx, http.MethodPost, "/acl/redisRules", body)
		if err != nil {
			return err
		}
		tasks = append(tasks, t)
	}
	a.say(a.page("tasks"), "creates five rules at once: an account does one thing at a time, so four wait")
	for _, t := range tasks {
		if _, err := a.made(ctx, t); err != nil {
			return err
		}
	}
	return a.idle(ctx)
}

// grant lets a user read one database.
func grant(ctx context.Context, a *actor, shop int64) error {
	databases, err := a.databases(ctx, shop)
	if err != nil {
		return err
	}
	a.say("", "lets its website read the database catalog: a role with one of the rules, and a user")
	where := map[string]any{"subscriptionId": shop, "databaseId": databases[0]}
	for _, step := range []struct {
		path string
		body map[string]any
	}{
		{"/acl/roles", map[string]any{"name": "reader", "redisRules": []any{
			map[string]any{"ruleName": "catalog-reader", "databases": []any{where}},
		}}},
		{"/acl/users", map[string]any{"name": "website", "role": "reader", "password": "Shop-window-1"}},
	} {
		if _, err := a.do(ctx, http.MethodPost, step.path, step.body); err != nil {
			return err
		}
		if err := a.idle(ctx); err != nil { // the next one needs it active
			return err
		}
	}
	return nil
}

// grow makes a database larger.
func grow(ctx context.Context, a *actor, shop int64) error {
	databases, err := a.databases(ctx, shop)
	if err != nil {
		return err
	}
	last := databasePath(shop, databases[len(databases)-1])
	a.say("", "doubles the size of search")
	if _, err := a.do(ctx, http.MethodPut, last, map[string]any{"datasetSizeInGb": 2}); err != nil {
		return err
	}
	return a.active(ctx, last)
}

// hurry is refused three times for asking too often.
func hurry(ctx context.Context, a *actor, shop int64) error {
	err := a.arm(ctx, "", `{
		"name": "too many requests", "match": {"operation": "getProSubscription"}, "when": {"first": 3},
		"effect": {"do": "rate-limit", "message": "Too many requests."}
	}`)
	if err != nil {
		return err
	}
	a.say(a.page("faults"), "asks too often: its next three requests are refused")
	if err := a.send(ctx, a.redis, http.MethodGet, subscriptionPath(shop), nil, nil); err != nil {
		return err
	}
	a.say("", "gets its answer")
	return nil
}
