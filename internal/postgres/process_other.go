//go:build !linux

package postgres

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent does nothing: the system has no such signal. An orphan is
// stopped by the next start.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

// isPostmaster says whether pid is a live postmaster of the cluster in data.
func isPostmaster(pid int, data string) bool {
	text, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return false
	}
	// One line with blanks between the arguments: cut at the known places.
	program, rest, ok := strings.Cut(string(text), " -D ")
	if !ok {
		return false
	}
	dir, _, _ := strings.Cut(rest, " -c ")
	return runs([]string{program, "-D", dir}, data)
}

// attached returns how many processes are attached to a System V shared memory
// segment; none if it does not exist.
func attached(id int) int {
	text, err := exec.Command("ipcs", "-m", "-o").Output()
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		// m id key mode owner group nattch
		fields := strings.Fields(line)
		if len(fields) > 6 && fields[0] == "m" && fields[1] == strconv.Itoa(id) {
			n, _ := strconv.Atoi(fields[6])
			return n
		}
	}
	return 0
}
