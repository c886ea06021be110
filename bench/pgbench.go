package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/postgres"
)

// accepting is what accepting one task writes, as a transaction of plain
// statements: the account's next number, and the task. It waits behind
// others, so that of its indexes only the two that are not partial are written.
const accepting = `
\set account random(1, %d)
BEGIN;
UPDATE accounts SET last_seq = last_seq + 1 WHERE id = :account RETURNING last_seq AS seq \gset
INSERT INTO tasks (id, account_id, seq, operation, command, request, accepted_at, updated_at, work, head)
	VALUES (gen_random_uuid(), :account, :seq, 'createProDatabase', 'databaseCreateRequest', '%s',
		clock_timestamp(), clock_timestamp(), '5 s', false);
COMMIT;
`

// pgbench writes on a database of its own with the product's schema.
type pgbench struct {
	env     *env
	program string
	url     string
	dir     string
	script  string
	conn    *pgx.Conn
}

// newPgbench makes the database and its accounts.
func (e *env) newPgbench(ctx context.Context) (*pgbench, error) {
	programs, err := postgres.Find()
	if err != nil {
		return nil, err
	}
	b := &pgbench{env: e, program: filepath.Join(programs, "pgbench")}
	if _, err := os.Stat(b.program); err != nil {
		if b.program, err = exec.LookPath("pgbench"); err != nil {
			return nil, fmt.Errorf("the baseline needs pgbench: %w", err)
		}
	}
	if b.url, err = e.database(ctx, "pgbench"); err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp(e.dir, "pgbench-"); err != nil {
		return nil, err
	}
	request, err := json.Marshal(map[string]any{
		"path": map[string]string{"subscriptionId": "100001"}, "body": json.RawMessage(databaseBody),
	})
	if err != nil {
		return nil, err
	}
	b.script = filepath.Join(b.dir, "accepting.sql")
	// A colon before a word would be a variable of pgbench's.
	text := fmt.Sprintf(accepting, numAccounts, strings.ReplaceAll(string(request), ":", ": "))
	if err := os.WriteFile(b.script, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if b.conn, err = pgx.Connect(ctx, b.url); err != nil {
		return nil, err
	}
	_, err = b.conn.Exec(ctx, `
		INSERT INTO accounts (id, name, owner_name, owner_email)
		SELECT n, 'Bench ' || n, 'Ben Bench', 'ben@bench.example'
		FROM generate_series(1, $1::int) n`, numAccounts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make accounts: %w", err), b.close())
	}
	return b, nil
}

func (b *pgbench) close() error { return b.conn.Close(context.Background()) }

// run writes with so many clients over the unix socket, on an empty table of tasks.
func (b *pgbench) run(ctx context.Context, clients int, d time.Duration) (loaded, error) {
	// 0: no process is the product here.
	return b.env.metered(0, func() (loaded, error) { return b.write(ctx, clients, d) })
}

func (b *pgbench) write(ctx context.Context, clients int, d time.Duration) (loaded, error) {
	if _, err := b.conn.Exec(ctx, `TRUNCATE tasks`); err != nil {
		return loaded{}, fmt.Errorf("remove tasks: %w", err)
	}
	u, err := url.Parse(b.url)
	if err != nil {
		return loaded{}, err
	}
	logs := filepath.Join(b.dir, "log")
	cmd := exec.CommandContext(ctx, b.program, "-n", "-M", "prepared", "-f", b.script, "-l", "--log-prefix", logs,
		"-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)),
		"-T", strconv.Itoa(int(d.Round(time.Second).Seconds())),
		"-h", u.Query().Get("host"), "-p", u.Query().Get("port"), "-U", u.User.Username(), strings.TrimPrefix(u.Path, "/"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return loaded{}, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	rate, err := readRate(string(out))
	if err != nil {
		return loaded{}, err
	}
	times, err := readTimes(logs)
	return loaded{perSecond: rate, p50: median(times), requests: len(times)}, err
}

// readRate finds the transactions per second in what pgbench says.
func readRate(out string) (float64, error) {
	found := regexp.MustCompile(`(?m)^tps = ([0-9.]+)`).FindStringSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("pgbench gives no rate:\n%s", out)
	}
	return strconv.ParseFloat(found[1], 64)
}

// readTimes reads the time of each transaction out of pgbench's logs, one per
// thread of it, and removes them.
func readTimes(prefix string) (times []time.Duration, err error) {
	files, err := filepath.Glob(prefix + ".*")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line) // client, number, microseconds, …
			if len(fields) < 3 {
				return nil, fmt.Errorf("pgbench logs %q", line)
			}
			us, err := strconv.ParseInt(fields[2], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("pgbench logs %q", line)
			}
			times = append(times, time.Duration(us)*time.Microsecond)
		}
		if err := os.Remove(file); err != nil {
			return nil, err
		}
	}
	return times, nil
}
