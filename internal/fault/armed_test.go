package fault_test

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/fault"
)

// A request looks only at a pointer while no rule is armed.
// Not parallel: allocations are counted.
func TestNoRuleCostsNothing(t *testing.T) {
	armed := fault.NewArmed(nil, fault.Vocabulary{}) // nothing is asked of a database
	request := &fault.Request{Account: 1, Operation: "getThing"}
	if n := testing.AllocsPerRun(100, func() {
		if !armed.None() {
			t.Error("a rule is armed")
		}
		if strikes, err := armed.Strikes(t.Context(), fault.Arrived, request); err != nil || strikes != nil {
			t.Error(strikes, err)
		}
	}); n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}

func BenchmarkNoRule(b *testing.B) {
	armed := fault.NewArmed(nil, fault.Vocabulary{})
	for b.Loop() {
		if !armed.None() {
			b.Fatal("a rule is armed")
		}
	}
}
