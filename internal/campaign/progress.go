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
	began    time.Time

	mu   sync.Mutex
	done int
	ran  int     // of these
	took float64 // those together, in seconds
}

// ended counts a run; ran says that it was one of a fault, and not left out.
func (c *counter) ended(run *Result, ran bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	mean := run.Seconds
	if ran {
		c.ran++
		c.took += run.Seconds
	}
	if c.ran > 0 {
		mean = c.took / float64(c.ran)
	}
	left := time.Duration(mean * float64(c.total-c.done) / float64(c.parallel) * float64(time.Second))
	c.say(Progress{Done: c.done, Total: c.total, Run: run, Left: left.Round(time.Second)})
}
