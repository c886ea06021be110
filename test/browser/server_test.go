package browser

import (
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// demo is the account that every server has.
const demo = "1000"

// server is a started `understudy serve` on a database of its own, with control of it.
type server struct {
	*servetest.Server

	t       testing.TB
	base    string // http://host:port
	control *control.Client
}

func serve(t testing.TB, args ...string) *server {
	t.Helper()
	document, err := compiled.Load(understudy.ControlDocument)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, Server: servetest.Start(t, servetest.Options{
		Args: append([]string{"--database-url", pgtest.New(t)}, args...),
	})}
	s.base = strings.TrimSuffix(s.URL, "/v1")
	s.control = &control.Client{Document: document, URL: s.base}
	return s
}

// call calls an operation of control.
func call[In, Out any](s *server, o control.Operation[In, Out], in In) Out {
	s.t.Helper()
	out, err := o.Call(s.t.Context(), s.control, in)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// freeze has the time of the demo account stand still.
func (s *server) freeze() {
	s.t.Helper()
	call(s, control.SetClock, control.ClockSetting{
		AccountPath: control.AccountPath{Account: demo}, ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockFrozen},
	})
}

// advance lets time of the demo account pass.
func (s *server) advance(to sandbox.Advance) {
	s.t.Helper()
	call(s, control.AdvanceClock, control.ClockAdvance{AccountPath: control.AccountPath{Account: demo}, Advance: to})
}

// subscribe asks for a subscription of a name, and returns the id of its task.
func (s *server) subscribe(name string) string {
	s.t.Helper()
	return s.ask(http.MethodPost, "/subscriptions", servetest.SubscriptionBody(name))
}

// ask asks for a change, and returns the id of its task.
func (s *server) ask(method, path string, body any) string {
	s.t.Helper()
	status, _, text := s.Do(method, path, body)
	_, id, found := strings.Cut(string(text), `"taskId" : "`)
	if status != http.StatusAccepted || !found {
		s.t.Fatalf("%s %s: got %d %s", method, path, status, text)
	}
	id, _, _ = strings.Cut(id, `"`)
	return id
}
