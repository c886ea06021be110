package ha

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// What one, two and three servers do on one Postgres: subscriptions with a database, created under a key and looked at
// until their task has ended, and how much of the processors each of them costs. All of it is on this machine, clients
// included, so the rate shows what the servers cost each other, and the cost what further machines would bring.
func TestThroughput(t *testing.T) {
	const (
		warm, measured = 200, 1500
		accounts       = 48
		clients        = 48
	)
	for _, way := range []string{"1", "2", "3", "3 behind PgBouncer"} {
		t.Run(way, func(t *testing.T) {
			primary := newPrimary(t)
			args := []string{"--speed", "0", "--database-url", primary.url()}
			if strings.Contains(way, "PgBouncer") {
				bouncer := pgbouncer(t, primary, "transaction")
				args = append(args, "--database-url", bouncer.url(), "--database-direct-url", primary.url())
			}
			many, _ := strconv.Atoi(way[:1])
			servers := serve(t, many, args...)
			l := newLoad(t, servers, accounts, clients)
			l.more(warm)
			begin, server, database := time.Now(), busy(t, servers), descendants(t, primary)
			l.more(measured)
			took := time.Since(begin)
			server, database = busy(t, servers)-server, descendants(t, primary)-database
			l.end()
			t.Logf("%s: %.0f subscriptions a second; processor time of each: servers %v, Postgres %v",
				way, measured/took.Seconds(), (server / measured).Round(time.Microsecond),
				(database / measured).Round(time.Microsecond))
		})
	}
}

// busy is how long servers have used the processors.
func busy(tb testing.TB, servers []*servetest.Server) (total time.Duration) {
	tb.Helper()
	for _, s := range servers {
		_, used := used(tb, s.PID)
		total += used
	}
	return total
}

// descendants is how long Postgres has: all its processes, since those of connections stay as long as the servers do.
func descendants(tb testing.TB, n *node) (total time.Duration) {
	tb.Helper()
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		tb.Fatal(err)
	}
	for _, dir := range dirs {
		pid, err := strconv.Atoi(dir.Name())
		if err != nil {
			continue
		}
		if parent, used := used(tb, pid); pid == n.cmd.Process.Pid || parent == n.cmd.Process.Pid {
			total += used
		}
	}
	return total
}

// tick is in what /proc counts.
const tick = 10 * time.Millisecond

// used is how long a process has used the processors, and who started it; nothing if it is gone.
func used(tb testing.TB, pid int) (parent int, total time.Duration) {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	// After the name, which may have anything in it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var numbers [3]int
	for i, field := range []int{1, 11, 12} {
		if numbers[i], err = strconv.Atoi(fields[field]); err != nil {
			tb.Fatal(err)
		}
	}
	return numbers[0], time.Duration(numbers[1]+numbers[2]) * tick
}
