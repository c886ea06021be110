package terraform

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// role is a variable by which the tests' own program is something else.
const role = "UNDERSTUDY_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "tool":
		os.Exit(countSignals())
	case "user": // who runs that tool
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt)
		status, err := Command{
			Tool: os.Args[0], Env: append(os.Environ(), role+"=tool"),
			Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		}.Run(context.Background(), signals)
		if err != nil {
			fmt.Println(err)
		}
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// countSignals says of every signal that it came, until it is told something. The status is 10 for each interrupt and
// 20 for each other one.
func countSignals() (status int) {
	signals, told := make(chan os.Signal, 10), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	fmt.Println("ready")
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		close(told)
	}()
	for {
		select {
		case s := <-signals:
			if status += 20; s == os.Interrupt {
				status -= 10
			}
			fmt.Println("got it")
		case <-told:
			return status
		}
	}
}

// script is a command line that is a shell script.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

// The exit status, the input and both outputs are those of the command line.
func TestCommand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		script string
		status int
		stdout string
	}{
		"done":      {`echo "$@"`, 0, "plan -out x\n"},
		"changes":   {`exit 2`, 2, ""},
		"input":     {`cat; echo "$NAME" >&2`, 0, "yes"},
		"killed":    {`kill -9 $$`, 128 + 9, ""},
		"directory": {`pwd`, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			command := Command{
				Tool: script(t, tt.script), Args: []string{"plan", "-out", "x"}, Dir: t.TempDir(),
				Env:   Environment(os.Environ(), cloud.Variable{Name: "NAME", Value: "value"}),
				Stdin: strings.NewReader("yes"), Stdout: &stdout, Stderr: &stderr,
			}
			status, err := command.Run(t.Context(), nil)
			if err != nil || status != tt.status {
				t.Errorf("got status %d, %v, want %d", status, err, tt.status)
			}
			want := tt.stdout
			if name == "directory" {
				want = command.Dir + "\n"
			}
			if stdout.String() != want {
				t.Errorf("got %q on standard output, want %q", &stdout, want)
			}
			if name == "input" && stderr.String() != "value\n" {
				t.Errorf("got %q on standard error, want the variable", &stderr)
			}
		})
	}
}

// A signal reaches the command line once, and it decides what becomes of it.
func TestCommandIsSignalled(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		signal os.Signal
		want   int
	}{
		"interrupted": {os.Interrupt, 10},
		"terminated":  {syscall.SIGTERM, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, write := io.Pipe()
			read, out := io.Pipe()
			signals := make(chan os.Signal, 1)
			type result struct {
				status int
				err    error
			}
			ended := make(chan result, 1)
			go func() {
				status, err := Command{
					Tool: os.Args[0], Env: append(os.Environ(), role+"=tool"), Stdin: in, Stdout: out,
				}.Run(t.Context(), signals)
				ended <- result{status, err}
			}()
			lines := bufio.NewReader(read)
			for _, step := range []func(){
				func() { signals <- tt.signal },
				func() { _, _ = io.WriteString(write, "end\n"); _ = write.Close() },
			} {
				if _, err := lines.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
				step()
			}
			if got := <-ended; got.err != nil || got.status != tt.want {
				t.Errorf("got status %d, %v, want %d", got.status, got.err, tt.want)
			}
		})
	}
}

// The last variable of a name wins, and no older one is left.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	got := Environment([]string{"A=1", "B=2", "A=3"}, cloud.Variable{Name: "A", Value: "4"})
	if diff := cmp.Diff([]string{"B=2", "A=4"}, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestWorkingDir(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                       ".",
		"apply -chdir=b":         ".",
		"-chdir=a/b apply":       "a/b",
		"-version -chdir=c plan": "c",
	} {
		if got := WorkingDir(strings.Fields(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
