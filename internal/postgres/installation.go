package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// maxSocketPath is below the limit of every system (104 on macOS, 108 on Linux).
const maxSocketPath = 100

// unfinished is a file in a cluster that nobody has used yet: its database does
// not have its name, or not all of it is on disk. Of all files in a new cluster
// its name is the last one, and so it is the last one that is copied.
const unfinished = "understudy.unfinished"

// installation is a data directory and how to run a Postgres in it.
type installation struct {
	dir            string // of the sandbox: lock, postgres/, run/
	data           string // of the cluster
	sockets        string // of the unix socket
	socketsInTemp  bool   // because dir is too long a path for a socket
	binDir         string
	owner          *owner // who runs Postgres; nil: the user we are
	logger         *slog.Logger
	noSync         bool
	maxConnections int
	name           string
	cacheDir       string
	template       template // of a cluster that is being made
	meanwhile      func()   // is called when there is something to wait for, and does something once
}

// newInstallation settles everything that can be settled without changing anything
// but making dir itself.
func newInstallation(cfg Config) (*installation, error) {
	s := &installation{
		logger: cfg.Logger, noSync: cfg.NoSync, binDir: cfg.BinDir, maxConnections: cfg.MaxConnections,
		name: cfg.Name, cacheDir: cfg.CacheDir,
	}
	if cfg.Meanwhile != nil {
		s.meanwhile = sync.OnceFunc(func() { go cfg.Meanwhile() })
	} else {
		s.meanwhile = func() {}
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.maxConnections == 0 {
		s.maxConnections = defaultMaxConnections
	}
	if cfg.Dir == "" {
		return nil, errors.New("the private postgres needs a data directory")
	}
	dir, err := makeDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	s.dir = dir
	s.data = filepath.Join(dir, "postgres")
	s.sockets, s.socketsInTemp = socketDir(dir)

	if s.owner, err = chooseOwner(s.data); err != nil { // before anything of its is read
		return nil, err
	}
	version, err := clusterVersion(s.data)
	if err != nil {
		return nil, err
	}
	if s.binDir == "" {
		if s.binDir, err = find(version); err != nil {
			return nil, err
		}
	} else if !hasPrograms(s.binDir) {
		return nil, fmt.Errorf("%w (not in %s either)", ErrNotFound, s.binDir)
	}
	if err := s.owner.allow(s.dir, s.binDir); err != nil {
		return nil, err
	}
	return s, nil
}

// makeDir makes dir if it is missing and returns its real, absolute path.
func makeDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // another user, who runs Postgres, passes through
	}
	if err := os.MkdirAll(abs, mode); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// socketDir returns the directory for the socket of dir's cluster: inside dir,
// or, where that path is too long for a socket, in the system's temporary directory.
func socketDir(dir string) (path string, inTemp bool) {
	fits := func(path string) bool { return len(path)+len("/.s.PGSQL.5432") < maxSocketPath }
	if path := filepath.Join(dir, "run"); fits(path) {
		return path, false
	}
	sum := sha256.Sum256([]byte(dir))
	name := "understudy-" + hex.EncodeToString(sum[:8])
	if path := filepath.Join(os.TempDir(), name); fits(path) {
		return path, true
	}
	return filepath.Join("/tmp", name), true
}

// makeSocketDir makes the socket's directory, or checks the one that is there:
// in a temporary directory somebody else could have made it.
func (s *installation) makeSocketDir() error {
	if err := os.Mkdir(s.sockets, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the socket directory: %w", err)
	}
	info, err := os.Lstat(s.sockets)
	if err != nil {
		return fmt.Errorf("check the socket directory: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	private := ok && info.IsDir() && info.Mode().Perm() == 0o700
	switch {
	case private && int(stat.Uid) == os.Geteuid(): // new, perhaps of a predecessor killed right here
		return s.owner.own(s.sockets)
	case private && s.owner != nil && int(stat.Uid) == s.owner.uid:
		return nil
	}
	return fmt.Errorf("the socket directory %s is not a private directory of the user who runs Postgres: remove it",
		s.sockets)
}

// create makes the cluster unless there is one. It is made under another name
// and renamed, so who is killed meanwhile leaves no half a cluster behind, only
// a directory that the next start removes.
func (s *installation) create(ctx context.Context) error {
	leftovers, _ := filepath.Glob(filepath.Join(s.dir, "postgres.tmp*"))
	for _, path := range leftovers {
		// Its initdb may be ending just now and still write to it.
		var err error
		if !poll(ctx, immediateStop, func() bool { err = os.RemoveAll(path); return err == nil }) {
			s.logger.Warn("half-made cluster not removed", "path", path, "error", err)
		}
	}
	version, err := clusterVersion(s.data)
	if err != nil {
		return err
	}
	if version == 0 {
		if version, err = s.make(ctx); err != nil {
			return err
		}
	}
	if version < minVersion {
		return fmt.Errorf("%w: the cluster in %s is of Postgres %d, needed is %d or newer",
			ErrVersion, s.data, version, minVersion)
	}
	return nil
}

// make makes the cluster, by copying one that is kept or else with initdb, and returns its major version.
func (s *installation) make(ctx context.Context) (version int, err error) {
	tmp, err := s.tempDir()
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(tmp) }() // which is not there when all went well
	s.meanwhile()                            // copying keeps the disk busy
	if s.template, err = newTemplate(s.cacheDir, s.binDir); err != nil {
		return 0, err
	}
	if err = s.template.unpack(ctx, tmp, s.owner); err != nil {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		if !errors.Is(err, errNoTemplate) {
			s.logger.Warn("the cluster that is kept is of no use: initdb makes another one", "error", err)
			_ = os.RemoveAll(tmp) // initdb wants it empty
			if tmp, err = s.tempDir(); err != nil {
				return 0, err
			}
		}
		if err := s.initdb(ctx, tmp); err != nil {
			return 0, err
		}
	}
	if version, err = clusterVersion(tmp); err != nil {
		return 0, err
	}
	if version < minVersion {
		return 0, fmt.Errorf("%w: %s has Postgres %d, needed is %d or newer", ErrVersion, s.binDir, version, minVersion)
	}
	if err := os.Remove(s.data); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one is in the way
		return 0, err
	}
	return version, os.Rename(tmp, s.data)
}

// tempDir makes the directory in which a cluster is made.
func (s *installation) tempDir() (string, error) {
	tmp, err := os.MkdirTemp(s.dir, "postgres.tmp")
	if err != nil {
		return "", err
	}
	return tmp, s.owner.own(tmp)
}

// initdbArgs are what initdb is told, beside the directory. Start syncs, while it starts the server.
var initdbArgs = []string{
	"-U", role, "-A", "trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1", "--no-instructions",
}

// initdb makes a cluster in dir, and packs it for the next data directory.
func (s *installation) initdb(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.binDir, "initdb"), append([]string{"-D", dir}, initdbArgs...)...)
	s.prepare(cmd)
	cmd.SysProcAttr = s.attributes(syscall.SIGTERM)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // initdb then removes what it made
	cmd.WaitDelay = immediateStop
	output := &logWriter{logger: s.logger}
	cmd.Stderr = output
	initdb, err := s.start(cmd)
	if err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	<-initdb.done
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if initdb.err != nil {
		return fmt.Errorf("initdb: %w: %s", initdb.err, output.last())
	}
	mark := filepath.Join(dir, unfinished)
	if err := errors.Join(os.WriteFile(mark, nil, 0o600), s.owner.own(mark)); err != nil {
		return err
	}
	if err := s.template.pack(dir); err != nil {
		s.logger.Info("the cluster is not kept for the next data directory", "error", err)
	}
	return nil
}

// prepare gives a Postgres program a working directory that its user may
// enter and an environment in which nothing of ours or of libpq's shows.
func (s *installation) prepare(cmd *exec.Cmd) {
	cmd.Dir = "/"
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
	for _, pair := range os.Environ() {
		switch name, _, _ := strings.Cut(pair, "="); name {
		case "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH":
			cmd.Env = append(cmd.Env, pair)
		}
	}
}

// poll calls done every two milliseconds until it is true, ctx ends or limit
// has passed; it says whether done was.
func poll(ctx context.Context, limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
