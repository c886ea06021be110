package engine

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// A database that falls silent holds up neither a look, nor a job, for longer than
// the limit. Without one the first of them is a deadlock.
func TestSilenceIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var looks, jobs int
		silence := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		d := &dispatcher{
			name: "test", log: slog.New(slog.DiscardHandler), wake: newSignal(), size: 1, limit: 12 * time.Second,
			take: func(ctx context.Context, _ int) ([]job, error) {
				switch looks++; looks {
				case 1:
					return nil, silence(ctx)
				case 2:
					return []job{func(ctx context.Context) {
						if err := silence(ctx); errors.Is(err, context.DeadlineExceeded) {
							jobs++
						}
					}}, nil
				case 4:
					stop()
				}
				return nil, nil
			},
			next: func(ctx context.Context) (time.Duration, bool, error) { return 0, false, silence(ctx) },
		}
		begin := time.Now()
		if err := d.run(ctx); !errors.Is(err, context.Canceled) || jobs != 1 {
			t.Errorf("got %v and %d jobs that ran out of time, want the stop and 1", err, jobs)
		}
		if took, want := time.Since(begin), 3*d.limit+time.Minute; took > want {
			t.Errorf("took %v, want at most %v", took, want)
		}
	})
}
