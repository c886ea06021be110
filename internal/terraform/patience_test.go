package terraform

import (
	"bufio"
	"context"
	"io"
	"os"
	"testing"
	"time"
)

// What does not end when it is interrupted is killed after its time, with all that it started.
func TestPatience(t *testing.T) {
	t.Parallel()
	said, says, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	if err := said.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := Command{
			Tool: "/bin/sh", Args: []string{"-c", `trap "" INT; (echo begun; sleep 600) & wait; sleep 600`}, Stdout: says,
			Patience: 50 * time.Millisecond,
		}.Run(ctx, nil)
		_ = says.Close() // the others have it as long as they live
		ended <- err
	}()
	lines := bufio.NewReader(said)
	if line, err := lines.ReadString('\n'); err != nil || line != "begun\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 { // until nobody has it
		t.Errorf("got %q, %v", rest, err)
	}
}
