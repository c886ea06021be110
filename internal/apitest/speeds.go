package apitest

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// AtEverySpeed runs a test at each of servetest.Speeds, as a client with an account of
// a server of its own. On a clock that runs, the methods that let time pass skip it.
func AtEverySpeed(t *testing.T, test func(t *testing.T, a *Account)) {
	t.Helper()
	t.Parallel()
	for _, speed := range servetest.Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			w := New(t, func(c *engine.Config) { c.Speed, c.Hold = speed.Factor, speed.Hold })
			if speed.Stepped {
				test(t, w.Account())
			} else {
				test(t, w.RunningAccount())
			}
		})
	}
}
