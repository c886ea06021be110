package sandbox

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Task is a task with the times of its phases, on its account's clock. Times that are not there are yet to come, or
// never do.
type Task struct {
	ID            string         `json:"id"`
	Account       int64          `json:"account"`
	Operation     string         `json:"operation"`
	Command       string         `json:"command"`
	Status        string         `json:"status"` // received, running, done or failed
	ReceivedAt    time.Time      `json:"receivedAt"`
	StartedAt     *time.Time     `json:"startedAt,omitempty"`
	ProcessedAt   *time.Time     `json:"processedAt,omitempty"`
	ProvisionedAt *time.Time     `json:"provisionedAt,omitempty"` // all that it left to provisioning is done
	ResourceID    int64          `json:"resourceId,omitempty"`
	Error         *Failure       `json:"error,omitempty"`
	Resources     []TaskResource `json:"resources,omitempty"` // that it made, changed or removed; in a list of tasks none
	Injected      string         `json:"-"`                   // the fault rules that it failed by
}

// TaskResource is a resource that a task made, changed or removed, with what became of it by that.
type TaskResource struct {
	Kind     string       `json:"kind"`
	ID       int64        `json:"id"`
	Name     string       `json:"name"`
	Statuses []StatusTime `json:"statuses"`
}

// StatusTime is when something reached a status.
type StatusTime struct {
	Status string    `json:"status"`
	At     time.Time `json:"at"`
}

func taskOf(t store.TaskRecord) Task {
	task := Task{
		ID: t.ID, Account: t.Account, Operation: t.Operation, Command: t.Command, Status: string(t.Status),
		ReceivedAt: t.AcceptedAt, StartedAt: t.StartedAt, ProcessedAt: t.FinishedAt, ProvisionedAt: t.ProvisionedAt,
	}
	if t.Response != nil {
		task.ResourceID, task.Error = t.Response.ResourceID, failure(t.Response.Error)
		task.Injected = t.Response.Injected
	}
	return task
}

// Tasks returns up to limit tasks of an account, the newest first: all, or those that have not ended.
func (s *Service) Tasks(ctx context.Context, ref string, pending bool, limit int) ([]Task, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, err
	}
	found, err := s.db.TaskRecords(ctx, account.ID, pending, limit)
	list := make([]Task, 0, len(found))
	for _, t := range found {
		list = append(list, taskOf(t))
	}
	return list, err
}

// Task returns a task with its resources, as long as their events are kept. ref may be empty where no other account has
// a task with the id, as its forks have. It returns TASK_NOT_FOUND, TASK_AMBIGUOUS and the errors of Account.
func (s *Service) Task(ctx context.Context, ref, id string) (Task, error) {
	task, err := s.task(ctx, ref, id)
	if err != nil {
		return task, err
	}
	events, err := s.db.ResourceEvents(ctx, task.Account, task.ID)
	for _, e := range events {
		i := slices.IndexFunc(task.Resources, func(r TaskResource) bool { return r.Kind == e.Kind && r.ID == e.Resource })
		if i < 0 {
			i = len(task.Resources)
			task.Resources = append(task.Resources, TaskResource{Kind: e.Kind, ID: e.Resource})
		}
		r := &task.Resources[i]
		r.Name, r.Statuses = e.Name, append(r.Statuses, StatusTime{string(e.Status), e.At})
	}
	return task, err
}

// task is Task without its resources.
func (s *Service) task(ctx context.Context, ref, id string) (Task, error) {
	var account int64
	if ref != "" {
		a, err := s.Account(ctx, ref)
		if err != nil {
			return Task{}, err
		}
		account = a.ID
	}
	var found []store.TaskRecord
	if parsed, err := uuid.Parse(id); err == nil {
		if found, err = s.db.TasksWithID(ctx, parsed.String(), account); err != nil {
			return Task{}, err
		}
	}
	switch len(found) {
	case 0:
		return Task{}, cloud.Errorf("TASK_NOT_FOUND", "There is no task %q.", id)
	case 1:
		return taskOf(found[0]), nil
	}
	return Task{}, cloud.Errorf("TASK_AMBIGUOUS", "Accounts %d and %d both have a task %s: say which one.",
		found[0].Account, found[1].Account, id)
}
