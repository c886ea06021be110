package postgres_test

import (
	"syscall"
	"testing"
)

func BenchmarkColdStart(b *testing.B) {
	for b.Loop() {
		stop(b, start(b, tempDir(b)))
	}
}

func BenchmarkWarmStart(b *testing.B) {
	dir := tempDir(b)
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
			dir := tempDir(b)
			stop(b, start(b, dir))
			for b.Loop() {
				b.StopTimer()
				s := startSupervisor(b, dir)
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
