package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/understudy-dev/understudy/internal/postgres"
)

// environment looks for settings that nobody reads, and for clients that are pointed elsewhere.
func environment(_ context.Context, cfg Config, at found) (findings []Finding) {
	const check = "environment"
	for _, pair := range cfg.Environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case strings.HasPrefix(name, "UNDERSTUDY_") && value != "" && !slices.Contains(cfg.Known, name):
			findings = append(findings, warning(check, name+" is set, and means nothing", "unset "+name)...)
		case name == "REDISCLOUD_URL" && at.running() && !sameServer(value, at.URL):
			findings = append(findings, warning(check,
				"REDISCLOUD_URL points clients at "+value+", and the sandbox is at "+at.URL,
				"export REDISCLOUD_URL="+at.URL+"/v1, or eval \"$(understudy env)\"")...)
		}
	}
	if findings == nil {
		findings = good(check, "the settings in the environment are known, and clients are not pointed elsewhere")
	}
	return findings
}

func sameServer(one, other string) bool {
	trim := func(url string) string {
		return strings.NewReplacer("localhost", "127.0.0.1").Replace(strings.TrimSuffix(strings.TrimSuffix(url, "/"), "/v1"))
	}
	return trim(one) == trim(other)
}

// programs looks for a Postgres that can be run.
func programs(ctx context.Context, cfg Config, _ found) []Finding {
	const check = "postgres"
	if cfg.DatabaseURL != "" {
		return good(check, "none is needed here: --database-url names one")
	}
	programs, err := postgres.Check(ctx, cfg.DataDir)
	switch {
	case err == nil:
		return good(check, "Postgres "+programs)
	case errors.Is(err, postgres.ErrNotFound):
		return bad(check, "this machine has no Postgres",
			"apt-get install postgresql (macOS: brew install postgresql), or name a running one with --database-url")
	case errors.Is(err, postgres.ErrVersion):
		return bad(check, err.Error(), "install that version, or use another --data-dir")
	case errors.Is(err, postgres.ErrOwner):
		return bad(check, err.Error(), "run understudy as that user, or use another --data-dir")
	}
	return bad(check, err.Error(), "use another --data-dir, or do what the message says")
}

// existing returns the directory, or where it is not there yet the one above in which it would be made.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// directory looks whether the data directory can be written.
func directory(_ context.Context, cfg Config, _ found) []Finding {
	const check = "data directory"
	place := existing(cfg.DataDir)
	info, err := os.Stat(place)
	switch {
	case err != nil:
		return bad(check, err.Error(), "use another --data-dir")
	case !info.IsDir():
		return bad(check, place+" is no directory", "use another --data-dir")
	}
	const mayWrite, mayEnter = 2, 1
	if err := syscall.Access(place, mayWrite|mayEnter); err != nil {
		return bad(check, place+" cannot be written by this user", "use another --data-dir, or chown it to this user")
	}
	if place != cfg.DataDir {
		return good(check, cfg.DataDir+" is not there yet and can be made")
	}
	return good(check, cfg.DataDir+" can be written")
}

// space looks how much room there is.
func space(_ context.Context, cfg Config, _ found) []Finding {
	const (
		check = "disk space"
		mib   = 1 << 20
		least = 200 * mib // a fresh cluster and its log take about 60
		ample = 1024 * mib
	)
	var stat syscall.Statfs_t
	place := existing(cfg.DataDir)
	if err := syscall.Statfs(place, &stat); err != nil {
		return warning(check, "nobody can say: "+err.Error(), "look at df "+place)
	}
	free := stat.Bavail * uint64(stat.Bsize)
	says := fmt.Sprintf("%d MiB are free at %s", free/mib, place)
	switch {
	case free < least:
		return bad(check, says, "make room, or use another --data-dir")
	case free < ample:
		return warning(check, says, "make room, or use another --data-dir")
	}
	return good(check, says)
}

// lock looks who runs on the data directory.
func lock(_ context.Context, cfg Config, at found) []Finding {
	const check = "lock"
	pid, locked := postgres.Holder(cfg.DataDir)
	switch {
	case !locked:
		return good(check, "nobody runs a Postgres in the data directory")
	case at.running():
		return good(check, fmt.Sprintf("the server, process %d, has the data directory", pid))
	}
	return bad(check, fmt.Sprintf("process %d has the data directory locked, and no server answers on it", pid),
		fmt.Sprintf("wait until it is ready, or look at it with ps %d and end it", pid))
}

// port looks whether a server could listen.
func port(ctx context.Context, cfg Config, at found) []Finding {
	const check = "port"
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", cfg.Listen)
	if err == nil {
		_ = listener.Close() // nobody was let in
		return good(check, cfg.Listen+" is free")
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		if at.running() && sameServer(at.URL, "http://"+cfg.Listen) {
			return good(check, cfg.Listen+" is the server's")
		}
		return warning(check, "another program listens on "+cfg.Listen,
			"end that program, or start the server with --listen 127.0.0.1:0, which picks a free port")
	}
	return bad(check, err.Error(), "choose another --listen")
}
