package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// baseline is a running program that the product is measured against.
type baseline struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	addr  string // where it listens, or what else it says when it is ready
}

// startBaseline starts one. It says a line when it is ready, and ends with its input.
func startBaseline(binary string, args ...string) (*baseline, error) {
	cmd := exec.Command(binary, args...) //nolint:noctx // it ends with its input
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the baseline: %w", err)
	}
	b := &baseline{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the baseline is not ready: %w", err), b.stop())
	}
	b.addr = strings.TrimSpace(line)
	return b, nil
}

func (b *baseline) pid() int { return b.cmd.Process.Pid }

// begin tells a baseline that waits for it.
func (b *baseline) begin() error {
	_, err := fmt.Fprintln(b.stdin)
	return err
}

func (b *baseline) stop() error {
	_ = b.stdin.Close()
	return b.cmd.Wait()
}
