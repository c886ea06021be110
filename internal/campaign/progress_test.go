package campaign

import (
	"slices"
	"testing"
	"time"
)

// What is left is guessed from what runs took so far; what was not run took nothing.
func TestTimeLeft(t *testing.T) {
	t.Parallel()
	var got []time.Duration
	c := counter{say: func(p Progress) { got = append(got, p.Left) }, total: 10, parallel: 4}
	c.ended(&Result{Seconds: 240}, false)
	c.ended(&Result{}, false)
	c.ended(&Result{Seconds: 100}, true)
	c.ended(&Result{Seconds: 140}, true)
	want := []time.Duration{720 * time.Second, 480 * time.Second, 200 * time.Second, 240 * time.Second}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
