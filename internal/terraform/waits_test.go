package terraform

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/terraform/source"
)

// What is a wait is a hundredth of itself afterwards; what is a limit, or computed, is left alone.
func TestShorten(t *testing.T) {
	t.Parallel()
	got, places, err := source.Apply([]byte(`package p

const defaultWindowDuration = 1 * time.Minute

func f() {
	time.Sleep(30 * time.Second) // as it is
	wait := &retry.StateChangeConf{
		Delay:        10 * time.Second,
		PollInterval: interval,
		Timeout:      10 * time.Minute,
	}
	retry.RetryContext(ctx, 5*time.Minute, look)
	retry.Do(look, retry.Delay(1*time.Second), retry.MaxDelay(c.retryMaxDelay))
	if wait > 10*time.Second {
		wait = 10 * time.Second
	}
}
`), Shorten)
	if err != nil || places != 6 {
		t.Errorf("got %d places, %v, want 6", places, err)
	}
	if diff := cmp.Diff(`package p

const defaultWindowDuration = (1 * time.Minute)/100

func f() {
	time.Sleep((30 * time.Second)/100) // as it is
	wait := &retry.StateChangeConf{
		Delay:        (10 * time.Second)/100,
		PollInterval: interval,
		Timeout:      10 * time.Minute,
	}
	retry.RetryContext(ctx, 5*time.Minute, look)
	retry.Do(look, retry.Delay((1*time.Second)/100), retry.MaxDelay(c.retryMaxDelay))
	if wait > (10*time.Second)/100 {
		wait = (10 * time.Second)/100
	}
}
`, string(got)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
