package apitest

import (
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/engine"
)

// Speed is a pace at which a server can be run.
type Speed struct {
	Name    string
	Factor  float64       // business time over real time; 0: nothing takes any time
	Hold    time.Duration // how long a GET of an unfinished task waits for its end
	Stepped bool          // the clocks of its accounts stand still until a test steps them
}

// Speeds are those at which clients must find the same: as the server is started, with
// tasks that take their time, with nothing that takes any, and the real one.
func Speeds() []Speed {
	return []Speed{
		{Name: "speed 600", Factor: 600, Hold: 500 * time.Millisecond},
		{Name: "speed 60 without hold", Factor: 60},
		{Name: "speed 0", Hold: 500 * time.Millisecond},
		{Name: "speed 1 stepped", Factor: 1, Hold: 500 * time.Millisecond, Stepped: true},
	}
}

// Account starts a server at the speed, and gives back a client with an account of it.
// On a clock that runs, the methods that let time pass skip it.
func (s Speed) Account(tb testing.TB) *Account {
	tb.Helper()
	w := New(tb, func(c *engine.Config) { c.Speed, c.Hold = s.Factor, s.Hold })
	if s.Stepped {
		return w.Account()
	}
	return w.RunningAccount()
}

// AtEverySpeed runs a test at each of Speeds.
func AtEverySpeed(t *testing.T, test func(t *testing.T, a *Account)) {
	t.Helper()
	t.Parallel()
	for _, speed := range Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			test(t, speed.Account(t))
		})
	}
}
