//go:build crashpoint

package main

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// hook kills the process, as if by kill -9, when a point of the lifecycle is
// reached for the n-th time: UNDERSTUDY_CRASHPOINT=task.claimed:3.
func hook() func(point string) {
	name, count, _ := strings.Cut(os.Getenv("UNDERSTUDY_CRASHPOINT"), ":")
	if name == "" {
		return nil
	}
	var left atomic.Int64
	n, _ := strconv.ParseInt(count, 10, 64)
	left.Store(max(n, 1))
	return func(point string) {
		if point == name && left.Add(-1) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal arrives
		}
	}
}

// group is how many tasks share a transaction, as server.Config has it: UNDERSTUDY_GROUP=-2.
func group() int {
	n, _ := strconv.Atoi(os.Getenv("UNDERSTUDY_GROUP"))
	return n
}
