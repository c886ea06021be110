package demo

import (
	"context"
	"strconv"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// page is the address of a page about the account.
func (a *actor) page(name string) string {
	return a.server.DashboardURL + name + "?account=" + a.id
}

// taskPage is where a task is shown.
func (a *actor) taskPage(id string) string { return a.page("tasks/" + id) }

// arm arms a fault for the account: a preset, a rule, or a preset that a rule changes.
func (a *actor) arm(ctx context.Context, preset, rule string) error {
	read, err := sandbox.ReadRule([]byte(rule), map[string]any{"match.account": strconv.Quote(a.id)})
	if err == nil {
		_, err = a.control().ArmFault(ctx, sandbox.NewFault{Preset: preset, Rule: read})
	}
	return err
}
