package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Whether requests are accepted together or one by one makes no difference: to numbers, times, events, to what they
// take, or to one whose account is gone.
func TestAcceptedTogetherAsOneByOne(t *testing.T) {
	t.Parallel()
	type seen struct {
		Accepted  bool
		Head      bool
		Seq       int64
		Operation string
		Events    string
	}
	accept := func(together bool) (all []seen) {
		db, first := newAccount(t)
		second, err := db.CreateAccount(t.Context(), cloud.Account{Name: "second"})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 5, 20, 10, 30, 0, 0, time.UTC)
		for _, account := range []int64{first.Account, second} {
			err := db.SetClock(t.Context(), account, func(was store.Clock) store.Clock {
				was.Now, was.Rate = now, 0
				return was
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var requests []store.Acceptance
		for i, account := range []int64{second, first.Account, 77, second, second, first.Account} {
			var faults *string
			if i == 3 {
				faults = new(`[]`)
			}
			requests = append(requests, store.Acceptance{
				ID: uuid.NewString(), Account: account, KeyName: "key", Operation: fmt.Sprint("operation-", i), Command: "command",
				Request: []byte(`{"body":{"name":"it's \"so\""}}`), Faults: faults,
				Work: store.Work{
					Length: store.Length{Names: []cloud.Length{"own", "usual"}, Usual: time.Minute}, Speed: 2, Takes: 30 * time.Second,
				},
			})
		}
		requests[1].ID = requests[0].ID // of another account: ids that follow from a number may be the same
		var accepted []store.Accepted
		for i := range requests {
			end := i + 1
			if together {
				end = len(requests)
			}
			some, err := db.Accept(t.Context(), requests[i:end])
			if err != nil {
				t.Fatal(err)
			}
			if accepted = append(accepted, some...); together {
				break
			}
		}
		for i, r := range requests {
			one := seen{Accepted: accepted[i].At.Equal(now), Head: accepted[i].Head}
			records, err := db.TasksWithID(t.Context(), r.ID, r.Account)
			if err != nil {
				t.Fatal(err)
			}
			if len(records) == 1 {
				one.Seq, one.Operation = records[0].Seq, records[0].Operation
			}
			events, err := db.Events(t.Context(), r.Account, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				one.Events += fmt.Sprint(e.Seq, " ", e.Name, " ", e.Status, " ", e.At.Equal(now), "\n")
			}
			all = append(all, one)
		}
		return all
	}
	apart, together := accept(false), accept(true)
	if diff := cmp.Diff(apart, together); diff != "" {
		t.Errorf("one by one (-) and together (+):\n%s", diff)
	}
	if got := together[0]; !got.Accepted || !got.Head || got.Seq != 1 || together[4].Seq != 3 || together[2].Accepted {
		t.Errorf("got %+v", together)
	}
}
