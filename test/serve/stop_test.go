package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// SIGTERM under load ends the server in good order, and soon: whoever got an
// answer got 202, and every task that was acknowledged is there after the next
// start and ends well.
func TestTerminatedUnderLoad(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{})
	var mu sync.Mutex
	var tasks []string
	enough := make(chan struct{})
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Go(func() {
			for i := 0; ; i++ {
				got, err := s.Send(context.Background(), http.MethodPost, "/subscriptions",
					subscriptionBody(fmt.Sprintf("%d-%d", client, i)))
				if err != nil {
					return // no longer there
				}
				var task servetest.Task
				if err := json.Unmarshal(got.Body, &task); err != nil || got.Status != http.StatusAccepted {
					t.Errorf("got %d %s, want 202", got.Status, got.Body)
					return
				}
				mu.Lock()
				if tasks = append(tasks, task.ID); len(tasks) == 40 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	start := time.Now()
	before := postmaster(t, s.Dir)
	s.Stop() // with exit status 0
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the stop took %v", took)
	}
	wantGone(t, s.Dir, before)
	clients.Wait()
	s.Restart("UNDERSTUDY_SPEED=0")
	for _, id := range tasks {
		if task := s.Task(id); task.Status != "processing-completed" {
			t.Errorf("acknowledged task %s: %+v", id, task)
		}
	}
}

// Ctrl-C in a terminal signals the whole process group. The server stops its
// Postgres itself, in good order, and ends with status 0.
func TestInterruptedInATerminal(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	data, file := filepath.Join(home, "data"), filepath.Join(home, "ready.json")
	cmd := exec.Command(servetest.Binary(t), "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--ready-file", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := launchCmd(t, cmd, nil)
	ready := p.ready(file)
	ready.ask(t, http.MethodPost, "/subscriptions", subscriptionBody("one"))
	pid := postmaster(t, data)
	if pid == 0 {
		t.Fatal("there is no private Postgres")
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if status := p.wait(); status != 0 {
		t.Errorf("ended with status %d", status)
	}
	wantGone(t, data, pid)
	log := p.stderr.String()
	if strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") || !strings.Contains(log, "stopping") {
		t.Errorf("the log of a good stop:\n%s", log)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the ready file is still there (%v)", err)
	}
}

// A request that waits for the end of a task is answered before the server
// stops.
func TestStopWithHeldRequest(t *testing.T) {
	t.Parallel()
	args := []string{"--database-url", pgtest.New(t), "--speed", "0.001", "--task-hold", "2s"}
	s := servetest.Start(t, servetest.Options{Args: args})
	status, _, body := s.Do(http.MethodPost, "/subscriptions", subscriptionBody("one"))
	var task servetest.Task
	if err := json.Unmarshal(body, &task); err != nil || status != http.StatusAccepted {
		t.Fatalf("got %d %s", status, body)
	}
	s.Until("/tasks", func(_ int, body []byte) bool { return bytes.Contains(body, []byte("processing-in-progress")) })
	// Each on a connection of its own: a stop may close one that was idle before it sees the next request on it.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(ctx context.Context, path string) (status int, body []byte, err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
		if err != nil {
			return 0, nil, err
		}
		req.Header.Set("X-Api-Key", s.APIKey)
		req.Header.Set("X-Api-Secret-Key", s.SecretKey)
		res, err := client.Do(req)
		if err != nil {
			return 0, nil, err
		}
		defer res.Body.Close()
		body, err = io.ReadAll(res.Body)
		return res.StatusCode, body, err
	}
	sent, answered := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(answered)
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) },
		})
		status, body, err := get(ctx, "/tasks/"+task.ID)
		if err != nil || status != http.StatusOK || !bytes.Contains(body, []byte("processing-in-progress")) {
			t.Errorf("the held request: got %d %s, %v", status, body, err)
		}
	}()
	<-sent
	// A later connection is answered, so the server has taken on the one before.
	if status, body, err := get(t.Context(), "/tasks"); err != nil || status != http.StatusOK {
		t.Errorf("the next request: got %d %s, %v", status, body, err)
	}
	s.Stop()
	<-answered
}

// Who does not want to wait for the end of a stop signals again: that ends the
// server at once, and its Postgres with it.
func TestInterruptedTwice(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	data, file := filepath.Join(home, "data"), filepath.Join(home, "ready.json")
	p := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--ready-file", file)
	ready := p.ready(file)
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(ready.URL, "http://"), "/v1"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// In hand until its body comes, which holds up the stop.
	const head = "POST /v1/subscriptions HTTP/1.1\r\nHost: slow\r\nX-Api-Key: %s\r\nX-Api-Secret-Key: %s\r\n" +
		"Expect: 100-continue\r\nContent-Length: 100\r\n\r\n"
	if _, err := fmt.Fprintf(conn, head, ready.APIKey, ready.APISecretKey); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	pid := postmaster(t, data)
	start := time.Now()
	p.signal(syscall.SIGINT)
	p.until("it is stopping", func() bool { return strings.Contains(p.stderr.String(), "stopping") })
	ended := func() bool {
		select {
		case <-p.done:
			return true
		default:
			p.signal(syscall.SIGINT)
			return false
		}
	}
	apitest.Eventually(t, "it ends", ended)
	if took := time.Since(start); p.wait() != -1 || took > 10*time.Second {
		t.Errorf("ended with status %d after %v, want by the signal and at once", p.wait(), took)
	}
	apitest.Eventually(t, "Postgres is gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

// A server that is stopped while it starts ends with status 0 as well, and leaves
// no Postgres behind.
func TestStoppedWhileStarting(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	for name, sign := range map[string]string{"initdb": "postgres.tmp*", "postgres": "postgres/postmaster.pid"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(home, name)
			p := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", data)
			p.until("it has begun", func() bool {
				found, err := filepath.Glob(filepath.Join(data, sign))
				return err == nil && len(found) > 0
			})
			pid := postmaster(t, data)
			p.signal(syscall.SIGTERM)
			if status := p.wait(); status != 0 || strings.Contains(p.stderr.String(), "understudy:") {
				t.Errorf("ended with status %d and %s", status, &p.stderr)
			}
			wantGone(t, data, pid)
			again := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--ready-file", data+".json")
			again.ready(data + ".json")
		})
	}
}

// A client that does not finish its header is cut off.
func TestHeaderTimeout(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{Args: []string{"--database-url", pgtest.New(t)}})
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.URL, "http://"), "/v1"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET /v1/ HTTP/1.1\r\nHost: slow\r\nX-")); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := got.ReadFrom(conn); err != nil {
		t.Errorf("not cut off after %v: %v, got %q", limit, err, &got)
	}
	if s.Stop(); t.Failed() {
		t.Log("a client that sends nothing more holds up the stop")
	}
}
