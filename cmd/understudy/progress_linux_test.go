package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// terminal opens a terminal: what is written to one end can be read at the other.
func terminal(t *testing.T) (inner, outer *os.File) {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = outer.Close() })
	ask := func(request uintptr, argument *int32) {
		t.Helper()
		raw, err := outer.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) {
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(argument))); errno != 0 {
				t.Error(errno)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	var number, locked int32
	ask(syscall.TIOCGPTN, &number)
	ask(syscall.TIOCSPTLCK, &locked)
	inner, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	return inner, outer
}

// Long work shows how it goes on where standard error is a terminal, and takes that away when it is done. What is no
// terminal gets nothing.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, args := range map[string][]string{
		"advance": {"clock", "advance", "1h"},
		"step":    {"clock", "step"},
		"seed":    {"seed", file},
		"save":    {"snapshot", "save", "base"},
		"load":    {"snapshot", "load", "base"},
		"export":  {"snapshot", "export", "base"},
		"import":  {"snapshot", "import", "base", file},
		"reset":   {"reset", "Demo"},
		"fork":    {"fork", "Demo"},
		"wait":    {"wait", "--idle"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			answer := make(chan struct{})
			slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				<-answer
				_, _ = w.Write([]byte(`{"reached": true}`))
			}))
			defer slow.Close()
			inner, outer := terminal(t)
			done := make(chan int, 1)
			var stdout bytes.Buffer
			go func() {
				done <- run(t.Context(), append(args, "--url", slow.URL, "--json"), &stdout, inner)
				_ = inner.Close() // the other end reads no more
			}()
			var shown strings.Builder
			read := make([]byte, 1024)
			for !strings.Contains(shown.String(), what+" [") {
				n, err := outer.Read(read)
				if shown.Write(read[:n]); err != nil {
					t.Fatalf("shown is %q, then %v", shown.String(), err)
				}
			}
			close(answer)
			for {
				n, err := outer.Read(read)
				if shown.Write(read[:n]); err != nil {
					break
				}
			}
			if status := <-done; status != 0 || !strings.HasSuffix(shown.String(), "\r\x1b[K") {
				t.Errorf("status %d, shown is %q, want that it is gone in the end", status, shown.String())
			}
			if !strings.HasPrefix(stdout.String(), "{") {
				t.Errorf("standard output has %q", &stdout)
			}

			var stderr bytes.Buffer // no terminal
			if status := run(t.Context(), append(args, "--url", slow.URL), &stdout, &stderr); status != 0 || stderr.Len() > 0 {
				t.Errorf("without a terminal: status %d, %q", status, &stderr)
			}
		})
	}
}

// A line stands above the bar, and alone where there is none.
func TestProgressSays(t *testing.T) {
	t.Parallel()
	inner, outer := terminal(t)
	var plain bytes.Buffer
	for _, stderr := range []Stderr{{inner}, {&plain}} {
		p := stderr.Progress("work", 2)
		p.Say("one is done")
		p.Done()
	}
	if got := plain.String(); got != "one is done\n" {
		t.Errorf("without a terminal: got %q", got)
	}
	shown := make([]byte, 100)
	n, err := outer.Read(shown)
	if got := string(shown[:n]); err != nil || got != "\r\x1b[Kone is done\r\n" {
		t.Errorf("on a terminal: got %q, %v", got, err)
	}
}
