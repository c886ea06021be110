package ha

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
)

// pgbouncer starts a PgBouncer before a Postgres, as Debian's package has it but for what names the database and the
// mode.
func pgbouncer(tb testing.TB, primary *node, mode string) *node {
	tb.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		tb.Fatal(err)
	}
	n := newNode(tb)
	// Fewer sessions than the servers have connections, so that those of one are given to another.
	config := fmt.Sprintf(`[databases]
%s = host=127.0.0.1 port=%d dbname=%s user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = %s
default_pool_size = %d
max_client_conn = 500
`, database, primary.port, database, n.port, mode, map[string]int{"session": 100, "transaction": 12}[mode])
	file := filepath.Join(n.dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		tb.Fatal(err)
	}
	n.launch(program, file)
	until(tb, "PgBouncer takes connections", func(ctx context.Context) error { return n.ask(ctx, database, "SELECT") })
	return n
}

// version is what PgBouncer calls itself.
func (n *node) version() (text string) {
	n.tb.Helper()
	cfg, err := pgx.ParseConfig("postgres://pgbouncer@127.0.0.1:" + strconv.Itoa(n.port) + "/pgbouncer?sslmode=disable")
	if err != nil {
		n.tb.Fatal(err)
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(n.tb.Context(), cfg)
	if err != nil {
		n.tb.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(n.tb.Context()))
	if err := conn.QueryRow(n.tb.Context(), "SHOW VERSION").Scan(&text); err != nil {
		n.tb.Fatal(err)
	}
	return text
}
