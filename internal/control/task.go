package control

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Operations on tasks, and waiting.
const (
	ListTasks Operation[TaskList, Tasks]        = "listTasks"
	GetTask   Operation[TaskPath, sandbox.Task] = "getTask"
	Wait      Operation[Await, sandbox.Awaited] = "wait"
)

// TaskList is which tasks of an account to list.
type TaskList struct {
	Account string `path:"account" json:"-"`
	Pending bool   `query:"pending" json:"-"` // only those that have not ended
	Limit   int    `query:"limit" json:"-"`
}

// Tasks is a list of tasks.
type Tasks struct {
	Tasks []sandbox.Task `json:"tasks"`
}

// TaskPath names a task.
type TaskPath struct {
	Task    string `path:"task" json:"-"`
	Account string `query:"account" json:"-"` // empty: the one that has it
}

// Await is what to wait for, as sandbox.Await has it.
type Await struct {
	Account  string `query:"account" json:"-"`
	Task     string `query:"task" json:"-"`
	Resource string `query:"resource" json:"-"`
	Idle     bool   `query:"idle" json:"-"`
	State    string `query:"state" json:"-"`
	Timeout  string `query:"timeout" json:"-"`
}

// How many are listed where a request does not say it.
const defaultLimit = 100

func taskOperations(s *sandbox.Service) []bound {
	return []bound{
		ListTasks.bind(func(ctx context.Context, in TaskList) (Tasks, error) {
			if in.Limit == 0 {
				in.Limit = defaultLimit
			}
			list, err := s.Tasks(ctx, in.Account, in.Pending, in.Limit)
			return Tasks{list}, err
		}),
		GetTask.bind(func(ctx context.Context, in TaskPath) (sandbox.Task, error) {
			return s.Task(ctx, in.Account, in.Task)
		}),
		Wait.bind(func(ctx context.Context, in Await) (sandbox.Awaited, error) {
			a := sandbox.Await{
				Account: in.Account, Task: in.Task, Resource: in.Resource, Idle: in.Idle, State: in.State,
			}
			if in.Timeout != "" {
				var err error
				if a.Timeout, err = time.ParseDuration(in.Timeout); err != nil || a.Timeout <= 0 {
					return sandbox.Awaited{}, cloud.Errorf("INVALID_WAIT", "timeout %q is not a duration like 30s.", in.Timeout)
				}
			}
			return s.Wait(ctx, a)
		}).patiently(),
	}
}
