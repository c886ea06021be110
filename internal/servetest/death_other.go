//go:build !linux

package servetest

import "syscall"

// dieWithParent is empty where the kernel offers no death signal: there a test time-out leaves its server behind.
func dieWithParent() *syscall.SysProcAttr {
	return nil
}
