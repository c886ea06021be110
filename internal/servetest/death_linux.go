package servetest

import "syscall"

// dieWithParent lets the kernel stop the server when the test process ends without its clean-up, as it does on a
// test time-out.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
