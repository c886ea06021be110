package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/server"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	soon  = 50 * time.Millisecond
	limit = 30 * time.Second // for what happens soon, on a busy machine
)

// running is a server in this process.
type running struct {
	address string
	log     apitest.Output
	stop    func() error // waits for the end and returns what Run does
}

func start(t *testing.T, timeouts server.Timeouts) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s, ready, ended := &running{}, make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, server.Config{
			Document: understudy.Document,
			Control:  understudy.ControlDocument,
			Listen:   "127.0.0.1:0", DatabaseURL: pgtest.New(t), CapPolicy: engine.PolicyQueue,
			APIKey: "key", APISecretKey: "secret", Timeouts: timeouts,
			Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
			Banner: func(r server.Ready) { ready <- r.URL },
		})
		close(ended)
	}()
	s.stop = func() error {
		cancel()
		return <-ended // nil when it was asked before
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	select {
	case text := <-ready:
		base, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s.address = base.Host
	case err := <-ended:
		t.Fatalf("Run: %v", err)
	}
	return s
}

// send opens a connection, on which nothing waits longer than the limit, and sends
// a request or a part of one.
func (s *running) send(t *testing.T, request string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	err = conn.SetDeadline(time.Now().Add(limit))
	if err == nil {
		_, err = conn.Write([]byte(strings.ReplaceAll(request, "\n", "\r\n")))
	}
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// half is a request whose body does not come to its end.
const half = "POST /v1/subscriptions HTTP/1.1\nHost: localhost\nX-Api-Key: key\nX-Api-Secret-Key: secret\n" +
	"Content-Type: application/json\nContent-Length: 100\n\n{"

// A client that does not finish its header is cut off.
func TestHeaderTimeout(t *testing.T) {
	t.Parallel()
	conn := start(t, server.Timeouts{Header: soon}).send(t, "GET /v1/ HTTP/1.1\nHost: localhost\nX-")
	if got, err := io.ReadAll(conn); err != nil {
		t.Errorf("not cut off: %v, got %q", err, got)
	}
}

// A client that does not finish its body is told so, and cut off.
func TestBodyTimeout(t *testing.T) {
	t.Parallel()
	reader := bufio.NewReader(start(t, server.Timeouts{Body: soon}).send(t, half))
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body struct{ Message string }
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil || res.StatusCode != http.StatusRequestTimeout ||
		!strings.Contains(body.Message, "in time") {
		t.Errorf("got %s %+v, %v; want 408", res.Status, body, err)
	}
	if rest, err := io.ReadAll(reader); err != nil {
		t.Errorf("not cut off: %v, got %q", err, rest)
	}
}

// A client that does not read its answers is cut off: it asks for more of them
// until it cannot.
func TestWriteTimeout(t *testing.T) {
	t.Parallel()
	conn := start(t, server.Timeouts{Write: soon}).send(t, "")
	var err error
	for err == nil {
		_, err = conn.Write([]byte("GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("not cut off: %v", err)
	}
}

// A client that sends no further request is cut off.
func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	reader := bufio.NewReader(start(t, server.Timeouts{Idle: soon}).send(t, "GET /healthz HTTP/1.1\nHost: localhost\n\n"))
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Close {
		t.Errorf("got %s, want 200 and to be kept", res.Status)
	}
	if rest, err := io.ReadAll(reader); err != nil {
		t.Errorf("not cut off: %v, got %q", err, rest)
	}
}

// A stop waits for requests in hand, but not for ever: that a client does not come
// to its end is no failure of the server.
func TestStopTimeout(t *testing.T) {
	t.Parallel()
	s := start(t, server.Timeouts{Stop: soon})
	conn := s.send(t, strings.Replace(half, "Host: localhost\n", "Host: localhost\nExpect: 100-continue\n", 1))
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil { // 100: it is in hand
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if log := s.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "cut off") {
		t.Errorf("nothing is said of the request that was cut off:\n%s", log)
	}
}

// To be stopped before it was ready is no failure, whatever the start was at.
func TestStopDuringTheStart(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE server_secret`); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, server.Config{
			Document: understudy.Document,
			Control:  understudy.ControlDocument,
			Listen:   "127.0.0.1:0", DatabaseURL: database, CapPolicy: engine.PolicyQueue, APIKey: "key", APISecretKey: "secret",
		})
	}()
	apitest.Eventually(t, "the start waits for the secret", func() bool {
		var waits bool
		err := conn.QueryRow(t.Context(),
			`SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'server_secret'::regclass AND NOT granted)`).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
		return waits
	})
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
