package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/bench/report"
	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/migrations"
)

// maxConnections leaves room for pgbench beside the pools of the servers.
const maxConnections = 120

// env is what all measurements stand on: one Postgres with databases of its
// own for the product, the baselines and the claims, and the product's binary.
type env struct {
	options
	stderr  io.Writer
	dir     string
	cluster *postgres.Cluster
	binary  string   // of the product
	self    string   // this program
	fixture *fixture // made by the first measurement that needs it
	runs    int      // of the product, to number their files
	charts  []report.Chart
}

// prepare builds the product and starts the Postgres. The directory is on a
// disk: in memory a commit would cost nothing.
func prepare(ctx context.Context, opts options, stderr io.Writer) (_ *env, err error) {
	e := &env{options: opts, stderr: stderr}
	if e.self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if e.dir, err = os.MkdirTemp("", "understudy-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if err := os.Chmod(e.dir, 0o711); err != nil { //nolint:gosec // for root, another user runs Postgres
		return nil, err
	}
	e.say("building the product")
	e.binary = filepath.Join(e.dir, "understudy")
	if err := e.buildIn(ctx, ".", e.binary, "./cmd/understudy"); err != nil {
		return nil, err
	}
	if e.profile != "" {
		if err := os.MkdirAll(e.profile, 0o755); err != nil { //nolint:gosec // profiles are no secret
			return nil, err
		}
	}
	e.cluster, err = postgres.Start(ctx, postgres.Config{
		Dir: filepath.Join(e.dir, "postgres"), MaxConnections: maxConnections,
	})
	return e, err
}

// buildIn builds a program in the directory of its own module: no other's go.sum knows all that it is built of.
func (e *env) buildIn(ctx context.Context, module, binary, program string) error {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/understudy-dev/understudy")
	root, err := list.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	dir := filepath.Join(strings.TrimSpace(string(root)), module)
	build := exec.CommandContext(ctx, "go", "build", "-C", dir, "-trimpath", "-o", binary, program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as releases are built
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	return nil
}

// close stops the Postgres and removes everything.
func (e *env) close() error {
	var err error
	if e.fixture != nil {
		e.fixture.close()
	}
	if e.cluster != nil {
		err = e.cluster.Stop(context.Background())
	}
	return errors.Join(err, os.RemoveAll(e.dir))
}

// say writes what is going on.
func (e *env) say(format string, args ...any) {
	fmt.Fprintf(e.stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// database makes a database with the product's schema and returns its URL.
func (e *env) database(ctx context.Context, name string) (string, error) {
	url, err := e.emptyDatabase(ctx, name)
	if err != nil {
		return "", err
	}
	return url, migrations.Up(ctx, url)
}

// emptyDatabase makes a database and returns its URL.
func (e *env) emptyDatabase(ctx context.Context, name string) (string, error) {
	admin, err := pgx.Connect(ctx, e.cluster.URL())
	if err != nil {
		return "", fmt.Errorf("make database %s: %w", name, err)
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", fmt.Errorf("make database %s: %w", name, err)
	}
	u, err := url.Parse(e.cluster.URL())
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// tempDir makes a data directory that nobody has used.
func (e *env) tempDir() (string, error) {
	dir, err := os.MkdirTemp(e.dir, "data-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711) //nolint:gosec // for root, another user runs Postgres
}
