package batch

import "runtime"

// AwaitWaiting returns when so many inputs have gathered.
func (b *Batcher[In, Out]) AwaitWaiting(n int) {
	for {
		b.mu.Lock()
		have := len(b.waiting)
		b.mu.Unlock()
		if have == n {
			return
		}
		runtime.Gosched()
	}
}
