package crash

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// A rule for the first so many requests counts them over two servers, whichever dies, and strikes none beyond them. One
// that was counted and whose server died then has no answer, and no other is struck in its place.
func TestFaultsCountedOverKilledServers(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	options := servetest.Options{Tags: []string{"crashpoint"}, Args: []string{"--database-url", url}}
	second := servetest.Start(t, options)
	at := controls(t, second)
	const many = 50
	reads := armed(t, at, `{"match":{"operation":"listCloudAccounts"},"when":{"first":5},
		"effect":{"do":"status","status":503}}`)
	tasks := armed(t, at, `{"match":{"operation":"createAclRedisRule"},"when":{"first":3},
		"effect":{"do":"task-error","code":"GENERAL_ERROR"}}`)
	load := armed(t, at, fmt.Sprintf(`{"match":{"operation":"listAclRoles"},"when":{"first":%d},
		"effect":{"do":"status","status":503}}`, many))
	options.Env = []string{"UNDERSTUDY_CRASHPOINT=fault.counted:3"}
	first := servetest.Start(t, options) // it knows them from the start
	dies := func(send func() error, env ...string) {
		t.Helper()
		if err := send(); err == nil {
			t.Fatal("the server did not die")
		}
		_ = first.Wait() // it was killed
		first.Restart(env...)
	}

	read := func(s *servetest.Server) (bool, error) {
		answer, err := s.Send(t.Context(), http.MethodGet, "/cloud-accounts", nil)
		return answer.Header.Get("Sandbox-Fault") != "", err
	}
	for i, want := range []bool{true, true, true, true, true, false, false} { // the fifth is counted and not answered
		if i == 4 {
			dies(func() error {
				_, err := read(first)
				return err
			}, "UNDERSTUDY_CRASHPOINT=idem.before_finish:2")
			continue
		}
		s := []*servetest.Server{first, second}[i%2]
		if i > 4 {
			s = second // every answer of the first one goes by its next point
		}
		if got, err := read(s); err != nil || got != want {
			t.Errorf("read %d is struck: %v, %v; want %v", i+1, got, err, want)
		}
	}

	create := func(s *servetest.Server) (id string, err error) {
		body := map[string]any{"name": "a-rule", "redisRule": "+get"}
		answer, err := s.Send(t.Context(), http.MethodPost, "/acl/redisRules", body)
		if err != nil {
			return "", err
		}
		var task servetest.Task
		decode(t, answer.Body, &task)
		return task.ID, nil
	}
	for i, want := range []string{"processing-error", "processing-error", "", "processing-completed"} {
		if want == "" {
			dies(func() error {
				_, err := create(first)
				return err
			})
			continue
		}
		id, err := create([]*servetest.Server{first, second}[i%2])
		if err != nil {
			t.Fatal(err)
		}
		if task := second.Task(id); task.Status != want {
			t.Errorf("task %d ends %s, want %s", i+1, task.Status, want)
		}
	}

	if seen := underLoad(t, []*servetest.Server{first, second}, many); seen > many || seen < many-2*clients {
		t.Errorf("%d requests are struck, want %d but for those under way at two kills", seen, many)
	}
	for rule, want := range map[int64]int64{reads: 5, tasks: 3, load: many} {
		if n := hits(t, controls(t, second), rule); n != want {
			t.Errorf("rule %d counts %d hits, want %d", rule, n, want)
		}
	}
}

// clients is how many ask under load.
const clients = 8

// underLoad reads roles, and kills the servers in turn meanwhile. It returns how many requests were struck, of so many
// that are to be.
func underLoad(t *testing.T, servers []*servetest.Server, many int64) int64 {
	t.Helper()
	var struck, answered atomic.Int64
	var group sync.WaitGroup
	more := make(chan struct{}, 1)
	for n := range clients {
		group.Go(func() {
			for i := n; answered.Load() < 3*many; i++ {
				answer, err := servers[i%2].Send(t.Context(), http.MethodGet, "/acl/roles", nil)
				if err != nil {
					continue // it is being killed: the other one is there
				}
				answered.Add(1)
				if answer.Header.Get("Sandbox-Fault") != "" {
					struck.Add(1)
				}
				select {
				case more <- struct{}{}:
				default:
				}
			}
		})
	}
	for i, s := range servers {
		for struck.Load() < int64(i+1)*many/3 {
			<-more
		}
		s.Kill()
		s.Restart()
	}
	group.Wait()
	return struck.Load()
}

// armed arms a rule and returns its id.
func armed(t *testing.T, c *control.Client, rule string) int64 {
	t.Helper()
	rules, err := control.ArmFault.Call(t.Context(), c, sandbox.NewFault{Rule: json.RawMessage(rule)})
	if err != nil {
		t.Fatal(err)
	}
	return rules.Faults[0].ID
}

// hits is how many requests a rule has hit.
func hits(t *testing.T, c *control.Client, rule int64) int64 {
	t.Helper()
	found, err := control.GetFault.Call(t.Context(), c, control.FaultPath{Fault: fmt.Sprint(rule)})
	if err != nil {
		t.Fatal(err)
	}
	return found.Hits
}
