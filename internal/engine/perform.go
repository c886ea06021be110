package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Course says how far the life of a resource has come.
type Course struct {
	Status cloud.Status // that it has reached; empty: where provisioning ends
	Stays  bool         // it stays so: what is left of provisioning is dropped
	Error  *cloud.Error // StatusError: why
}

// Check looks at a request for Perform without carrying it out. It returns an *openapi.Invalid where the document
// refuses it.
func (e *Engine) Check(id string, req binding.Request) (binding.Request, error) {
	op, err := e.operation(id)
	if err != nil {
		return req, err
	}
	body := op.doc.ReadBody(req.Body)
	req.Body = body.JSON
	query := url.Values{}
	for name, value := range req.Query {
		query.Set(name, value)
	}
	return req, op.doc.Check(req.Path, query, body)
}

// Perform carries out an operation at once, in a transaction of the caller's: as if its task had been accepted and
// processed, and provisioning had come as far as is said. It returns the id of the resource that it made; 0: none. Its
// error is an *openapi.Invalid, or a *cloud.Error that the operation, or the course, ends in.
func (e *Engine) Perform(
	ctx context.Context, tx *store.Tx, id string, req binding.Request, course Course,
) (int64, error) {
	req, err := e.Check(id, req)
	if err != nil {
		return 0, err
	}
	op, err := e.operation(id)
	if err != nil {
		return 0, err
	}
	made, steps, err := op.perform(ctx, tx, req)
	if err != nil {
		return 0, op.explained(err)
	}
	tx.DrawBy(made)
	if course.Status == cloud.StatusDeleting {
		tx.ApplyNow(steps)
		if op, req, err = e.deletion(op, req, made); err == nil {
			_, steps, err = op.perform(ctx, tx, req)
		}
		if err != nil {
			return 0, op.explained(err)
		}
		return made, e.leave(ctx, tx, op.lengths, steps, 0, course)
	}
	done, err := course.done(ctx, tx, op.lengths, steps)
	if err != nil {
		return 0, err
	}
	reached := slices.Clone(steps[:done])
	if course.Status == cloud.StatusError {
		for i := range reached {
			reached[i].Status, reached[i].Error, reached[i].Patch = cloud.StatusError, op.explain(course.Error), nil
		}
	}
	tx.ApplyNow(reached)
	return made, e.leave(ctx, tx, op.lengths, steps, done, course)
}

// perform runs the function, and returns what it made and what it left to provisioning, in the order in which that is
// usually due: so it can be seen what is due together, also where nothing takes any time.
func (op *bound) perform(ctx context.Context, tx *store.Tx, req binding.Request) (int64, []cloud.Step, error) {
	in, err := op.input.Decode(req)
	if err != nil {
		return 0, nil, err
	}
	tx.Hide(op.others)
	before := len(tx.Planned())
	tx.BeginInserts()
	var out Outcome
	if op.process != nil {
		out, err = call(ctx, op, tx, in)
	} else {
		_, err = op.answer(ctx, tx, in)
	}
	made := out.ResourceID
	if made == 0 {
		made = tx.FirstInserted()
	}
	steps := slices.Clone(tx.Planned()[before:])
	slices.SortStableFunc(steps, func(a, b cloud.Step) int {
		return cmp.Compare(usuallyAfter(op.lengths, a), usuallyAfter(op.lengths, b))
	})
	return made, steps, err
}

// usuallyAfter is when a step is due at speed 1, in an account that has no lengths of its own.
func usuallyAfter(usual cloud.Lengths, s cloud.Step) time.Duration {
	return s.AfterAll(usual[s.Takes].Takes)
}

// leave leaves steps, of which some are done, to provisioning, as if the last of those had just been due. It drops them
// where the resource stays as it is, and where they take no time: nothing could be in a state that goes by.
func (e *Engine) leave(
	ctx context.Context, tx *store.Tx, usual cloud.Lengths, steps []cloud.Step, done int, course Course,
) error {
	if course.Stays || done == len(steps) {
		return nil
	}
	if err := e.setAfter(ctx, usual, tx, steps); err != nil {
		return err
	}
	left, passed := steps[done:], time.Duration(0)
	if done > 0 {
		passed = steps[done-1].After
	}
	for i := range left {
		left[i].After = max(0, left[i].After-passed)
	}
	if !anyTakesTime(left) {
		return nil
	}
	return e.leaveSteps(ctx, tx, left, false)
}

// done is how many steps lead to the status.
func (c Course) done(ctx context.Context, tx *store.Tx, usual cloud.Lengths, steps []cloud.Step) (int, error) {
	if c.Status == "" || c.Status == cloud.StatusError {
		return len(steps), nil
	}
	if len(steps) == 0 {
		return 0, cloud.Errorf("", "nothing is provisioned for it, so it has no state to be in but its own")
	}
	first := steps[0]
	status, err := tx.StatusOf(ctx, first.Kind.Name, first.ID)
	if err != nil || status == c.Status {
		return 0, err
	}
	states := []string{string(status)}
	for i, step := range steps {
		if step.Kind.Name != first.Kind.Name || step.ID != first.ID {
			continue
		}
		if step.Status == c.Status {
			// What is due at the same time is one change, of several resources.
			later := func(s cloud.Step) bool { return usuallyAfter(usual, s) > usuallyAfter(usual, step) }
			if next := slices.IndexFunc(steps[i:], later); next >= 0 {
				return i + next, nil
			}
			return len(steps), nil
		}
		states = append(states, string(step.Status))
	}
	return 0, cloud.Errorf("", "it is never %q: it goes through %s, and may be %s or %s", c.Status,
		strings.Join(states, ", "), cloud.StatusDeleting, cloud.StatusError)
}

// deletion is the operation that deletes what an operation made: DELETE of its path, or of that with one more
// parameter.
func (e *Engine) deletion(op *bound, req binding.Request, made int64) (*bound, binding.Request, error) {
	for _, other := range e.operations {
		rest, below := strings.CutPrefix(other.doc.Path, strings.TrimSuffix(op.doc.Path, "/")+"/")
		if other.doc.Method != http.MethodDelete || !below || other.doc.Document() != op.doc.Document() ||
			!strings.HasPrefix(rest, "{") || strings.Contains(rest, "/") {
			continue
		}
		path := map[string]string{strings.Trim(rest, "{}"): fmt.Sprint(made)}
		maps.Copy(path, req.Path)
		return other, binding.Request{Path: path}, nil
	}
	return op, req, cloud.Errorf("", "nothing deletes it")
}

// Changes reports whether there is an operation of an id that may change something.
func (e *Engine) Changes(id string) bool {
	op, ok := e.operations[id]
	return ok && op.doc.Method != http.MethodGet
}

// Operations returns the ids of all operations that change something.
func (e *Engine) Operations() (ids []string) {
	for id, op := range e.operations {
		if op.doc.Method != http.MethodGet {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
