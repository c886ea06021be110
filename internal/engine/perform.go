package engine

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
	if course.Status == cloud.StatusDeleting {
		tx.ApplyNow(steps)
		if op, req, err = e.deletion(op, req, made); err == nil {
			_, steps, err = op.perform(ctx, tx, req)
		}
		if err != nil {
			return 0, op.explained(err)
		}
		return made, e.leave(ctx, tx, steps, course)
	}
	done, left, err := course.split(ctx, tx, steps)
	if err != nil {
		return 0, err
	}
	if course.Status == cloud.StatusError {
		done = slices.Clone(done)
		for i := range done {
			done[i].Status, done[i].Error, done[i].Patch = cloud.StatusError, op.explain(course.Error), nil
		}
	}
	tx.ApplyNow(done)
	return made, e.leave(ctx, tx, left, course)
}

// perform runs the function, and returns what it made and what it left to provisioning.
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
	for i, s := range steps { // as usual, so that it can be seen what is due together, also where nothing takes any time
		steps[i].After, steps[i].Takes = s.AfterAll(op.lengths[s.Takes].Takes), ""
	}
	slices.SortStableFunc(steps, func(a, b cloud.Step) int { return int(a.After - b.After) })
	return made, steps, err
}

// leave leaves steps to provisioning, or drops them: also where nothing takes any time, or nothing could be in a state
// that goes by.
func (e *Engine) leave(ctx context.Context, tx *store.Tx, steps []cloud.Step, course Course) error {
	if course.Stays || len(steps) == 0 || e.cfg.Speed == 0 {
		return nil
	}
	return e.plan(ctx, nil, tx, steps, false)
}

// split parts steps into those by which the status is reached and those after them.
func (c Course) split(ctx context.Context, tx *store.Tx, steps []cloud.Step) (done, left []cloud.Step, err error) {
	if c.Status == "" || c.Status == cloud.StatusError {
		return steps, nil, nil
	}
	if len(steps) == 0 {
		return nil, nil, cloud.Errorf("", "nothing is provisioned for it, so it has no state to be in but its own")
	}
	first := steps[0]
	status, err := tx.StatusOf(ctx, first.Kind.Name, first.ID)
	if err != nil {
		return nil, nil, err
	}
	states := []string{string(status)}
	if status == c.Status {
		return nil, steps, nil
	}
	for i, step := range steps {
		if step.Kind.Name != first.Kind.Name || step.ID != first.ID {
			continue
		}
		if step.Status == c.Status {
			// What is due at the same time is one change, of several resources.
			for i++; i < len(steps) && steps[i].After == step.After; i++ { //nolint:revive // it counts
			}
			return steps[:i], later(steps[i:], step), nil
		}
		states = append(states, string(step.Status))
	}
	return nil, nil, cloud.Errorf("", "it is never %q: it goes through %s, and may be %s or %s", c.Status,
		strings.Join(states, ", "), cloud.StatusDeleting, cloud.StatusError)
}

// later is steps as they are seen when one before them is done.
func later(steps []cloud.Step, done cloud.Step) []cloud.Step {
	steps = slices.Clone(steps)
	for i := range steps {
		steps[i].After -= done.After
	}
	return steps
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
