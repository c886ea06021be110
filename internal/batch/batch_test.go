package batch_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy/internal/batch"
)

// gated is a Batcher that doubles numbers; each call tells what it was given and
// waits to be let on.
func gated(wide, size int) (b *batch.Batcher[int, int], started chan []int, goOn chan error) {
	started, goOn = make(chan []int), make(chan error)
	return batch.New(wide, size, func(in []int) ([]int, error) {
		started <- slices.Clone(in)
		err := <-goOn
		out := make([]int, len(in))
		for i, n := range in {
			out[i] = 2 * n
		}
		return out, err
	}), started, goOn
}

type answer struct {
	in, out int
	err     error
}

func ask(b *batch.Batcher[int, int], answers chan<- answer, in int) {
	go func() {
		out, err := b.Do(in)
		answers <- answer{in, out, err}
	}()
}

func TestLateCallsShareTheNextOne(t *testing.T) {
	t.Parallel()
	b, started, goOn := gated(1, 3)
	answers := make(chan answer, 5)
	ask(b, answers, 1)
	if got := <-started; !slices.Equal(got, []int{1}) {
		t.Fatalf("the first call carries %v, want itself alone", got)
	}
	for n := 2; n <= 5; n++ {
		ask(b, answers, n)
	}
	b.AwaitWaiting(4)
	goOn <- nil
	first := <-started
	goOn <- nil
	second := <-started
	goOn <- nil
	if len(first) != 3 || len(second) != 1 {
		t.Errorf("batches of %d and %d, want 3, the most, and 1", len(first), len(second))
	}
	for range 5 {
		if got := <-answers; got.out != 2*got.in || got.err != nil {
			t.Errorf("%d is answered with %d, %v", got.in, got.out, got.err)
		}
	}
}

func TestCallsSideBySide(t *testing.T) {
	t.Parallel()
	b, started, goOn := gated(2, 8)
	answers := make(chan answer, 2)
	ask(b, answers, 1)
	ask(b, answers, 2)
	<-started
	<-started // would wait for ever if the second one had to gather
	goOn <- nil
	goOn <- nil
	<-answers
	<-answers
}

func TestAnErrorIsForAllOfABatch(t *testing.T) {
	t.Parallel()
	b, started, goOn := gated(1, 8)
	answers := make(chan answer, 3)
	ask(b, answers, 1)
	<-started
	ask(b, answers, 2)
	ask(b, answers, 3)
	b.AwaitWaiting(2)
	goOn <- nil
	if got := <-answers; got.err != nil {
		t.Errorf("the call before the failure answers %v", got.err)
	}
	<-started
	failure := errors.New("no luck")
	goOn <- failure
	for range 2 {
		if got := <-answers; !errors.Is(got.err, failure) || got.out != 0 {
			t.Errorf("%d is answered with %d, %v; want the error", got.in, got.out, got.err)
		}
	}
}

// A panic is the error of its batch alone: its place is free again for the next one.
func TestAPanicIsAnError(t *testing.T) {
	t.Parallel()
	b := batch.New(1, 8, func(in []int) ([]int, error) {
		if in[0] == 1 {
			panic("no luck")
		}
		return in, nil
	})
	if out, err := b.Do(1); err == nil || out != 0 || !strings.HasPrefix(err.Error(), "panic: no luck") {
		t.Errorf("got %d, %v, want the panic", out, err)
	}
	if out, err := b.Do(2); out != 2 || err != nil {
		t.Errorf("after the panic: %d, %v", out, err)
	}
	b.Close() // nothing is under way
}

func TestCloseWaitsAndRefuses(t *testing.T) {
	t.Parallel()
	b, started, goOn := gated(1, 8)
	answers := make(chan answer, 2)
	ask(b, answers, 1)
	<-started
	ask(b, answers, 2)
	b.AwaitWaiting(1)
	var closing sync.WaitGroup
	closing.Go(b.Close)
	goOn <- nil
	<-started // taken before the close, so still carried out
	goOn <- nil
	closing.Wait()
	for range 2 {
		if got := <-answers; got.err != nil {
			t.Errorf("%d, taken before the close, is answered with %v", got.in, got.err)
		}
	}
	if _, err := b.Do(3); !errors.Is(err, batch.ErrClosed) {
		t.Errorf("after the close: %v, want ErrClosed", err)
	}
}
