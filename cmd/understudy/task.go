package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

type taskCmd struct {
	List  taskListCmd  `cmd:"" help:"List the tasks of an account, the newest first."`
	Show  taskShowCmd  `cmd:"" help:"Show a task with the times of its phases and what became of its resources."`
	Watch taskWatchCmd `cmd:"" help:"Watch a task and its resources going through both phases, until all is provisioned."`
}

type taskListCmd struct {
	clientFlags
	accountFlag
	Pending bool `help:"Only those that have not ended."`
	Limit   int  `default:"100" help:"How many at most. Default: ${default}."`
}

const taskTime = "15:04:05.000"

// Run lists tasks.
func (c *taskListCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListTasks.Call(ctx, client, control.TaskList{
		Account: c.Account, Pending: c.Pending, Limit: c.Limit,
	})
	if err != nil {
		return err
	}
	var rows []string
	for _, t := range list.Tasks {
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%s", t.ID, t.Operation, t.Status, t.ReceivedAt.Format(time.DateTime)))
	}
	return c.print(stdout, list, "ID\tOPERATION\tSTATUS\tRECEIVED", rows...)
}

// taskFlags name a task.
type taskFlags struct {
	clientFlags
	Account string `placeholder:"ACCOUNT" help:"Its account, by id or name. Default: the one that has it."`
	Task    string `arg:"" help:"Task, by its id."`
}

type taskShowCmd struct{ taskFlags }

// Run shows a task.
func (c *taskShowCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	t, err := control.GetTask.Call(ctx, client, control.TaskPath{Task: c.Task, Account: c.Account})
	if err != nil {
		return err
	}
	return c.print(stdout, t, "", taskRows(t)...)
}

func taskRows(t sandbox.Task) (rows []string) {
	rows = append(rows, "task\t"+t.ID, "operation\t"+t.Operation, "status\t"+t.Status)
	for _, phase := range []struct {
		name string
		at   *time.Time
	}{
		{"received", &t.ReceivedAt},
		{"started", t.StartedAt},
		{"processed", t.ProcessedAt},
		{"provisioned", t.ProvisionedAt},
	} {
		if phase.at != nil {
			rows = append(rows, phase.name+"\t"+phase.at.Format(taskTime))
		}
	}
	if t.Error != nil {
		rows = append(rows, "error\t"+t.Error.Code+": "+t.Error.Description)
	}
	for _, r := range t.Resources {
		for _, s := range r.Statuses {
			rows = append(rows, fmt.Sprintf("%s %d\t%s\t%s", r.Kind, r.ID, s.At.Format(taskTime), s.Status))
		}
	}
	return rows
}

type taskWatchCmd struct{ taskFlags }

// errOver ends the following of events.
var errOver = errors.New("it is over")

// Run watches a task: what has happened, and then what happens.
func (c *taskWatchCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	t, err := control.GetTask.Call(ctx, client, control.TaskPath{Task: c.Task, Account: c.Account})
	if err != nil {
		return err
	}
	account := fmt.Sprint(t.Account)
	failed := false
	err = control.FollowEvents(ctx, client, control.EventStream{Account: account, After: new(int64)}, nil,
		func(e sandbox.Transition) error {
			if e.Task != t.ID {
				return nil
			}
			if err := printEvent(stdout, e, c.JSON); err != nil {
				return err
			}
			failed = failed || e.Type == sandbox.EventTask && e.Status == "failed"
			now, err := control.GetTask.Call(ctx, client, control.TaskPath{Task: t.ID, Account: account})
			if err != nil {
				return err
			}
			if failed || now.ProvisionedAt != nil && last(now).Equal(e.At) {
				return errOver
			}
			return nil
		})
	switch {
	case !errors.Is(err, errOver):
		return err
	case failed:
		return errors.New("the task failed")
	}
	return nil
}

// last returns when the last thing happened to a task or a resource of it.
func last(t sandbox.Task) time.Time {
	at := *t.ProcessedAt
	for _, r := range t.Resources {
		if s := r.Statuses[len(r.Statuses)-1]; s.At.After(at) {
			at = s.At
		}
	}
	return at
}

// printEvent writes an event as a line.
func printEvent(w io.Writer, e sandbox.Transition, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(e)
	}
	what := "task " + e.Task
	if e.Type == sandbox.EventResource {
		what = fmt.Sprintf("%s %d", e.Kind, e.ID)
	}
	line := fmt.Sprintf("%6d  %s  %-42s  %-24s  %s", e.Seq, e.At.Format(taskTime), what, e.Name, e.Status)
	if e.Error != nil {
		line += "  " + e.Error.Code + ": " + e.Error.Description
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

type waitCmd struct {
	clientFlags
	Account  string        `env:"UNDERSTUDY_ACCOUNT" placeholder:"ACCOUNT" help:"Account, by its id or name. Default: the only one there is, or the one that has the task."`
	Task     string        `placeholder:"ID" help:"Wait for a task."`
	Resource string        `placeholder:"KIND/ID" help:"Wait for a resource, as in database/12."`
	Idle     bool          `help:"Wait until no task is to be processed and nothing to be provisioned."`
	State    string        `placeholder:"STATE" help:"Of the task: running, ended, done, failed or provisioned; default: ended. Of the resource: any status, or gone; default: active."`
	Timeout  time.Duration `default:"30s" help:"How long to wait, 10m at most. Default: ${default}."`
}

// Run waits. That it did not come is a failure.
func (c *waitCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if c.Timeout <= 0 {
		return fmt.Errorf("%w: --timeout %v is not a length of time", server.ErrConfig, c.Timeout)
	}
	progress := stderr.Progress("wait", 0)
	out, err := control.Wait.Call(ctx, client, control.Await{
		Account: c.Account, Task: c.Task, Resource: c.Resource, Idle: c.Idle, State: c.State, Timeout: c.Timeout.String(),
	})
	progress.Done()
	if err != nil {
		return err
	}
	if err := c.print(stdout, out, "", out.Status); err != nil {
		return err
	}
	if !out.Reached {
		return fmt.Errorf("it did not come: %s", out.Reason)
	}
	return nil
}
