package postgres_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/postgres"
)

// diskDir returns a data directory where users have theirs: on a disk.
func diskDir(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("", "understudy-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		b.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func BenchmarkColdStart(b *testing.B) {
	for _, of := range []struct{ name, cacheDir string }{{"initdb", ""}, {"copy", b.TempDir()}} {
		b.Run(of.name, func(b *testing.B) {
			for b.Loop() {
				c := startWith(b, postgres.Config{Dir: diskDir(b), CacheDir: of.cacheDir})
				b.StopTimer()
				stop(b, c)
				b.StartTimer()
			}
		})
	}
}

func BenchmarkWarmStart(b *testing.B) {
	dir := diskDir(b)
	stop(b, start(b, dir))
	for b.Loop() {
		c := start(b, dir)
		b.StopTimer()
		stop(b, c)
		b.StartTimer()
	}
}

// From the kill -9 of a supervisor to the answer of its successor's database.
func BenchmarkStartAfterKill(b *testing.B) {
	for _, both := range []struct {
		name       string
		postmaster bool
	}{{"supervisor", false}, {"supervisor and postmaster", true}} {
		b.Run(both.name, func(b *testing.B) {
			dir := diskDir(b)
			stop(b, start(b, dir))
			for b.Loop() {
				b.StopTimer()
				s := startSupervisor(b, dir, "")
				pid := s.ready(b)
				b.StartTimer()
				if both.postmaster {
					if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
						b.Fatal(err)
					}
				}
				s.kill()
				c := start(b, dir)
				b.StopTimer()
				stop(b, c)
				b.StartTimer()
			}
		})
	}
}
