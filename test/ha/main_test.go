// Package ha has several servers on one Postgres, which is reached through PgBouncer, dies and is followed by its
// standby, and while the servers themselves are replaced by newer ones. All of it is real: the processes, the load, the
// kills. It runs by `make ha-test`, on Debian and as root, and is no part of `make ci`.
package ha

import (
	"context"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	patience = 30 * time.Second // for what must come
	lookAt   = 10 * time.Millisecond
)

// until tries something again and again, until it works or patience ends.
func until(tb testing.TB, what string, try func(context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	tick := time.NewTicker(lookAt)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tb.Fatalf("%s: %v", what, err)
		}
	}
}
