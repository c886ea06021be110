package sandbox

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// TaskQuery chooses tasks of an account. What is empty chooses all.
type TaskQuery struct {
	Status      string // received, running, done or failed
	Text        string // in the id, the operation, the command or the error
	FailedFirst bool   // else the newest first
	Offset      int
	Limit       int
}

// TaskPage returns some tasks of an account, and how many there are of each status with the text. It returns what
// Account does.
func (s *Service) TaskPage(ctx context.Context, ref string, q TaskQuery) ([]Task, map[string]int, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	found, counted, err := s.db.TaskPage(ctx, account.ID, store.TaskPage{
		Status: cloud.TaskStatus(q.Status), Text: q.Text, FailedFirst: q.FailedFirst, Offset: q.Offset, Limit: q.Limit,
	})
	list := make([]Task, 0, len(found))
	for _, t := range found {
		list = append(list, taskOf(t))
	}
	counts := map[string]int{}
	for status, n := range counted {
		counts[string(status)] = n
	}
	return list, counts, err
}

// Resource is a resource of any kind, as it is stored.
type Resource = store.Shown

// ResourceQuery chooses resources of an account: those that belong to no other, or, with a kind or a text, those that
// fit.
type ResourceQuery = store.ResourcePage

// ResourcePage returns some resources of an account, how many there are of each kind, and how many fit. It returns what
// Account does.
func (s *Service) ResourcePage(
	ctx context.Context, ref string, q ResourceQuery,
) (list []Resource, counts map[string]int, all int, err error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, nil, 0, err
	}
	return s.db.ResourcePage(ctx, account.ID, q)
}

// Below returns the resources below some others, of each the first ones, up to limit. It returns what Account does.
func (s *Service) Below(ctx context.Context, ref string, parents []Resource, limit int) ([]Resource, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.db.Below(ctx, account.ID, parents, limit)
}

// Family is a resource with those that it belongs to, the outermost first, and the first of those that belong to it.
type Family struct {
	Resource
	Above, Children []Resource
	History         []Transition // the newest first
}

// Family returns a resource with its neighbours, and the latest of what became of it. It returns RESOURCE_NOT_FOUND and
// what Account does.
func (s *Service) Family(ctx context.Context, ref, kind string, id int64, limit int) (f Family, err error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return f, err
	}
	var ok bool
	if f.Resource, f.Above, f.Children, ok, err = s.db.Family(ctx, account.ID, kind, id, limit); err != nil {
		return f, err
	}
	if f.History, err = s.latest(ctx, account.ID, kind, id, limit); err != nil {
		return f, err
	}
	if !ok && len(f.History) == 0 {
		return f, cloud.Errorf("RESOURCE_NOT_FOUND", "There is no %s %d.", kind, id)
	}
	if !ok { // its history is all that is left of it
		f.Kind, f.ID, f.Name, f.Status = kind, id, f.History[0].Name, cloud.StatusGone
	}
	return f, nil
}

// LatestEvents returns the latest events of an account, the newest first. It returns what Account does.
func (s *Service) LatestEvents(ctx context.Context, ref string, limit int) ([]Transition, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.latest(ctx, account.ID, "", 0, limit)
}

func (s *Service) latest(ctx context.Context, account int64, kind string, id int64, limit int) ([]Transition, error) {
	found, err := s.db.LatestEvents(ctx, account, kind, id, limit)
	list := make([]Transition, 0, len(found))
	for _, e := range found {
		list = append(list, eventOf(e))
	}
	return list, err
}
