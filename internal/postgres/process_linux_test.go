package postgres_test

import (
	"os"
	"path/filepath"
	"testing"
)

// A supervisor is killed, and with it stops its Postgres, without a successor.
func TestPostgresEndsWithItsSupervisor(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	s := startSupervisor(t, dir, "")
	s.ready(t)
	s.kill()
	waitUntil(t, "pid file removed by the postmaster", func() bool {
		_, err := os.Stat(filepath.Join(dir, "postgres", "postmaster.pid"))
		return os.IsNotExist(err)
	})
}
