package throwaway

import (
	"fmt"
	"os/exec"
	"syscall"
)

// afterUs waits until the other end of its input is closed, which no process can forget to do when it ends. Then it has
// Postgres stop, where the system has not done so already, and removes the directory. The pid file says which process
// that is, as long as it runs.
const afterUs = `
read -r _
postmaster() { sed -n 1p "$1/postgres/postmaster.pid" 2>/dev/null; }
pid=$(postmaster "$1")
[ -z "$pid" ] || kill -INT "$pid" 2>/dev/null
while [ -n "$pid" ] && [ "$(postmaster "$1")" = "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
rm -rf -- "$1"`

// removeAfterUs has a directory removed once this process and the Postgres in it have ended, however they end: a test
// binary may be killed, or exit without a chance to clean up.
func removeAfterUs(dir string) error {
	cmd := exec.Command("/bin/sh", "-c", afterUs, "understudy-throwaway", dir) //nolint:noctx // outlives us
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                      // Ctrl-C is for us
	// open until we end, and inherited by nobody
	if _, err := cmd.StdinPipe(); err != nil {
		return fmt.Errorf("watch over %s: %w", dir, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("watch over %s: %w", dir, err)
	}
	go func() { _ = cmd.Wait() }() // for the case that somebody kills it
	return nil
}
