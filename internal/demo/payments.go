package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// payments works with two APIs at once, and has a bad day.
func payments(ctx context.Context, a *actor) error {
	invoices, err := a.build(ctx, "invoices")
	if err != nil {
		return err
	}
	ledger, err := a.subscribe(ctx, "ledger", "eu-central-1", "10.3.0.0/24", "bookings")
	if err != nil {
		return err
	}
	for _, act := range []func(context.Context, *actor, int64) error{fail, hang} {
		if err := act(ctx, a, ledger); err != nil {
			return err
		}
		if err := a.pause(ctx, long); err != nil {
			return err
		}
	}
	if err := a.restart(ctx, invoices); err != nil {
		return err
	}
	a.say("", "takes down ledger and invoices")
	if err := a.demolish(ctx, invoices); err != nil {
		return err
	}
	return a.cleanUp(ctx, ledger)
}

// fail creates a database whose task fails, and tries it again.
func fail(ctx context.Context, a *actor, ledger int64) error {
	if err := a.arm(ctx, "task-error-general", ""); err != nil {
		return err
	}
	t, err := a.change(ctx, http.MethodPost, databasesPath(ledger), databaseBody("fraud"))
	if err != nil {
		return err
	}
	if t, err = a.end(ctx, t); err != nil {
		return err
	}
	if t.Response.Error == nil {
		return errors.New("a task that was to fail has not")
	}
	a.say(a.taskPage(t.ID), "creates the database fraud, and the task fails: %s", t.Response.Error.Description)
	if err := a.pause(ctx, long); err != nil {
		return err
	}
	a.say("", "tries it again: nothing was left behind, and it works")
	id, err := a.do(ctx, http.MethodPost, databasesPath(ledger), databaseBody("fraud"))
	if err != nil {
		return err
	}
	return a.active(ctx, databasePath(ledger, id))
}

// hang creates a database that is not provisioned, until hours have passed.
func hang(ctx context.Context, a *actor, ledger int64) error {
	err := a.arm(ctx, "", `{
		"name": "stuck", "match": {"operation": "createProDatabase"}, "when": {"first": 1},
		"effect": {"do": "provisioning-slow", "for": "48h"}
	}`)
	if err != nil {
		return err
	}
	t, err := a.change(ctx, http.MethodPost, databasesPath(ledger), databaseBody("risk"))
	if err != nil {
		return err
	}
	id, err := a.made(ctx, t)
	if err != nil {
		return err
	}
	a.say(a.taskPage(t.ID), "creates the database risk: the task is done, and provisioning is stuck")
	if err := a.pause(ctx, 2*long); err != nil {
		return err
	}
	a.say(a.page("clock"), "does not wait for it: two days pass at once, for this account alone")
	risk := sandbox.Advance{Resource: fmt.Sprintf("database/%d", id), Status: "active"}
	_, err = a.control().Advance(ctx, a.id, risk)
	return err
}
