package postgres

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

func dieWithParent(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }

// isPostmaster says whether pid is a live postmaster of the cluster in data. It
// reads the command line, which stays readable where root lacks the capability
// to look at a process of another user, as in most containers.
func isPostmaster(pid int, data string) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && runs(strings.Split(string(text), "\x00"), data)
}

// attached returns how many processes are attached to a System V shared memory
// segment; none if it does not exist.
func attached(id int) int {
	file, err := os.Open("/proc/sysvipc/shm")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		// key shmid perms size cpid lpid nattch ...
		fields := strings.Fields(lines.Text())
		if len(fields) > 6 && fields[1] == strconv.Itoa(id) {
			n, _ := strconv.Atoi(fields[6])
			return n
		}
	}
	return 0
}
