package dashboard_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// A stream begins with all parts, and goes on with those that change.
func TestStreamSendsWhatChanges(t *testing.T) {
	t.Parallel()
	f := slow(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s := f.stream(ctx, "/ui/tasks?account=1000")
	if first := s.next(); !strings.Contains(first["list"], "No task yet") || s.id == "" {
		t.Fatalf("it begins with %v", first)
	}
	task := f.create()
	s.until("list", task)
	seen := s.id
	stop()

	// Who was cut off is sent what is so by then, and nothing where that is the same.
	again := f.stream(t.Context(), "/ui/tasks?account=1000", "Last-Event-ID", seen)
	f.pass(sandbox.Advance{Task: task})
	again.until("list", `data-status="done"`)
	third := f.stream(t.Context(), "/ui/tasks?account=1000", "Last-Event-ID", again.id)
	if first := third.next(); len(first) != 0 {
		t.Errorf("it is sent %v, which it has seen", first)
	}
}

// events is a stream as it is read.
type events struct {
	t     *testing.T
	lines *bufio.Scanner
	id    string
}

func (f *fixture) stream(ctx context.Context, path string, headers ...string) *events {
	f.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.Address()+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := f.client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = res.Body.Close() })
	return &events{t: f.t, lines: bufio.NewScanner(res.Body)}
}

// until reads until a part has a text.
func (e *events) until(part, text string) {
	e.t.Helper()
	for {
		if strings.Contains(e.next()[part], text) {
			return
		}
	}
}

// next reads up to the next beat, and returns the parts before it.
func (e *events) next() map[string]string {
	e.t.Helper()
	parts, name, text := map[string]string{}, "", ""
	for e.lines.Scan() {
		field, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch field {
		case "id":
			e.id = value
		case "event":
			name = value
		case "data":
			text += value + "\n"
		case "":
			if name == "beat" {
				return parts
			}
			parts[name], name, text = text, "", ""
		}
	}
	e.t.Fatalf("the stream ended: %v", e.lines.Err())
	return nil
}

// What did not change is not sent again.
func TestStreamLeavesOutWhatIsTheSame(t *testing.T) {
	t.Parallel()
	f := slow(t)
	s := f.stream(t.Context(), "/ui/?account=1000")
	if first := s.next(); len(first) != 3 {
		t.Fatalf("it begins with %v", first)
	}
	if _, err := f.Sandbox.ArmFault(t.Context(), sandbox.NewFault{Preset: "flaky-5xx"}); err != nil {
		t.Fatal(err)
	}
	var parts map[string]string
	for len(parts) == 0 {
		parts = s.next()
	}
	if !strings.Contains(parts["ahead"], "flaky-5xx") || parts["recent"] != "" {
		t.Errorf("got %v", parts)
	}
}

// A stream of what cannot be shown is answered as the page is, and not begun.
func TestStreamOfNothing(t *testing.T) {
	t.Parallel()
	f := start(t)
	for path, want := range map[string]int{
		"/ui/tasks/00000000-0000-4000-8000-000000000000": http.StatusNotFound,
		"/ui/tasks?account=nobody":                       http.StatusNotFound,
	} {
		got := f.do(http.MethodGet, path, "", "Accept", "text/event-stream")
		if media := got.header.Get("Content-Type"); got.status != want || !strings.HasPrefix(media, "text/html") {
			t.Errorf("%s: got %d %s, want %d as a page", path, got.status, media, want)
		}
	}
}
