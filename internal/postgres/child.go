package postgres

import (
	"os/exec"
	"runtime"
	"syscall"
)

// child is a running program. done is closed when it has ended; err is what
// Wait returned and may be read after that.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// startChild starts cmd from an OS thread that lives as long as the program:
// the signal for a parent's death is sent when the thread that forked ends
// (golang/go#27505). The thread ends with its goroutine, being locked to it.
func startChild(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		c.err = cmd.Wait()
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

// start starts a program of Postgres.
func (s *installation) start(cmd *exec.Cmd) (*child, error) {
	c, err := startChild(cmd)
	if err == nil {
		s.meanwhile()
	}
	return c, err
}

// attributes puts a program into a process group of its own, so that Ctrl-C in
// a terminal reaches only us and the order of shutdown is ours; makes it run
// as the owner; and, where the system can, lets it receive signal should this
// process die.
func (s *installation) attributes(signal syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if s.owner != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(s.owner.uid), Gid: uint32(s.owner.gid)}
	}
	dieWithParent(attr, signal)
	return attr
}
