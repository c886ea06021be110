package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Await is what to wait for: one of a task, a resource, or that an account is idle.
type Await struct {
	Account  string        // empty: the only one there is, or the one that has the task
	Task     string        // UUID
	Resource string        // KIND/ID
	Idle     bool          // no task is to be processed and nothing to be provisioned
	State    string        // of the task, by default ended; of the resource, by default active
	Timeout  time.Duration // 0: DefaultTimeout
}

// States of a task that one can wait for, beside its own ones.
const (
	TaskEnded       = "ended"       // done or failed
	TaskProvisioned = "provisioned" // done, and so is all that it left to provisioning
)

// How long one waits for something.
const (
	DefaultTimeout = 30 * time.Second
	MaxTimeout     = 10 * time.Minute
)

// Awaited is how waiting came out.
type Awaited struct {
	Reached bool   `json:"reached"` // else the time is over, or it can no longer come
	Status  string `json:"status"`  // of the task or resource, idle or busy; gone: the resource is removed
	Reason  string `json:"reason,omitempty"`
	Task    *Task  `json:"task,omitempty"` // that was waited for
}

// Wait waits until something is in a state, for as long as it can still come, and no longer than a time. It waits
// without a connection to the database, and sees a change as soon as it is committed. It returns INVALID_WAIT,
// RESOURCE_NOT_FOUND, ErrStopping and the errors of Task.
func (s *Service) Wait(ctx context.Context, a Await) (out Awaited, err error) {
	if a.Timeout == 0 {
		a.Timeout = DefaultTimeout
	}
	account, look, err := s.lookFor(ctx, a)
	if err != nil {
		return out, err
	}
	timed, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	err = s.watch(timed, account, func(context.Context) (over bool, err error) {
		out, over, err = look(ctx)
		return over, err
	})
	if timed.Err() != nil && ctx.Err() == nil {
		out.Reason = fmt.Sprintf("%v are over", a.Timeout)
		return out, nil
	}
	return out, err
}

// look tells how it stands, and whether that is all there will be.
type look func(ctx context.Context) (out Awaited, over bool, err error)

func (s *Service) lookFor(ctx context.Context, a Await) (account int64, _ look, err error) {
	given := 0
	for _, there := range []bool{a.Task != "", a.Resource != "", a.Idle} {
		if there {
			given++
		}
	}
	switch {
	case given != 1:
		return 0, nil, invalidWait("Wait for one of task, resource and idle.")
	case a.Timeout < 0 || a.Timeout > MaxTimeout:
		return 0, nil, invalidWait("timeout %v is not between 0 and %v.", a.Timeout, MaxTimeout)
	case a.Task != "":
		return s.lookForTask(ctx, a)
	}
	if a.Account, err = s.onlyAccount(ctx, a.Account); err != nil {
		return 0, nil, err
	}
	of, err := s.Account(ctx, a.Account)
	if err != nil {
		return 0, nil, err
	}
	if a.Idle {
		return s.lookForIdle(of.ID, a)
	}
	return s.lookForResource(ctx, of.ID, a)
}

func invalidWait(format string, args ...any) error {
	return cloud.Errorf("INVALID_WAIT", format, args...)
}

// onlyAccount returns the account that is meant where none is named.
func (s *Service) onlyAccount(ctx context.Context, ref string) (string, error) {
	if ref != "" {
		return ref, nil
	}
	all, err := s.db.Accounts(ctx)
	if err != nil {
		return "", err
	}
	if len(all) != 1 {
		return "", invalidWait("There are %d accounts: say which one.", len(all))
	}
	return strconv.FormatInt(all[0].ID, 10), nil
}

func (s *Service) lookForTask(ctx context.Context, a Await) (int64, look, error) {
	states := []string{
		TaskEnded, TaskProvisioned, string(cloud.TaskRunning), string(cloud.TaskDone), string(cloud.TaskFailed),
	}
	if a.State == "" {
		a.State = TaskEnded
	}
	if !slices.Contains(states, a.State) {
		return 0, nil, invalidWait("A task cannot be waited for to be %q, but to be one of %s.",
			a.State, strings.Join(states, ", "))
	}
	task, err := s.task(ctx, a.Account, a.Task)
	if err != nil {
		return 0, nil, err
	}
	return task.Account, func(ctx context.Context) (out Awaited, over bool, err error) {
		task, err := s.task(ctx, a.Account, a.Task)
		if err != nil {
			return out, false, err
		}
		out = Awaited{Status: task.Status, Task: &task}
		ended := cloud.TaskStatus(task.Status).Finished()
		switch a.State {
		case TaskEnded:
			out.Reached = ended
		case TaskProvisioned:
			out.Reached = task.ProvisionedAt != nil
			over = task.Status == string(cloud.TaskFailed)
		case string(cloud.TaskRunning):
			out.Reached = ended || task.Status == a.State
		default:
			out.Reached, over = task.Status == a.State, ended
		}
		if over && !out.Reached {
			out.Reason = "it is " + task.Status
		}
		return out, over || out.Reached, nil
	}, nil
}

func (s *Service) lookForResource(ctx context.Context, account int64, a Await) (int64, look, error) {
	if a.State == "" {
		a.State = string(cloud.StatusActive)
	}
	kind, text, _ := strings.Cut(a.Resource, "/")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || kind == "" {
		return 0, nil, invalidWait("Resource %q is not KIND/ID, like subscription/100001.", a.Resource)
	}
	gone := string(cloud.StatusGone)
	read := func(ctx context.Context) (out Awaited, over bool, err error) {
		_, status, there, err := s.db.ResourceStatus(ctx, account, kind, id)
		if err != nil {
			return out, false, err
		}
		out.Status = string(status)
		if !there {
			out.Status = gone
		}
		out.Reached = out.Status == a.State
		if !there && !out.Reached {
			out.Reason = "it is gone"
		}
		return out, out.Reached || !there, nil
	}
	out, _, err := read(ctx)
	if err == nil && out.Status == gone && !out.Reached {
		err = cloud.Errorf("RESOURCE_NOT_FOUND", "Account %d has no %s %d.", account, kind, id)
	}
	return account, read, err
}

func (s *Service) lookForIdle(account int64, a Await) (int64, look, error) {
	if a.State != "" {
		return 0, nil, invalidWait("There is no state to being idle.")
	}
	return account, func(ctx context.Context) (out Awaited, over bool, err error) {
		tasks, steps, err := s.db.Work(ctx, account)
		if err != nil {
			return out, false, err
		}
		if tasks == 0 && steps == 0 {
			return Awaited{Reached: true, Status: "idle"}, true, nil
		}
		return Awaited{Status: "busy"}, false, nil
	}, nil
}
