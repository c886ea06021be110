// Package batch makes several calls one. While calls are under way the next ones
// gather and share the call after them, so what a call costs by itself, a round
// trip or a flush of the disk, is paid once for all of them. With nothing under
// way a call goes straight through: nobody ever waits for company.
package batch

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// ErrClosed says that nothing more is taken.
var ErrClosed = errors.New("closed for new calls")

// Batcher carries out calls of one sort. Its methods may be used concurrently.
type Batcher[In, Out any] struct {
	do   func([]In) ([]Out, error)
	wide int // calls at a time
	size int // of a batch, at most

	mu      sync.Mutex
	running int
	waiting []*one[In, Out]
	closed  bool
	idle    *sync.Cond // running became 0
}

type one[In, Out any] struct {
	in   In
	out  Out
	err  error
	done chan struct{}
}

// New returns a Batcher over do, which returns the output of each input at its index, or an error for all of them; a
// panic counts as one. do runs up to wide times at once, with at most size inputs each.
func New[In, Out any](wide, size int, do func([]In) ([]Out, error)) *Batcher[In, Out] {
	b := &Batcher[In, Out]{do: do, wide: wide, size: size}
	b.idle = sync.NewCond(&b.mu)
	return b
}

// Do has one input answered. It takes no context: what is in a batch is not taken
// out again, so do must bound its own time.
func (b *Batcher[In, Out]) Do(in In) (Out, error) {
	c := &one[In, Out]{in: in}
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return c.out, ErrClosed
	case b.running == b.wide:
		c.done = make(chan struct{})
		b.waiting = append(b.waiting, c)
		b.mu.Unlock()
		<-c.done
	default:
		b.running++
		b.mu.Unlock()
		b.run([]*one[In, Out]{c})
		if next := b.next(); next != nil {
			go func() { // nobody's answer waits for the next ones
				for ; next != nil; next = b.next() {
					b.run(next)
				}
			}()
		}
	}
	return c.out, c.err
}

// next takes what has gathered during a call; nil when that was nothing, and the
// call is counted as over.
func (b *Batcher[In, Out]) next() []*one[In, Out] {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), b.size)
	if n == 0 {
		if b.running--; b.running == 0 {
			b.idle.Broadcast()
		}
		return nil
	}
	calls := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	return calls
}

func (b *Batcher[In, Out]) run(calls []*one[In, Out]) {
	in := make([]In, len(calls))
	for i, c := range calls {
		in[i] = c.in
	}
	out, err := b.call(in)
	for i, c := range calls {
		if c.err = err; err == nil {
			c.out = out[i]
		}
		if c.done != nil {
			close(c.done)
		}
	}
}

// call is do, with a panic as an error like any other: those who wait in the batch,
// and behind it, must not wait for ever.
func (b *Batcher[In, Out]) call(in []In) (out []Out, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return b.do(in)
}

// Close refuses what comes from now on and waits for what is under way.
func (b *Batcher[In, Out]) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for b.running > 0 {
		b.idle.Wait()
	}
}
