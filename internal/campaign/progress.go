package campaign

import (
	"sync"
	"time"
)

// counter counts the runs that have ended, and guesses how long the others take.
type counter struct {
	say      func(Progress)
	total    int
	parallel int

	mu    sync.Mutex
	done  int
	first float64 // what the first one took, in seconds
	ran   int     // of those under a fault
	took  float64 // those together, in seconds
}

// ended counts a run; ran says that it was one of a fault, and not left out.
func (c *counter) ended(run *Result, ran bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done++; c.done == 1 {
		c.first = run.Seconds
	}
	mean := c.first
	if ran {
		c.ran++
		c.took += run.Seconds
	}
	if c.ran > 0 {
		mean = c.took / float64(c.ran)
	}
	turns := (c.total - c.done + c.parallel - 1) / c.parallel // the last one takes as long with few as with all
	left := time.Duration(mean * float64(turns) * float64(time.Second))
	c.say(Progress{Done: c.done, Total: c.total, Run: run, Left: left.Round(time.Second)})
}
