package sdk

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/understudy-dev/understudy"
)

// The real limit, as the SDK meets it: one client uses it up and then waits by itself; another one of the account is
// refused once, waits until the real minute is over, whatever the clock of the account shows, and goes on.
func TestFourHundredRequestsAMinute(t *testing.T) {
	t.Parallel()
	s := strike(t, understudy.Instant)
	if _, err := s.Faults().Arm(s.ctx, "rate-429", ""); err != nil {
		t.Fatal(err)
	}
	s.must(s.Clock().Freeze(s.ctx))
	s.client = s.another()
	before, begun := len(s.answers.since(0)), time.Now()
	for i := range 400 {
		if err := s.list(s.ctx); err != nil {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	s.wantStatuses(before, slices.Repeat([]int{http.StatusOK}, 400))
	if left := s.answers.last().Get("X-Rate-Limit-Remaining"); left != "0" || s.hits() != 0 {
		t.Errorf("%s requests are left and %d were refused, want none of both", left, s.hits())
	}
	if err := s.within(time.Second, s.list); err == nil {
		t.Error("the client that has used the limit up sends one more")
	}
	s.wantStatuses(before+400, nil)

	if _, err := s.Clock().Advance(s.ctx, time.Hour); err != nil { // which opens no window
		t.Fatal(err)
	}
	s.client = s.another()
	s.must(s.list(s.ctx))
	s.wantStatuses(before+400, []int{http.StatusTooManyRequests, http.StatusOK})
	if took := time.Since(begun); took < 55*time.Second || s.hits() != 1 {
		t.Errorf("after %v the limit is open again, and %d requests were refused, want a minute and one", took, s.hits())
	}
	refusal := s.answers.headers[before+400]
	if wait, err := strconv.Atoi(refusal.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
		t.Errorf("the refusal has the header %v, want the rest of a minute in Retry-After", refusal)
	}
}

// wantStatuses checks the statuses of the answers after the first n.
func (s *struck) wantStatuses(after int, want []int) {
	s.t.Helper()
	if got := s.answers.since(after); !slices.Equal(got, want) {
		s.t.Errorf("the answers after the first %d are %v, want %v", after, got, want)
	}
}
