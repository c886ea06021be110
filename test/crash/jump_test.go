package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/internal/store"
)

const (
	jumpAccounts = 20
	jumpClients  = 64
	jumps        = 3 // of clocks, around each kill
)

// tenant is an account with what it was told.
type tenant struct {
	name string
	keys sandbox.KeyPair

	mu    sync.Mutex
	tasks map[string]string // of a rule's name to the task that makes it
}

// crowd is the clients of many accounts at two servers.
type crowd struct {
	tb      testing.TB
	tenants []*tenant
	urls    [2]atomic.Pointer[string]
	client  http.Client
	wrong   atomic.Int64
}

func (c *crowd) errorf(format string, args ...any) {
	if c.wrong.Add(1) <= 10 {
		c.tb.Errorf(format, args...)
	}
}

// ask sends a request to either server; ok is false where no answer comes, since it is being killed.
func (c *crowd) ask(a *tenant, method, path, body string) (status int, text []byte, ok bool) {
	url := *c.urls[rand.IntN(len(c.urls))].Load()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url+path, strings.NewReader(body))
	if err != nil {
		c.errorf("%v", err)
		return 0, nil, false
	}
	req.Header.Set("X-Api-Key", a.keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", a.keys.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.client.Do(req)
	if err != nil {
		return 0, nil, false
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(res.Body); err != nil {
		return 0, nil, false
	}
	if res.StatusCode >= http.StatusInternalServerError {
		c.errorf("%s %s of %s is answered %d %s", method, path, a.name, res.StatusCode, text)
	}
	return res.StatusCode, text, true
}

// work makes rules in accounts and looks at what it is told of them, until it is to end.
func (c *crowd) work(ctx context.Context, n int) {
	for i := 0; ctx.Err() == nil; i++ {
		a := c.tenants[(n+i)%len(c.tenants)]
		name := fmt.Sprintf("%s-%d-%d", a.name, n, i)
		body := fmt.Sprintf(`{"name": %q, "redisRule": "+get"}`, name)
		status, text, ok := c.ask(a, http.MethodPost, "/acl/redisRules", body)
		if !ok {
			continue
		}
		var task struct{ TaskID string }
		if json.Unmarshal(text, &task) != nil || status != http.StatusAccepted {
			c.errorf("a rule of %s is answered %d %s", a.name, status, text)
			continue
		}
		a.mu.Lock()
		a.tasks[name] = task.TaskID
		a.mu.Unlock()
		if status, text, ok = c.ask(a, http.MethodGet, "/tasks/"+task.TaskID, ""); ok && status != http.StatusOK {
			c.errorf("a task of %s is answered %d %s", a.name, status, text)
		}
		c.look(a)
	}
}

// look lists the rules of an account. All that clients have made are its own, each once.
func (c *crowd) look(a *tenant) (names map[string]bool) {
	_, text, ok := c.ask(a, http.MethodGet, "/acl/redisRules", "")
	if !ok {
		return nil
	}
	var list struct{ RedisRules []struct{ Name string } }
	if err := json.Unmarshal(text, &list); err != nil {
		c.errorf("the rules of %s are %s", a.name, text)
	}
	names = map[string]bool{}
	for _, rule := range list.RedisRules {
		if strings.HasPrefix(rule.Name, "account-") && (!strings.HasPrefix(rule.Name, a.name+"-") || names[rule.Name]) {
			c.errorf("%s is shown rule %s, twice: %v", a.name, rule.Name, names[rule.Name])
		}
		names[rule.Name] = true
	}
	return names
}

// jump moves the clock of some account in some way. Its error says that no answer came.
func (c *crowd) jump(ctx context.Context, s *control.Client) error {
	at := control.AccountPath{Account: c.tenants[rand.IntN(len(c.tenants))].name}
	clock, err := control.GetClock.Call(ctx, s, at)
	if err != nil {
		return err
	}
	set := func(mode sandbox.ClockMode, rate float64, by time.Duration) error {
		_, err := control.SetClock.Call(ctx, s, control.ClockSetting{
			AccountPath: at, ClockSetting: sandbox.ClockSetting{Mode: mode, Rate: rate, At: new(clock.Now.Add(by))},
		})
		return err
	}
	switch rand.IntN(5) {
	case 0:
		return set(sandbox.ClockReal, 0, time.Hour)
	case 1:
		return set(sandbox.ClockReal, 0, -time.Hour)
	case 2:
		return set(sandbox.ClockFrozen, 0, time.Minute)
	case 3:
		return set(sandbox.ClockScaled, 100, 0)
	}
	_, err = control.AdvanceClock.Call(ctx, s, control.ClockAdvance{
		AccountPath: at, Advance: sandbox.Advance{Events: 5},
	})
	if problem, ok := errors.AsType[*control.Problem](err); ok && problem.Code == "NOTHING_COMES" {
		return nil // all of the account's tasks have ended by then
	}
	return err
}

// Clocks jump, also back and while they stand still, under 64 clients of 20 accounts at two servers, of which one after
// the other is killed in the middle of that. Nobody is told 5xx or shown what is another account's, and what was
// acknowledged is done, once and in order.
func TestClocksJumpWhileServersAreKilled(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	apitest.Watch(t, url)
	var servers []*servetest.Server
	var clocks []*control.Client
	c := crowd{tb: t, client: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: jumpClients}}}
	for i := range c.urls {
		servers = append(servers, servetest.Start(t, servetest.Options{
			Args: []string{"--database-url", url, "--speed", "600", "--task-hold", "20ms"},
		}))
		c.urls[i].Store(new(servers[i].URL))
		clocks = append(clocks, controls(t, servers[i]))
	}
	for n := range jumpAccounts {
		name := fmt.Sprintf("account-%c", 'a'+n)
		made, err := control.CreateAccount.Call(t.Context(), clocks[0], sandbox.NewAccount{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		c.tenants = append(c.tenants, &tenant{name: name, keys: made.Keys, tasks: map[string]string{}})
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	for n := range jumpClients {
		clients.Go(func() { c.work(ctx, n) })
	}
	for victim, s := range servers {
		for n := range jumps {
			if err := c.jump(t.Context(), clocks[n%2]); err != nil {
				t.Fatal(err)
			}
		}
		cut := make(chan error, jumps)
		for range jumps {
			go func() { cut <- c.jump(t.Context(), clocks[victim]) }()
		}
		if err := <-cut; err != nil { // the others are under way
			t.Fatal(err)
		}
		s.Kill()
		off := 0
		for range jumps - 1 {
			if err := <-cut; err != nil {
				off++
			}
		}
		t.Logf("%d of %d jumps were cut off", off, jumps)
		s.Restart()
		c.urls[victim].Store(new(s.URL))
		clocks[victim] = controls(t, s)
	}
	stop()
	clients.Wait()
	c.settle(t, url, clocks[0])
}

// settle lets all clocks run quickly, from a later time, and all work end, and looks at what has come of it.
func (c *crowd) settle(t *testing.T, url string, s *control.Client) {
	t.Helper()
	for _, a := range c.tenants {
		at := control.AccountPath{Account: a.name}
		clock, err := control.GetClock.Call(t.Context(), s, at)
		if err != nil {
			t.Fatal(err)
		}
		later := clock.Now.Add(4 * jumps * time.Hour) // than it has ever been
		_, err = control.SetClock.Call(t.Context(), s, control.ClockSetting{
			AccountPath: at, ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockScaled, Rate: store.FastestRate, At: &later},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	acknowledged, rules := 0, 0
	for _, a := range c.tenants {
		got, err := control.Wait.Call(t.Context(), s, control.Await{Account: a.name, Idle: true, Timeout: "2m"})
		if err != nil || !got.Reached {
			t.Fatalf("%s is %s: %s %v", a.name, got.Status, got.Reason, err)
		}
		names := c.look(a)
		for name, task := range a.tasks {
			if !names[name] {
				t.Errorf("rule %s of task %s was acknowledged and is not there", name, task)
			}
		}
		acknowledged, rules = acknowledged+len(a.tasks), rules+len(names)
	}
	t.Logf("%d tasks were acknowledged, and %d rules are there", acknowledged, rules)
	if acknowledged == 0 {
		t.Error("nothing was acknowledged, so nothing was tested")
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }() // nothing was written
	var tasks, wrong int
	err = conn.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM tasks), count(*) FILTER (WHERE last_seq <> done_seq OR last_seq <> made)
		FROM accounts a, LATERAL (SELECT count(*) AS made FROM tasks WHERE account_id = a.id) t`).Scan(&tasks, &wrong)
	if err != nil || wrong > 0 {
		t.Errorf("%d accounts have tasks that are not one after the other, %v", wrong, err)
	}
	apitest.CheckHistory(t, url, tasks)
}
