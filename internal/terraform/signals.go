package terraform

import (
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup puts a command into a process group of its own, unless a terminal signals ours, and reports whether it did.
// Terraform takes a second interrupt for the wish to die at once: so it must get each one once, either from the
// terminal or from us.
func ownGroup(cmd *exec.Cmd, stdin io.Reader) bool {
	if file, ok := stdin.(*os.File); ok {
		if group, err := unix.IoctlGetInt(int(file.Fd()), unix.TIOCGPGRP); err == nil && group == unix.Getpgrp() {
			return false
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return true
}

// killGroup ends what is left of a group that is led by a process.
func killGroup(leader *os.Process) { _ = syscall.Kill(-leader.Pid, syscall.SIGKILL) } // mostly there is nothing

// fromTerminal reports whether a terminal sends the signal to all of its foreground.
func fromTerminal(s os.Signal) bool { return s == syscall.SIGINT || s == syscall.SIGQUIT }

// statusOf is the exit status of a process as a shell has it.
func statusOf(state *os.ProcessState) int {
	const signalled = 128
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return signalled + int(status.Signal())
	}
	return state.ExitCode()
}
