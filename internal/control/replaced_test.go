package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

const (
	busyAccounts = 20
	busyClients  = 64
	replacements = 60 // of the state of one account each
)

// busyAccount is an account whose state is replaced while clients are at work.
type busyAccount struct {
	name   string
	keys   sandbox.KeyPair
	begun  atomic.Int64 // replacements
	ended  atomic.Int64
	listed atomic.Int64 // answers that were looked through
}

// busy is what the clients and the one who replaces share.
type busy struct {
	t        *testing.T
	servers  []*fixture
	accounts []*busyAccount
	failed   atomic.Int64
}

func (b *busy) wrong(format string, args ...any) {
	if b.failed.Add(1) <= 10 {
		b.t.Errorf(format, args...)
	}
}

// client makes rules in accounts, and looks at what it is told of them.
func (b *busy) client(ctx context.Context, n int) {
	for i := 0; ctx.Err() == nil; i++ {
		f, a := b.servers[rand.IntN(len(b.servers))], b.accounts[(n+i)%len(b.accounts)]
		ask := func(method, path, body string) (int, string) {
			status, answer := f.ask(b.t, a.keys, method, path, body)
			if status >= http.StatusInternalServerError {
				b.wrong("%s %s of %s is answered %d %s", method, path, a.name, status, answer)
			}
			return status, answer
		}
		ended := a.ended.Load()
		body := fmt.Sprintf(`{"name": "%s-%d-%d", "redisRule": "+get"}`, a.name, n, i)
		status, answer := ask(http.MethodPost, "/acl/redisRules", body)
		var task struct{ TaskID string }
		if json.Unmarshal([]byte(answer), &task) != nil || status != http.StatusAccepted {
			b.wrong("a rule of %s is answered %d %s", a.name, status, answer)
			return
		}
		status, answer = ask(http.MethodGet, "/tasks/"+task.TaskID, "")
		if status == http.StatusNotFound && a.begun.Load() == ended {
			b.wrong("a task of %s is lost, though nothing was replaced: %s", a.name, answer)
		}
		_, answer = ask(http.MethodGet, "/acl/redisRules", "")
		var list struct{ RedisRules []struct{ Name string } }
		if err := json.Unmarshal([]byte(answer), &list); err != nil {
			b.wrong("the rules of %s are %s", a.name, answer)
		}
		for _, rule := range list.RedisRules {
			if strings.HasPrefix(rule.Name, "account-") && !strings.HasPrefix(rule.Name, a.name+"-") {
				b.wrong("%s is shown rule %s", a.name, rule.Name)
			}
		}
		a.listed.Add(1)
	}
}

// replace replaces the state of accounts, one after the other.
func (b *busy) replace() {
	for n := range replacements {
		f, a := b.servers[n%len(b.servers)], b.accounts[rand.IntN(len(b.accounts))]
		ref := account(a.name)
		name := control.SnapshotPath{Snapshot: "of-" + a.name}
		switch n % 5 {
		case 0:
			a.begun.Add(1)
			must(b.t, f, control.ResetAccount, control.ResetInput{AccountPath: ref})
			a.ended.Add(1)
		case 1:
			must(b.t, f, control.SaveSnapshot, control.SaveInput{SnapshotPath: name, Account: a.name, Replace: true})
		case 2:
			must(b.t, f, control.SaveSnapshot, control.SaveInput{SnapshotPath: name, Account: a.name, Replace: true})
			a.begun.Add(1)
			must(b.t, f, control.LoadSnapshot, control.SnapshotInput{AccountPath: ref, Snapshot: name.Snapshot})
			a.ended.Add(1)
		case 3:
			must(b.t, f, control.ForkAccount, control.ForkInput{AccountPath: ref})
		case 4:
			clock := must(b.t, f, control.GetClock, ref)
			must(b.t, f, control.SetClock, control.ClockSetting{
				AccountPath: ref, ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockReal, At: new(clock.Now.Add(time.Hour))},
			})
		}
	}
}

// State is replaced and clocks jump while clients are at work, on two servers: nobody is told 5xx or shown what is
// another account's, and in the end what there is of each account is what its tasks have made, each of them once.
func TestStateIsReplacedUnderLoad(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	b := busy{t: t}
	for range 2 {
		b.servers = append(b.servers, start(t, func(cfg *server.Config) {
			cfg.DatabaseURL, cfg.Speed, cfg.TaskHold = url, 600, 20*time.Millisecond
		}))
	}
	for n := range busyAccounts {
		name := fmt.Sprintf("account-%c", 'a'+n)
		made := must(t, b.servers[0], control.CreateAccount, sandbox.NewAccount{Name: name})
		b.accounts = append(b.accounts, &busyAccount{name: name, keys: made.Keys})
	}
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for n := range busyClients {
		clients.Go(func() { b.client(ctx, n) })
	}
	b.replace()
	stop()
	clients.Wait()
	listed := int64(0)
	for _, a := range b.accounts {
		listed += a.listed.Load()
	}
	t.Logf("%d replacements among %d rules", replacements, listed)

	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // it has read what it wanted
	var pending int
	for pending = 1; pending > 0; {
		err := conn.QueryRow(t.Context(), `
			SELECT (SELECT count(*) FROM tasks WHERE response IS NULL) + (SELECT count(*) FROM steps)`).Scan(&pending)
		if err != nil {
			t.Fatal(err)
		}
	}
	for problem, sql := range map[string]string{
		"numbers of tasks are not one after the other": `
			SELECT a.name || ' ' || a.last_seq || ' ' || a.done_seq || ' ' || count(t.id)
			FROM accounts a
			LEFT JOIN tasks t ON t.account_id = a.id
			GROUP BY a.id
			HAVING a.last_seq <> count(t.id) OR a.done_seq <> a.last_seq`,
		"a rule was made by no task, or by two": `
			SELECT a.name || ' ' || r.id
			FROM accounts a
			JOIN resources r ON r.account_id = a.id
			LEFT JOIN tasks t ON t.account_id = a.id AND (t.response ->> 'resource_id')::bigint = r.id
			GROUP BY a.id, r.id
			HAVING count(t.id) <> 1`,
		"a task has made a rule that is not there": `
			SELECT a.name || ' ' || t.id
			FROM accounts a
			JOIN tasks t ON t.account_id = a.id AND t.status = 'done'
			WHERE NOT EXISTS (
				SELECT FROM resources r WHERE r.account_id = a.id AND r.id = (t.response ->> 'resource_id')::bigint
			)`,
	} {
		rows, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			t.Errorf("%s, %d times: %v", problem, len(found), found[:min(3, len(found))])
		}
	}
}
