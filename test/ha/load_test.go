package ha

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// load is a number of clients that create subscriptions under idempotency keys, each with a name of its own, and see
// each task to its end. Where one server does not answer they ask the next one, as a balancer would have them.
type load struct {
	tb      testing.TB
	servers []*servetest.Server
	clients sync.WaitGroup
	stop    chan struct{}

	mu      sync.Mutex
	made    []made        // in the order of the answers
	changed chan struct{} // closed and replaced at every answer
	refused map[string]int
	worst   int // how often a request was sent again that was sent most often
}

// made is a subscription that was acknowledged, and whose task has ended.
type made struct {
	account       string
	client, name  string
	task          servetest.Task
	server        int // that acknowledged
	asked, taken  time.Time
	ended         time.Time
	attempts, get int // how often it was asked for
}

// serve starts servers that share accounts, whose keys nobody has to tell them.
func serve(tb testing.TB, many int, args ...string) []*servetest.Server {
	tb.Helper()
	return serveBy(tb, "", many, args...)
}

// serveBy is serve by another program.
func serveBy(tb testing.TB, binary string, many int, args ...string) (servers []*servetest.Server) {
	tb.Helper()
	for range many {
		servers = append(servers, servetest.Start(tb, servetest.Options{
			Args: append([]string{"--accounts", "any", "--speed", "20000"}, args...), Binary: binary,
		}))
	}
	return servers
}

// newLoad starts clients of some accounts. Each prefers a server of its own.
func newLoad(tb testing.TB, servers []*servetest.Server, accounts, clients int) *load {
	l := &load{
		tb: tb, servers: servers, stop: make(chan struct{}), changed: make(chan struct{}), refused: map[string]int{},
	}
	for i := range clients {
		l.clients.Go(func() { l.work(fmt.Sprintf("client-%d", i), fmt.Sprintf("account-%d", i%accounts), i) })
	}
	return l
}

// work is what a client does.
func (l *load) work(client, account string, prefers int) {
	for i := 0; ; i++ {
		select {
		case <-l.stop:
			return
		default:
		}
		m := made{account: account, client: client, name: fmt.Sprintf("%s-%d", client, i), asked: time.Now()}
		if !l.create(&m, prefers) || !l.see(&m, prefers) {
			return
		}
		l.mu.Lock()
		l.made = append(l.made, m)
		close(l.changed)
		l.changed = make(chan struct{})
		l.mu.Unlock()
	}
}

// create asks for a subscription until it is acknowledged.
func (l *load) create(m *made, prefers int) bool {
	key := uuid.NewString()
	answer, ok := l.persist(m.account, prefers, &m.attempts, &m.server, http.MethodPost, "/subscriptions",
		servetest.SubscriptionBody(m.name), key)
	if !ok {
		return false
	}
	m.taken = time.Now()
	if err := json.Unmarshal(answer.Body, &m.task); err != nil || answer.Status != http.StatusAccepted {
		l.tb.Errorf("create %s: got %d %s", m.name, answer.Status, answer.Body)
		return false
	}
	return true
}

// see asks for the task until it has ended.
func (l *load) see(m *made, prefers int) bool {
	id, server := m.task.ID, 0
	for {
		answer, ok := l.persist(m.account, prefers, &m.get, &server, http.MethodGet, "/tasks/"+id, nil, "")
		if !ok {
			return false
		}
		if err := json.Unmarshal(answer.Body, &m.task); err != nil || answer.Status != http.StatusOK {
			l.tb.Errorf("%s was acknowledged with task %s: got %d %s", m.name, id, answer.Status, answer.Body)
			return false
		}
		if m.task.Done() {
			m.ended = time.Now()
			return true
		}
	}
}

// persist sends a request to one server after the other, until one answers with what is an answer: not that it cannot
// now, and not that another request has the key, which is the same one on its way.
func (l *load) persist(
	account string, first int, attempts, server *int, method, path string, body any, key string,
) (servetest.Answer, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		*attempts++
		*server = (first + i) % len(l.servers)
		answer, err := l.servers[*server].Send(ctx, method, path, body, func(r *http.Request) {
			r.Header.Set("X-Api-Key", account)
			r.Header.Set("X-Api-Secret-Key", account+"-secret")
			if key != "" {
				r.Header.Set("Idempotency-Key", key)
			}
		})
		why := ""
		switch {
		case err != nil:
			why = "no answer"
		case answer.Status == http.StatusConflict && key != "":
			why = "409, the key is in use"
		case answer.Status == http.StatusServiceUnavailable && json.Valid(answer.Body) &&
			answer.Header.Get("Retry-After") != "":
			why = "503"
		default:
			return answer, true
		}
		l.mu.Lock()
		l.refused[why]++
		l.worst = max(l.worst, i+1)
		l.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
			l.tb.Errorf("%s %s: still %s after %d attempts (%v)", method, path, why, i+1, err)
			return answer, false
		}
	}
}

// until waits until what was made is as asked for.
func (l *load) until(what string, holds func(made []made) bool) {
	l.tb.Helper()
	ctx, cancel := context.WithTimeout(l.tb.Context(), 2*patience)
	defer cancel()
	for {
		l.mu.Lock()
		changed, ok := l.changed, holds(l.made)
		l.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			l.tb.Fatalf("%s does not come: %d were made, refused: %v", what, len(l.made), l.refused)
		}
	}
}

// more waits for so many more.
func (l *load) more(n int) {
	l.tb.Helper()
	l.mu.Lock()
	n += len(l.made)
	l.mu.Unlock()
	l.until(fmt.Sprintf("number %d", n), func(made []made) bool { return len(made) >= n })
}

// end lets the clients finish what they are at.
func (l *load) end() {
	close(l.stop)
	l.clients.Wait()
}

// check holds what is there against what was acknowledged, and what happened, which apitest.Watch has written down
// in the database, against the rules: nothing is lost, nothing is there twice, and tasks of an account went one by one
// and in their order.
func (l *load) check(url string) {
	l.tb.Helper()
	perAccount, last := map[string][]made{}, map[string]time.Time{}
	for _, m := range l.made {
		perAccount[m.account] = append(perAccount[m.account], m)
		if m.task.Status != "processing-completed" {
			l.tb.Errorf("%s: task %s ended %s", m.name, m.task.ID, m.task.Status)
		}
		if m.task.Timestamp.Before(last[m.client]) {
			l.tb.Errorf("%s: its task ended before the one that its client had seen ended", m.name)
		}
		last[m.client] = m.task.Timestamp
	}
	for account, all := range perAccount {
		there := map[string]int{}
		for _, name := range l.names(account) {
			there[name]++
		}
		for _, m := range all {
			if there[m.name] != 1 {
				l.tb.Errorf("%s was acknowledged and is there %d times", m.name, there[m.name])
			}
		}
		if len(there) != len(all) {
			l.tb.Errorf("%s has %d subscriptions, of which %d were acknowledged", account, len(there), len(all))
		}
	}
	apitest.CheckHistory(l.tb, url, len(l.made))
}

// names are those of the subscriptions of an account.
func (l *load) names(account string) (names []string) {
	l.tb.Helper()
	var list struct{ Subscriptions []struct{ Name string } }
	attempts, server := 0, 0
	answer, ok := l.persist(account, 0, &attempts, &server, http.MethodGet, "/subscriptions", nil, "")
	if err := json.Unmarshal(answer.Body, &list); !ok || err != nil {
		l.tb.Fatalf("GET /subscriptions: %d %s (%v)", answer.Status, answer.Body, err)
	}
	for _, s := range list.Subscriptions {
		names = append(names, s.Name)
	}
	return names
}
