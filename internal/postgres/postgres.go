// Package postgres finds, starts and stops the private Postgres of `understudy serve`.
//
// A Cluster is one postmaster over one data directory. It listens on a unix
// socket in a directory of mode 0700 and nowhere else, lives no longer than the
// process that started it, and comes back from a kill -9 of that process, of
// itself, or of both. Started by root it runs as another user, because
// Postgres refuses to run as root.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

const (
	// database and role are what URL names; the role is the cluster's superuser.
	database = "understudy"
	role     = "understudy"

	// port only names the socket file. It is set so that PGPORT has no say.
	port = 5432

	defaultMaxConnections = 60

	// How long a postmaster gets for a fast shutdown, which ends with a
	// checkpoint, and then for an immediate one, before the next harsher signal.
	fastStop      = 15 * time.Second
	immediateStop = 5 * time.Second
)

// Config says which cluster Start starts. Only Dir is needed.
type Config struct {
	// Dir is the data directory of the sandbox, made if it is missing. The
	// cluster lives in its subdirectory postgres, beside a lock file; the rest
	// of the directory is the caller's.
	Dir string

	// Logger receives what Postgres writes: warnings and what ends a session or
	// the server at warn, everything else at debug. Nil discards it.
	Logger *slog.Logger

	// NoSync turns fsync off. Only for clusters that nobody will miss.
	NoSync bool

	// BinDir holds the programs initdb and postgres. Empty: looked for, as Find does.
	BinDir string

	// CacheDir is where a new cluster is kept as it was made, to be copied for the next data directory. Empty: nowhere.
	CacheDir string

	// MaxConnections is Postgres' max_connections. Zero: 60.
	MaxConnections int

	// Name is the cluster_name of Postgres. Empty: understudy.
	Name string

	// Meanwhile is called in a goroutine of its own when a program of Postgres, or
	// the disk, is at work for the first time: so who has something to do while
	// that works does not take the processor from bringing it up. Nil: nothing.
	Meanwhile func()

	// Prepare is called once the database takes connections. Nothing of a new
	// cluster need be on disk by then, but all is when Start returns: so who has
	// much to do before anything is answered does it here. Nil: nothing.
	Prepare func(ctx context.Context, url string) error
}

// Cluster is a running private Postgres. Its methods may be called concurrently.
type Cluster struct {
	installation *installation
	server       *child
	log          *logWriter
	lock         *dirLock

	mu       sync.Mutex
	stopping bool
}

// Start starts the private Postgres of cfg.Dir, after creating the cluster if
// there is none and after clearing away what a killed predecessor left. It
// returns once the database takes connections. ctx bounds the start, not the
// cluster, which runs until Stop or until the calling process ends.
//
// Errors that a caller tells apart with errors.Is: ErrNotFound, ErrLocked,
// ErrUntraversable, ErrOwner, ErrVersion.
func Start(ctx context.Context, cfg Config) (_ *Cluster, err error) {
	s, err := newInstallation(cfg)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(s.dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			lock.release()
		}
	}()
	defer s.template.discard()
	if err := s.create(ctx); err != nil {
		return nil, fmt.Errorf("create the private postgres: %w", err)
	}
	c, err := s.launch(ctx)
	if err != nil {
		return nil, fmt.Errorf("start the private postgres: %w", err)
	}
	c.lock = lock
	if err := c.open(ctx, cfg.Prepare); err != nil {
		c.end(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("open the private postgres: %w", err)
	}
	return c, nil
}

// open finishes a new cluster and lets the caller prepare the database. What is
// answered from a cluster must not be lost because the cluster is, so it is
// brought to disk: beside that, and not beside the start of the server, which
// waits for the disk itself. Any other cluster costs nothing, and above all no
// connection, which takes a fifth of the time in which Postgres starts.
func (c *Cluster) open(ctx context.Context, prepare func(context.Context, string) error) error {
	if prepare == nil {
		prepare = func(context.Context, string) error { return nil }
	}
	mark := filepath.Join(c.installation.data, unfinished)
	if _, err := os.Stat(mark); errors.Is(err, fs.ErrNotExist) {
		return prepare(ctx, c.URL())
	}
	var syncing errgroup.Group
	syncing.Go(func() error {
		if err := c.installation.template.keep(); err != nil {
			c.installation.logger.Info("the cluster is not kept for the next data directory", "error", err)
		}
		return nil
	})
	if !c.installation.noSync {
		syncing.Go(func() error { return syncTree(c.installation.data) })
	}
	err := c.nameDatabase(ctx)
	if err == nil {
		err = prepare(ctx, c.URL())
	}
	if err := errors.Join(err, syncing.Wait()); err != nil {
		return err
	}
	return os.Remove(mark)
}

// launch starts the postmaster and waits until it accepts connections.
func (s *installation) launch(ctx context.Context) (*Cluster, error) {
	const attempts = 3
	for attempt := 1; ; attempt++ {
		if err := s.clear(ctx); err != nil {
			return nil, err
		}
		c, err := s.launchOnce(ctx)
		if err == nil || attempt == attempts || ctx.Err() != nil || !s.pidFileExists() {
			return c, err
		}
		// A postmaster whose parent was killed while it was still starting
		// wrote its pid file after clear had looked. Clear once more.
	}
}

func (s *installation) launchOnce(ctx context.Context) (*Cluster, error) {
	if err := s.makeSocketDir(); err != nil {
		return nil, err
	}
	log := &logWriter{logger: s.logger}
	//nolint:noctx // lives until Stop, which asks before it kills
	cmd := exec.Command(filepath.Join(s.binDir, "postgres"), s.serverArgs()...)
	s.prepare(cmd)
	cmd.SysProcAttr = s.attributes(syscall.SIGINT)
	cmd.Stderr = log
	// When the postmaster is killed its children hold the pipe a little longer.
	cmd.WaitDelay = time.Second
	server, err := s.start(cmd)
	if err != nil {
		return nil, err
	}
	c := &Cluster{installation: s, server: server, log: log}
	if err := c.waitReady(ctx); err != nil {
		c.end(context.WithoutCancel(ctx))
		return nil, err
	}
	return c, nil
}

// serverArgs returns the arguments of the postmaster. Settings are arguments,
// not lines of postgresql.conf, so that a new version of ours changes them for
// data directories that are already there.
func (s *installation) serverArgs() []string {
	settings := []string{
		"listen_addresses=",
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=" + s.sockets,
		"unix_socket_permissions=0700",
		"max_connections=" + strconv.Itoa(s.maxConnections),
		"cluster_name=" + cmp.Or(s.name, "understudy"),
		"timezone=UTC",
		"log_timezone=UTC",
		"log_line_prefix=",
		"logging_collector=off",
		"log_destination=stderr",
		// Small: no replication, no parallel plans, no just-in-time compiler.
		"shared_buffers=32MB",
		"huge_pages=off",
		"jit=off",
		"wal_level=minimal",
		"max_wal_senders=0",
		"max_worker_processes=0",
		"max_parallel_workers=0",
		"max_parallel_workers_per_gather=0",
		// As little as may be of what serializable transactions alone use: a start clears it.
		"max_pred_locks_per_transaction=10",
		// A start opens and closes so many, to see how many there may be. Our tables and indexes are half of it.
		"max_files_per_process=256",
		// initdb derives 5 MB and 64 MB from the small segments, which would
		// mean a checkpoint every few seconds under load.
		"min_wal_size=32MB",
		"max_wal_size=512MB",
		// Queues grow dead rows fast.
		"autovacuum=on",
		"autovacuum_naptime=15s",
		"synchronous_commit=on",
	}
	if s.noSync {
		settings = append(settings, "fsync=off", "full_page_writes=off")
	} else {
		settings = append(settings, "fsync=on", "full_page_writes=on")
	}
	args := []string{"-D", s.data}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return args
}

// waitReady returns when the postmaster accepts connections. It reads the pid
// file instead of trying to connect: cheaper, and nothing is logged.
func (c *Cluster) waitReady(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if f, err := c.installation.readPIDFile(); err == nil && f.pid == c.Pid() && f.ready {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.server.done:
			return c.exitError()
		case <-tick.C:
		}
	}
}

// nameDatabase gives the database of a new cluster its name: renaming the empty
// one that initdb made takes a millisecond, creating another takes fifty. It asks
// for the database from another one, because Postgres logs a FATAL for whoever
// connects to one that is not there.
func (c *Cluster) nameDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.installation.url("template1"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var named bool
	if err := conn.QueryRow(ctx,
		"SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&named); err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if named { // by a predecessor that was killed right after it
		return nil
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE postgres RENAME TO "+database); err != nil {
		return fmt.Errorf("name the database: %w", err)
	}
	return nil
}

// url returns the URL of one database of the cluster, complete enough that no
// PG… variable of the environment changes where it leads.
func (s *installation) url(name string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + name}
	u.RawQuery = url.Values{
		"host":    {s.sockets},
		"port":    {strconv.Itoa(port)},
		"sslmode": {"disable"},
		"options": {"--timezone=UTC"}, // not empty, or PGOPTIONS would count
	}.Encode()
	return u.String()
}

// URL returns the postgres:// URL of the database "understudy", over the unix
// socket. It needs no password: who may enter the socket's directory may connect.
func (c *Cluster) URL() string { return c.installation.url(database) }

// Pid returns the process id of the postmaster.
func (c *Cluster) Pid() int { return c.server.cmd.Process.Pid }

// Done returns a channel that is closed when the postmaster has ended, by Stop
// or by itself. After an end by itself Stop is still needed: it releases the
// data directory.
func (c *Cluster) Done() <-chan struct{} { return c.server.done }

// Err returns why the postmaster ended by itself, and nil while it runs or
// when it was stopped.
func (c *Cluster) Err() error {
	select {
	case <-c.server.done:
	default:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping {
		return nil
	}
	return c.exitError()
}

// exitError says how the postmaster ended and what it said last.
func (c *Cluster) exitError() error {
	end := "exit status 0"
	if c.server.err != nil {
		end = c.server.err.Error()
	}
	said := c.log.last()
	if strings.Contains(said, "incompatible with server") {
		return fmt.Errorf("%w: the programs in %s do not fit the data in %s: %s",
			ErrVersion, c.installation.binDir, c.installation.data, said)
	}
	return fmt.Errorf("postgres ended by itself (%s): %s", end, said)
}

// Stop ends the postmaster with a fast shutdown: sessions are ended, committed
// work is kept. Should that take too long, or ctx end, harsher signals follow,
// up to SIGKILL; Postgres recovers from these at its next start. The data
// directory is free when Stop returns. It may be called more than once.
func (c *Cluster) Stop(ctx context.Context) error {
	c.mu.Lock()
	select {
	case <-c.server.done: // by itself: Err keeps saying so
	default:
		c.stopping = true
		c.log.stop()
	}
	c.mu.Unlock()
	c.end(ctx)
	if c.installation.socketsInTemp {
		// Best effort: the directory is empty after a fast shutdown.
		_ = os.Remove(c.installation.sockets)
	}
	c.lock.release()
	return nil
}

// end returns when the postmaster has ended.
func (c *Cluster) end(ctx context.Context) {
	for _, step := range []struct {
		signal syscall.Signal
		grace  time.Duration
	}{{syscall.SIGINT, fastStop}, {syscall.SIGQUIT, immediateStop}} {
		_ = c.server.cmd.Process.Signal(step.signal)
		grace, cancel := context.WithTimeout(ctx, step.grace)
		select {
		case <-c.server.done:
			cancel()
			return
		case <-grace.Done():
			cancel()
		}
		c.installation.logger.Warn("postgres does not stop", "pid", c.Pid(), "signal", step.signal.String())
		ctx = context.WithoutCancel(ctx) // the caller's patience is over; the next signal gets its own
	}
	_ = c.server.cmd.Process.Kill()
	<-c.server.done
}
