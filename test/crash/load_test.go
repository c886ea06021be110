package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// load is a number of clients that create subscriptions, each with a name of its
// own, and DB instances in between, and remember what the server acknowledged.
type load struct {
	tb    testing.TB
	s     *servetest.Server
	rds   *instances
	ended chan struct{} // closed when the clients of the last round have ended

	mu           sync.Mutex
	writers      int                 // so far, over all rounds
	acknowledged map[string]string   // name to task
	sequences    map[string][]string // tasks of one client, in the order it was answered
	more         chan struct{}       // closed and replaced at every acknowledgement
}

func newLoad(tb testing.TB, s *servetest.Server) *load {
	return &load{
		tb: tb, s: s, rds: newInstances(tb, s), acknowledged: map[string]string{}, sequences: map[string][]string{},
		more: make(chan struct{}),
	}
}

// write starts clients that create so many subscriptions each, and DB instances,
// which they restart and delete, until the server no longer answers.
func (l *load) write(many, each int) {
	var clients sync.WaitGroup
	for range many {
		l.mu.Lock()
		l.writers++
		writer := fmt.Sprintf("%d-%d", l.s.PID, l.writers)
		l.mu.Unlock()
		clients.Go(func() {
			for i := range each {
				name := func(i int) string { return fmt.Sprintf("%s-%d", writer, i) }
				if !l.create(writer, name(i)) || !l.rds.create(name(i)) ||
					!l.rds.change(name(i-1), false) || i%2 == 0 && !l.rds.change(name(i-1), true) {
					return
				}
			}
		})
	}
	ended := make(chan struct{})
	l.ended = ended
	go func() {
		clients.Wait()
		close(ended)
	}()
}

// create creates one subscription and reports whether to go on.
func (l *load) create(writer, name string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	answer, err := l.s.Send(ctx, http.MethodPost, "/subscriptions", servetest.SubscriptionBody(name))
	if err != nil {
		return false // killed: nothing was acknowledged
	}
	if answer.Status == http.StatusServiceUnavailable {
		return true // the database is away: nothing was acknowledged
	}
	var task servetest.Task
	if err := json.Unmarshal(answer.Body, &task); err != nil || answer.Status != http.StatusAccepted {
		l.tb.Errorf("create %s: got %d %s", name, answer.Status, answer.Body)
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged[name] = task.ID
	l.sequences[writer] = append(l.sequences[writer], task.ID)
	close(l.more)
	l.more = make(chan struct{})
	return true
}

// until waits for n more acknowledgements, or for the clients to have ended.
func (l *load) until(n int) {
	for ; n > 0; n-- {
		l.mu.Lock()
		more := l.more
		l.mu.Unlock()
		select {
		case <-more:
		case <-l.ended:
			return
		}
	}
}

// wait waits for the clients to end.
func (l *load) wait() { <-l.ended }

// check holds what the server has now against what it acknowledged.
func (l *load) check() {
	l.tb.Helper()
	l.wait()
	if len(l.acknowledged) == 0 {
		l.tb.Fatal("nothing was acknowledged, so nothing was tested")
	}
	var list struct {
		Subscriptions []struct {
			ID                int64
			Name, Status      string
			NumberOfDatabases int
		}
	}
	ended := map[string]time.Time{}
	for name, id := range l.acknowledged {
		task := l.s.Task(id)
		if task.Status != "processing-completed" {
			l.tb.Errorf("%s: task %s ended %s", name, id, task.Status)
		}
		ended[id] = task.Timestamp
	}
	for _, tasks := range l.sequences {
		for i := 1; i < len(tasks); i++ {
			if ended[tasks[i]].Before(ended[tasks[i-1]]) {
				l.tb.Errorf("task %s was processed before %s, which was accepted before it", tasks[i], tasks[i-1])
			}
		}
	}
	l.s.Until("/subscriptions", func(_ int, text []byte) bool {
		list.Subscriptions = nil
		decode(l.tb, text, &list)
		for _, sub := range list.Subscriptions {
			if sub.Status != "active" {
				return false
			}
		}
		return true
	})
	count := map[string]int{}
	for _, sub := range list.Subscriptions {
		count[sub.Name]++
		if sub.NumberOfDatabases != 1 {
			l.tb.Errorf("%s has %d databases, want 1", sub.Name, sub.NumberOfDatabases)
		}
	}
	for name, n := range count {
		if n != 1 {
			l.tb.Errorf("%s is there %d times", name, n)
		}
	}
	for name := range l.acknowledged {
		if count[name] == 0 {
			l.tb.Errorf("%s was acknowledged and is not there", name)
		}
	}
	l.rds.check()
}

func decode(tb testing.TB, text []byte, v any) {
	tb.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		tb.Fatalf("decode %s: %v", text, err)
	}
}
