package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

var majorVersion = regexp.MustCompile(`\) (\d+)`)

// Check looks whether Start could start the cluster of a directory, which need not be there yet, and changes nothing.
// It returns what Postgres would run: "15.14 (/usr/lib/postgresql/15/bin)". Its errors are those of Start, but for
// ErrLocked.
func Check(ctx context.Context, dir string) (programs string, err error) {
	data := filepath.Join(dir, "postgres")
	made, err := clusterVersion(data)
	if err != nil {
		return "", err
	}
	binDir, err := find(made)
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, filepath.Join(binDir, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s/postgres for its version: %w", binDir, err)
	}
	_, version, _ := strings.Cut(strings.TrimSpace(string(out)), ") ")
	programs = fmt.Sprintf("%s (%s)", version, binDir)
	major := 0
	if found := majorVersion.FindSubmatch(out); found != nil {
		major, _ = strconv.Atoi(string(found[1]))
	}
	switch {
	case major < minVersion:
		return programs, fmt.Errorf("%w: %s is older than %d, the oldest that works", ErrVersion, programs, minVersion)
	case made != 0 && made != major:
		return programs, fmt.Errorf("%w: %s was made by Postgres %d, and here is %s", ErrVersion, data, made, programs)
	}
	o, err := chooseOwner(data)
	if err != nil || o == nil {
		return programs, err
	}
	for _, place := range []string{dir, binDir} {
		for _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist); _, err = os.Stat(place) {
			place = filepath.Dir(place)
		}
		closed, err := o.closed(place)
		switch {
		case err != nil:
			return programs, err
		case closed != "" && (closed != dir || !ours(dir)): // a directory of ours is opened at the start
			return programs, fmt.Errorf("%w: %s is closed to %s; choose another place (--data-dir), or allow it: chmod o+x %s",
				ErrUntraversable, closed, o.name(), closed)
		}
	}
	return programs, nil
}

// Holder returns the process that has a directory locked, and whether one has; 0: nobody knows which.
func Holder(dir string) (pid int, locked bool) {
	file, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return 0, false
	}
	defer func() { _ = file.Close() }() // nothing was written
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return 0, false // closing it unlocks it again
	}
	text, err := os.ReadFile(file.Name())
	if err == nil {
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	return pid, true
}
