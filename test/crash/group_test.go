package crash

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

const (
	groupAccounts = 24
	groupTasks    = 4 // of each
)

// TestGroupKilledAtPoint kills a server at every point of processing while tasks of many accounts share its
// transactions, or do not. What was acknowledged is done, once and in order, and no task has become suspicious for what
// befell others.
func TestGroupKilledAtPoint(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		size  int
		speed string
	}{{1, quick}, {2, "0"}, {16, "0"}, {16, quick}} {
		t.Run(fmt.Sprintf("%d at speed %s", tt.size, tt.speed), func(t *testing.T) {
			t.Parallel()
			killedInGroups(t, tt.size, tt.speed)
		})
	}
}

func killedInGroups(t *testing.T, size int, speed string) {
	t.Helper()
	url := pgtest.New(t)
	apitest.Watch(t, url)
	group := fmt.Sprint("UNDERSTUDY_GROUP=", size)
	s := servetest.Start(t, servetest.Options{
		Tags: []string{"crashpoint"}, Args: []string{"--database-url", url, "--speed", speed}, Env: []string{group},
	})
	var tenants []*tenant
	for n := range groupAccounts {
		name := fmt.Sprint("group-", n)
		made, err := control.CreateAccount.Call(t.Context(), controls(t, s), sandbox.NewAccount{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		tenants = append(tenants, &tenant{name: name, keys: made.Keys, tasks: map[string]string{}})
	}
	for round, point := range []string{
		"task.claimed:3", "task.effects:5", "task.before_commit:1", "task.before_commit:12", "task.after_commit:1",
		"task.after_commit:9",
	} {
		s.Restart("UNDERSTUDY_CRASHPOINT="+point, group)
		var clients sync.WaitGroup
		for _, a := range tenants {
			clients.Go(func() {
				for n := range groupTasks {
					if !a.create(t, s, fmt.Sprintf("%s-%d-%d", a.name, round, n)) {
						return
					}
				}
			})
		}
		if err := s.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("%s: the server ended with %v, want a kill", point, err)
		}
		clients.Wait()
	}
	s.Restart(group)
	acknowledged := 0
	for _, a := range tenants {
		got, err := control.Wait.Call(t.Context(), controls(t, s), control.Await{Account: a.name, Idle: true, Timeout: "2m"})
		if err != nil || !got.Reached {
			t.Fatalf("%s is %s: %s %v", a.name, got.Status, got.Reason, err)
		}
		acknowledged += len(a.tasks)
		for name, id := range a.tasks {
			if status := a.status(t, s, id); status != "processing-completed" {
				t.Errorf("the task that makes %s has %s", name, status)
			}
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }() // nothing was written
	var tasks, undone, rules, twice, gaps int
	err = conn.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM tasks), (SELECT count(*) FROM tasks WHERE status <> 'done'),
			(SELECT count(*) FROM resources WHERE name LIKE 'group-%'),
			(SELECT count(*) FROM (SELECT FROM resources GROUP BY account_id, kind, name HAVING count(*) > 1) twice),
			(SELECT count(*) FROM accounts a WHERE event_seq <> (SELECT count(*) FROM events WHERE account_id = a.id))`).
		Scan(&tasks, &undone, &rules, &twice, &gaps)
	if err != nil {
		t.Fatal(err)
	}
	if undone > 0 || rules != tasks || twice > 0 || gaps > 0 || tasks < acknowledged || acknowledged == 0 {
		t.Errorf("of %d acknowledged tasks %d are there and %d not done; %d rules, %d twice; %d accounts with gaps",
			acknowledged, tasks, undone, rules, twice, gaps)
	}
	apitest.CheckHistory(t, url, tasks)
}

// create creates a rule of the account, and reports whether to go on.
func (a *tenant) create(t *testing.T, s *servetest.Server, name string) bool {
	body := map[string]any{"name": name, "redisRule": "+get"}
	answer, err := s.Send(t.Context(), http.MethodPost, "/acl/redisRules", body, a.sign)
	if err != nil || answer.Status == http.StatusServiceUnavailable {
		return false // it is being killed
	}
	var task servetest.Task
	if err := json.Unmarshal(answer.Body, &task); err != nil || answer.Status != http.StatusAccepted {
		t.Errorf("create rule %s: got %d %s", name, answer.Status, answer.Body)
		return false
	}
	a.tasks[name] = task.ID
	return true
}

// status is that of a task of the account.
func (a *tenant) status(t *testing.T, s *servetest.Server, id string) string {
	t.Helper()
	answer, err := s.Send(t.Context(), http.MethodGet, "/tasks/"+id, nil, a.sign)
	if err != nil {
		t.Fatal(err)
	}
	var task servetest.Task
	decode(t, answer.Body, &task)
	return task.Status
}

// sign puts the keys of the account into a request.
func (a *tenant) sign(r *http.Request) {
	r.Header.Set("X-Api-Key", a.keys.APIKey)
	r.Header.Set("X-Api-Secret-Key", a.keys.APISecretKey)
}
