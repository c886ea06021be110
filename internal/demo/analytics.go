package demo

import (
	"context"
	"net/http"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// analytics wants four subscriptions where three may change at once, and then has time stand still.
func analytics(ctx context.Context, a *actor) error {
	subscriptions, err := fourAtOnce(ctx, a)
	if err != nil {
		return err
	}
	if err := a.pause(ctx, short); err != nil {
		return err
	}
	if err := standStill(ctx, a, subscriptions[0]); err != nil {
		return err
	}
	a.say("", "takes down all four subscriptions")
	return a.cleanUp(ctx, subscriptions...)
}

// fourAtOnce fills the three slots.
func fourAtOnce(ctx context.Context, a *actor) (ids []int64, err error) {
	var tasks []task
	for i, name := range []string{"clicks", "orders", "reports", "archive"} {
		cidr := []string{"10.2.0.0/24", "10.2.1.0/24", "10.2.2.0/24", "10.2.3.0/24"}[i]
		t, err := a.change(ctx, http.MethodPost, "/subscriptions", subscriptionBody(name, "us-east-1", cidr, name))
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, t)
	}
	a.say(a.page(""), "creates four subscriptions at once, of which three may be provisioned")
	for _, t := range tasks {
		id, err := a.made(ctx, t)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	a.say(a.taskPage(tasks[3].ID), "has filled its three slots: archive, whose task is done as well, waits for one")
	if err := a.active(ctx, subscriptionPath(ids[0])); err != nil {
		return nil, err
	}
	a.say("", "has a slot again, as clicks is active: archive moves up")
	for _, id := range ids {
		if err := a.active(ctx, subscriptionPath(id)); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// standStill freezes the clock of the account in the middle of a change, and goes on step by step.
func standStill(ctx context.Context, a *actor, subscription int64) error {
	clock := a.control()
	if _, err := clock.SetClock(ctx, a.id, sandbox.ClockSetting{Mode: sandbox.ClockFrozen}); err != nil {
		return err
	}
	t, err := a.change(ctx, http.MethodPost, databasesPath(subscription), databaseBody("replay"))
	if err != nil {
		return err
	}
	a.say(a.page("clock"), "has its clock stand still, and creates a database: nothing moves")
	if err := a.pause(ctx, long); err != nil {
		return err
	}
	a.say(a.taskPage(t.ID), "lets time pass to the next thing that is due: the task is done")
	if _, err := clock.Advance(ctx, a.id, sandbox.Advance{Task: t.ID}); err != nil {
		return err
	}
	if err := a.pause(ctx, short); err != nil {
		return err
	}
	a.say("", "lets time pass until nothing is under way: two minutes, at once")
	if _, err := clock.Advance(ctx, a.id, sandbox.Advance{Idle: true}); err != nil {
		return err
	}
	_, err = clock.SetClock(ctx, a.id, sandbox.ClockSetting{Mode: sandbox.ClockReal})
	return err
}
