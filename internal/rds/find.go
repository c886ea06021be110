package rds

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/lazy"
	"github.com/understudy-dev/understudy/internal/store"
)

var uidSyntax = lazy.Regexp(`^[0-9a-f]{32}in\d\d$`)

// find returns the DB instance with an id of clients. Who is none, as a file that seeds an account, may say its number.
func find(ctx context.Context, tx *store.Tx, id string) (r cloud.Resource[instance], ok bool, err error) {
	if number, err := strconv.ParseInt(id, 10, 64); err == nil && tx.Caller.Key.Name == "" {
		return store.Get[instance](ctx, tx, number)
	}
	if !uidSyntax().MatchString(id) {
		return r, false, cloud.Errorf("DBS.280404", "The id of a DB instance has 32 hexadecimal digits and in01.")
	}
	task, err := uuid.Parse(id[:32])
	if err != nil {
		return r, false, fmt.Errorf("id %s: %w", id, err)
	}
	if number, seeded := numberOf(task); seeded {
		r, ok, err = store.Get[instance](ctx, tx, number)
	} else {
		r, ok, err = store.MadeBy[instance](ctx, tx, task)
	}
	if err == nil && !ok {
		r, ok, err = store.OfForgottenTask[instance](ctx, tx, task, id)
	}
	return r, ok && r.Body.UID == id, err
}

// waiting is what jobs that wait for their turn are to do: clients see it as soon as they are told of the job.
type waiting struct {
	made    []cloud.Resource[instance] // without an ID, the oldest first
	changed map[string]cloud.Status    // by the id for clients
}

func waitingJobs(ctx context.Context, tx *store.Tx) (w waiting, err error) {
	tasks, err := store.Unfinished[instance](ctx, tx)
	if err != nil {
		return w, err
	}
	w.changed = map[string]cloud.Status{}
	for _, task := range tasks {
		if task.Operation == "createInstance" {
			made, err := planned(task)
			if err != nil {
				return w, err
			}
			w.made = append(w.made, made)
			continue
		}
		asked, err := requestOf(task)
		if err != nil {
			return w, err
		}
		w.changed[asked.Path.Instance] = meanwhile[task.Operation]
	}
	return w, nil
}

// apply has a DB instance be as clients see it.
func (w waiting) apply(r *cloud.Resource[instance]) {
	if status, changes := w.changed[r.Body.UID]; changes {
		r.Body.Was, r.Status = r.Status, status
	}
}

// meanwhile is how a DB instance is while a job changes it.
var meanwhile = map[string]cloud.Status{"restartInstance": statusRebooting, "deleteInstance": cloud.StatusDeleting}

// asked is what a task was asked for.
type asked struct {
	Path struct {
		Instance string `json:"instance_id"`
	} `json:"path"`
	Body settings `json:"body"`
}

func requestOf(task store.Asked) (request asked, err error) {
	if err := json.Unmarshal(task.Request, &request); err != nil {
		return request, fmt.Errorf("request of task %s: %w", task.ID, err)
	}
	return request, nil
}

// planned is the DB instance that a task is to make.
func planned(task store.Asked) (r cloud.Resource[instance], err error) {
	id, err := uuid.Parse(task.ID)
	if err != nil {
		return r, fmt.Errorf("task: %w", err)
	}
	request, err := requestOf(task)
	if err != nil {
		return r, err
	}
	request.Body.complete()
	return cloud.Resource[instance]{
		Name: request.Body.Name, Status: cloud.StatusPending, CreatedAt: task.AcceptedAt, UpdatedAt: task.AcceptedAt,
		Body: instance{UID: uid(id), settings: request.Body},
	}, nil
}

// look is find for clients, who see what waiting jobs are to do.
func look(ctx context.Context, tx *store.Tx, id string) (r cloud.Resource[instance], ok bool, err error) {
	// The tasks first: what is made between the two questions is there twice, and not never.
	w, err := waitingJobs(ctx, tx)
	if err != nil {
		return r, false, err
	}
	for _, made := range w.made {
		if made.Body.UID == id {
			return made, true, nil
		}
	}
	r, ok, err = find(ctx, tx, id)
	w.apply(&r)
	return r, ok, err
}

// instances returns all DB instances of the account as clients see them, the oldest first.
func instances(ctx context.Context, tx *store.Tx) ([]cloud.Resource[instance], error) {
	w, err := waitingJobs(ctx, tx)
	if err != nil {
		return nil, err
	}
	all, err := store.All[instance](ctx, tx)
	if err != nil {
		return nil, err
	}
	made := map[string]bool{}
	for i := range all {
		made[all[i].Body.UID] = true
		w.apply(&all[i])
	}
	for _, one := range w.made {
		if !made[one.Body.UID] {
			all = append(all, one)
		}
	}
	return all, nil
}

// settled finds a DB instance that nobody is changing, with find or look.
func settled(
	ctx context.Context, tx *store.Tx, id string,
	by func(context.Context, *store.Tx, string) (cloud.Resource[instance], bool, error),
) (cloud.Resource[instance], error) {
	found, ok, err := by(ctx, tx, id)
	switch {
	case err != nil:
		return found, err
	case !ok:
		return found, cloud.Errorf("DBS.200002", "The DB instance does not exist.")
	case found.Status != cloud.StatusActive && found.Status != cloud.StatusError:
		return found, cloud.Errorf("DBS.200047", "The DB instance is being changed. Try again later.")
	}
	return found, nil
}

// seedMark begins the id of a DB instance that no task has made; its number ends it.
const seedMark = "5eed0000-0000-4000-8000-"

// uid is the id of the DB instance that a task makes: 32 hexadecimal digits and a suffix for MySQL. It follows from the
// task, so that it is known before there is anything, and tells where to find it.
func uid(task uuid.UUID) string { return fmt.Sprintf("%xin01", task[:]) }

// seededTask stands in for the task of a DB instance that none has made.
func seededTask(number int64) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("%s%012x", seedMark, number))
}

func numberOf(task uuid.UUID) (number int64, seeded bool) {
	digits, seeded := strings.CutPrefix(task.String(), seedMark)
	number, err := strconv.ParseInt(digits, 16, 64)
	return number, seeded && err == nil
}
