package browser

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// An hour of a page on which everything changes all the time takes no more memory than its first minutes: what is
// streamed within an hour comes as fast as the browser takes it.
func TestMemoryStaysFlat(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.world()
	const path = "/ui/?account=" + demo
	one := s.streamed(path)
	s.advance(sandbox.Advance{Idle: true})
	other := s.streamed(path)
	if bytes.Equal(one, other) {
		t.Fatal("the page has not changed")
	}
	events := make(chan []byte)
	b := openTab(t, s.playing(events))
	b.open(path)
	b.untilLive()
	n := 0
	play := func(times int) {
		for range times {
			n++
			text := [][]byte{one, other}[n%2]
			events <- append(text, fmt.Sprintf("event: lanes\ndata: <b id=\"n\">%d</b>\n\n", n)...)
			if n%50 == 0 { // no faster than it is shown
				b.until("it is shown", fmt.Sprintf(`document.querySelector("#n")?.textContent == "%d"`, n))
			}
		}
	}
	const changes = 3600 // one a second
	play(500)
	before := b.uses()
	play(changes)
	after := b.uses()
	t.Logf("%+v, and after %d changes %+v", before, changes, after)
	// Elements of the latest changes, some hundreds each, may still wait to be collected. A change that leaked its own
	// would have left ten times as many as are let pass here.
	if after.heap > before.heap+1<<20 || after.nodes > before.nodes+20*changes || after.listeners > before.listeners+50 {
		t.Errorf("the page takes %+v, and after %d changes %+v", before, changes, after)
	}
}

// streamed is what the stream of a page sends at first.
func (s *server) streamed(path string) []byte {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var text []byte
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		text = append(append(text, lines.Bytes()...), '\n')
		if bytes.HasSuffix(text, []byte("\n\n")) && bytes.Contains(text, []byte("event: beat")) {
			return text
		}
	}
	s.t.Fatalf("the stream of %s ends: %s", path, text)
	return nil
}

// playing is the server but for its streams, which send what comes through a channel.
func (s *server) playing(events <-chan []byte) (base string) {
	s.t.Helper()
	to, err := url.Parse(s.base)
	if err != nil {
		s.t.Fatal(err)
	}
	pages := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream") {
			pages.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		control := http.NewResponseController(w)
		for {
			if control.Flush() != nil {
				return
			}
			select {
			case text := <-events:
				_, _ = w.Write(text) // the next flush says so
			case <-r.Context().Done():
				return
			}
		}
	}))
	s.t.Cleanup(front.CloseClientConnections)
	s.t.Cleanup(front.Close)
	return front.URL
}

// usage is what a page takes.
type usage struct {
	heap             int // bytes
	nodes, listeners int
}

// uses is what the page takes that cannot be freed.
func (b *tab) uses() (u usage) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for range 5 { // what one collection frees keeps other things alive
			if _, err := cdp.Call(ctx, t, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
				return err
			}
		}
		heap, err := cdp.Call(ctx, t, runtime.GetHeapUsage, cdp.Empty{})
		if err != nil {
			return err
		}
		counters, err := cdp.Call(ctx, t, memory.GetDOMCounters, cdp.Empty{})
		u = usage{int(heap.UsedSize), int(counters.Nodes), int(counters.JsEventListeners)}
		return err
	}))
	return u
}
