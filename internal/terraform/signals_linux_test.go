package terraform

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Who presses Ctrl-C interrupts once: the terminal signals both, so the signal is not passed on.
func TestCommandOnATerminal(t *testing.T) {
	t.Parallel()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = outer.Close() })
	number, err := unix.IoctlGetInt(int(outer.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(outer.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	inner, err := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inner, inner, inner
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append(os.Environ(), role+"=user")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = inner.Close()
	var shown []byte
	for _, step := range []struct{ shows, press string }{{"ready", "\x03"}, {"got", "end\n"}} {
		for read := make([]byte, 1024); !bytes.Contains(shown, []byte(step.shows)); {
			n, err := outer.Read(read)
			if shown = append(shown, read[:n]...); err != nil {
				t.Fatalf("shown is %q, then %v", shown, err)
			}
		}
		if _, err := outer.WriteString(step.press); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 10 {
		t.Errorf("got %v, want status 10, of one interrupt; shown is %q", err, shown)
	}
}
