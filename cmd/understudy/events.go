package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

type eventsCmd struct {
	clientFlags
	accountFlag
	After *int64 `placeholder:"N" help:"Begin after the event with a number; 0: with the oldest that is kept. Default: with the next one."`
	Count int    `placeholder:"N" help:"End after so many events. Default: when interrupted."`
}

// Run follows the events of an account.
func (c *eventsCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	seen := 0
	err = control.FollowEvents(ctx, client, control.EventStream{Account: c.Account, After: c.After}, nil,
		func(e sandbox.Transition) error {
			if err := printEvent(stdout, e, c.JSON); err != nil {
				return err
			}
			if seen++; seen == c.Count {
				return errOver
			}
			return nil
		})
	if errors.Is(err, errOver) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

type webhookCmd struct {
	List   webhookListCmd   `cmd:"" help:"List the webhooks of an account."`
	Create webhookCreateCmd `cmd:"" help:"Have the events of an account sent to an address, and print the secret they are signed with."`
	Delete webhookDeleteCmd `cmd:"" help:"Delete a webhook."`
}

const webhookHeader = "ID\tURL\tTYPES\tDELIVERED\tCURSOR\tFAILURES\tLAST ERROR"

func webhookRow(w sandbox.Webhook) string {
	types := "all"
	if len(w.Types) > 0 {
		types = strings.Join(w.Types, ",")
	}
	return fmt.Sprintf("%d\t%s\t%s\t%d\t%d\t%d\t%s", w.ID, w.URL, types, w.Delivered, w.Cursor, w.Failures, w.LastError)
}

type webhookListCmd struct {
	clientFlags
	accountFlag
}

// Run lists webhooks.
func (c *webhookListCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListWebhooks.Call(ctx, client, c.named())
	if err != nil {
		return err
	}
	var rows []string
	for _, w := range list.Webhooks {
		rows = append(rows, webhookRow(w))
	}
	return c.print(stdout, list, webhookHeader, rows...)
}

type webhookCreateCmd struct {
	clientFlags
	accountFlag
	Address string   `arg:"" help:"URL that the events are sent to."`
	Type    []string `placeholder:"TYPE" help:"Only events of a type: task, resource, or one of their statuses, as in task.failed. Default: all."`
	Secret  string   `placeholder:"whsec_…" help:"Secret to sign with. Default: made."`
}

// Run creates a webhook.
func (c *webhookCreateCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	made, err := control.CreateWebhook.Call(ctx, client, control.NewWebhook{
		Account: c.Account, NewWebhook: sandbox.NewWebhook{URL: c.Address, Types: c.Type, Secret: c.Secret},
	})
	if err != nil {
		return err
	}
	return c.print(stdout, made, "", fmt.Sprintf("webhook\t%d", made.ID), "secret\t"+made.Secret)
}

type webhookDeleteCmd struct {
	clientFlags
	accountFlag
	Webhook int64 `arg:"" help:"Webhook, by its id."`
}

// Run deletes a webhook.
func (c *webhookDeleteCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	path := control.WebhookPath{Account: c.Account, Webhook: c.Webhook}
	if _, err := control.DeleteWebhook.Call(ctx, client, path); err != nil {
		return err
	}
	return c.say(stdout, stderr, map[string]any{"deleted": c.Webhook}, "Webhook %d is deleted.", c.Webhook)
}

type externalCmd struct {
	List    externalListCmd    `cmd:"" help:"List what can happen from outside the API, and what it wants to know."`
	Trigger externalTriggerCmd `cmd:"" help:"Let something happen to an account from outside the API."`
}

type externalListCmd struct{ clientFlags }

// Run lists external events.
func (c *externalListCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListExternals.Call(ctx, client, control.None{})
	if err != nil {
		return err
	}
	var rows []string
	for _, e := range list.Events {
		var inputs []string
		for _, in := range e.Inputs {
			text := in.Name + "=" + strings.ToUpper(in.Type)
			if !in.Required {
				text = "[" + text + "]"
			}
			inputs = append(inputs, text)
		}
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s", e.Name, strings.Join(inputs, " "), e.Summary))
	}
	return c.print(stdout, list, "EVENT\tINPUTS\tWHAT HAPPENS", rows...)
}

type externalTriggerCmd struct {
	clientFlags
	accountFlag
	Event  string   `arg:"" help:"Name of the event."`
	Inputs []string `arg:"" optional:"" help:"Its inputs, as in peering=12."`
}

// Run triggers an external event.
func (c *externalTriggerCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	inputs := map[string]any{}
	for _, text := range c.Inputs {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%w: %q is not NAME=VALUE", server.ErrConfig, text)
		}
		inputs[name] = value
	}
	event := control.NewExternal{Account: c.Account, Event: c.Event, Inputs: inputs}
	if _, err := control.TriggerExternal.Call(ctx, client, event); err != nil {
		return err
	}
	return c.say(stdout, stderr, map[string]any{"happened": c.Event}, "%s has happened.", c.Event)
}
