package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// lister lists the tasks of an account and keeps all that it has read of them, by their versions.
type lister struct {
	*kept
	upto      int64
	versions  map[store.Version]cloud.Task
	forgotten map[int64]bool // tasks that are to be read again
	asked     func()         // what happens once, when it is asked whether it knows a task
	read      []int64        // tasks that the last list had to be read of
}

func (l *lister) Upto() int64 { return l.upto }

func (l *lister) Room() []store.Listed { return make([]store.Listed, 0, len(l.versions)) }

func (l *lister) Has(t store.Listed) bool {
	if f := l.asked; f != nil {
		l.asked = nil
		f()
	}
	_, ok := l.versions[t.Version]
	return ok && !l.forgotten[t.Seq]
}

func (l *lister) list(known store.Known) (tasks []cloud.Task) {
	l.t.Helper()
	err := l.QueryRow(l.t.Context(), `SELECT generation FROM accounts WHERE id = $1`, l.caller.Account).
		Scan(&l.caller.Generation)
	if err != nil {
		l.t.Fatal(err)
	}
	err = l.Read(l.t.Context(), l.caller, func(tx *store.Tx) error {
		tasks, l.read = nil, nil
		tx.Hide([]string{"hidden", "hidden too"})
		listed, err := tx.RecentTasks(l.t.Context(), time.Hour, 5, known)
		for _, one := range listed {
			if one.Task != nil {
				if was, ok := l.versions[one.Version]; ok && !cmp.Equal(was, *one.Task) {
					l.t.Errorf("of one version there are %+v and %+v", was, *one.Task)
				}
				l.versions[one.Version] = *one.Task
				l.read = append(l.read, one.Seq)
			}
			task, ok := l.versions[one.Version]
			if !ok || task.ID != one.ID.String() || task.Seq != one.Seq {
				l.t.Errorf("listed %+v, which is known as %+v", one, task)
			}
			tasks = append(tasks, task)
		}
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return tasks
}

// Whatever is known of a list, it is as if nothing were, and only what is not known is read. That is so whatever
// happens to tasks, also between the two questions that are asked where something is missing.
func TestAListOfWhatIsKnown(t *testing.T) {
	t.Parallel()
	l := &lister{kept: newKept(t), versions: map[store.Version]cloud.Task{}, forgotten: map[int64]bool{}}
	ctx, account := t.Context(), l.caller.Account
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	accept := func(id uuid.UUID, operation string) {
		must(l.Accept(ctx, []store.Acceptance{{
			ID: id.String(), Account: account, Operation: operation, Command: "jarCreate", Request: []byte(`{}`),
		}}))
	}
	var claim store.Claim
	take := func() {
		claims, err := l.ClaimTasks(ctx, 1, time.Minute)
		must(nil, err)
		claim = claims[0]
	}
	end := func(status cloud.TaskStatus) {
		must(nil, l.Process(ctx, claim, func(tx *store.Tx) error {
			tx.Finish(claim, status, cloud.TaskResponse{ResourceID: 7})
			return nil
		}))
	}
	again := uuid.New() // a task before and after a reset, as from a seed
	for _, step := range []struct {
		what string
		do   func()
		read []int64 // tasks whose rows had to be read
	}{
		{"nothing", func() {}, []int64{1}},
		{"nothing again", func() {}, nil},
		{"one is forgotten", func() { l.forgotten[1] = true }, []int64{1}},
		{"more are accepted", func() {
			accept(uuid.New(), "createJar")
			accept(uuid.New(), "hidden")
			accept(again, "createJar")
		}, []int64{4, 2}},
		{"one is claimed", take, []int64{2}},
		{"one is done, and a hidden one", func() { end(cloud.TaskDone); take(); end(cloud.TaskDone) }, []int64{2, 4}},
		{"one is done meanwhile, and another one forgotten", func() {
			take()
			l.forgotten[1], l.asked = true, func() { end(cloud.TaskDone) }
		}, []int64{4, 2, 1}}, // as two questions had different answers
		{"one fails", func() { accept(uuid.New(), "createJar"); take(); end(cloud.TaskFailed) }, []int64{5}},
		{"a snapshot is saved", func() { must(l.SaveSnapshot(ctx, account, "saved", true)) }, nil},
		{"others are there after a reset", func() {
			must(nil, l.ResetAccounts(ctx, []int64{account}, store.Reset{}))
			accept(uuid.New(), "createJar")
			accept(again, "createJar")
		}, []int64{2, 1}},
		{"the same are there again", func() { must(l.LoadSnapshot(ctx, account, "saved", nil)) }, []int64{5, 4, 2, 1}},
		{"there are too many", func() {
			accept(uuid.New(), "createJar")
			accept(uuid.New(), "createJar")
			accept(uuid.New(), "hidden too")
		}, []int64{7, 6}},
		{"they are pruned", func() { must(l.PruneTasks(ctx, -time.Hour, 100)) }, nil},
		{"nobody knows anything", func() { clear(l.versions) }, []int64{7, 6}},
		{"they go while they are read", func() {
			clear(l.versions)
			l.asked = func() { must(nil, l.ResetAccounts(ctx, []int64{account}, store.Reset{})) }
		}, nil},
	} {
		step.do()
		got := l.list(l)
		read := l.read
		if want := l.list(nil); !cmp.Equal(want, got) {
			t.Errorf("%s: want (-), got (+)\n%s", step.what, cmp.Diff(want, got))
		}
		if !slices.Equal(read, step.read) {
			t.Errorf("%s: tasks %d had to be read, want %d", step.what, read, step.read)
		}
		l.upto = 0
		for _, task := range got {
			l.upto = max(l.upto, task.Seq)
		}
		clear(l.forgotten)
	}
}
