package crash

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// witness follows the events of the demo account over servers that are killed: as a stream, that is cut off at random
// and goes on at any server, and as a receiver of webhooks, which fails now and then.
type witness struct {
	tb      testing.TB
	servers []atomic.Pointer[string] // where each is now, without /v1
	last    atomic.Int64             // number of the last event of the stream
	stop    context.CancelFunc
	ended   chan struct{}

	hook   *httptest.Server
	secret string
	mu     sync.Mutex
	took   int64         // number of the last event that the receiver took
	failed int           // how often it failed
	more   chan struct{} // closed and replaced at every event
}

// watch makes a witness. Who restarts a server says so by moved.
func watch(tb testing.TB, servers []*servetest.Server) *witness {
	tb.Helper()
	w := &witness{
		tb: tb, servers: make([]atomic.Pointer[string], len(servers)), ended: make(chan struct{}), more: make(chan struct{}),
	}
	for i, s := range servers {
		w.moved(i, s)
	}
	w.hook = httptest.NewServer(http.HandlerFunc(w.receive))
	tb.Cleanup(w.hook.Close)
	hook, err := control.CreateWebhook.Call(tb.Context(), controls(tb, servers[0]), control.NewWebhook{
		Account: "Demo", NewWebhook: sandbox.NewWebhook{URL: w.hook.URL},
	})
	if err != nil {
		tb.Fatal(err)
	}
	w.mu.Lock()
	w.secret = hook.Secret
	w.mu.Unlock()
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	tb.Cleanup(w.stop)
	go func() {
		defer close(w.ended)
		for ctx.Err() == nil {
			w.follow(ctx, *w.servers[rand.IntN(len(servers))].Load(), rand.IntN(60))
		}
	}()
	return w
}

// moved says where a server is now.
func (w *witness) moved(i int, s *servetest.Server) {
	w.servers[i].Store(new(strings.TrimSuffix(s.URL, "/v1")))
}

// follow reads so many events and hangs up, or until the server is gone.
func (w *witness) follow(ctx context.Context, url string, most int) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_sandbox/v1/accounts/Demo/events/stream", nil)
	if err != nil {
		w.tb.Error(err)
		return
	}
	req.Header.Set("Last-Event-ID", strconv.FormatInt(w.last.Load(), 10))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return // it is being killed
	}
	defer func() { _ = res.Body.Close() }() // it is cut off
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body)
		w.tb.Errorf("the stream is answered %s %s", res.Status, body)
		return
	}
	for lines := bufio.NewScanner(res.Body); most > 0 && lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e sandbox.Transition
		if json.Unmarshal([]byte(data), &e) != nil || e.Seq == 0 {
			continue // cut off in the middle, or where it stands
		}
		if !w.last.CompareAndSwap(e.Seq-1, e.Seq) {
			w.tb.Errorf("event %d of the stream follows %d", e.Seq, w.last.Load())
			w.last.Store(e.Seq)
		}
		most--
		w.tell()
	}
}

// receive takes a webhook, but for every five hundredth at first.
func (w *witness) receive(out http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the server was killed
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	id := req.Header.Get("Webhook-Id")
	at, _ := strconv.ParseInt(req.Header.Get("Webhook-Timestamp"), 10, 64)
	signature, err := sandbox.Sign(w.secret, id, time.Unix(at, 0), body)
	if err != nil || signature != req.Header.Get("Webhook-Signature") {
		w.tb.Errorf("the signature of %s is %q, want %q, %v", id, req.Header.Get("Webhook-Signature"), signature, err)
	}
	var message struct{ Data sandbox.Transition }
	if err := json.Unmarshal(body, &message); err != nil {
		w.tb.Errorf("the message %s: %v", body, err)
	}
	switch seq := message.Data.Seq; {
	case seq == w.took+1 && seq%500 == 0 && w.failed < int(seq/500):
		w.failed++
		out.WriteHeader(http.StatusServiceUnavailable)
		return
	case seq == w.took+1:
		w.took = seq
	case seq != w.took: // one that was taken, but not noted by a killed server, comes again
		w.tb.Errorf("event %d is delivered after %d", seq, w.took)
	}
	close(w.more)
	w.more = make(chan struct{})
}

// tell wakes who waits in until.
func (w *witness) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.more)
	w.more = make(chan struct{})
}

// until waits until all events up to one have come, both ways.
func (w *witness) until(seq int64) {
	w.tb.Helper()
	for {
		w.mu.Lock()
		took, failed, more := w.took, w.failed, w.more
		w.mu.Unlock()
		if took >= seq && w.last.Load() >= seq {
			w.tb.Logf("%d events, and %d failures of the receiver", seq, failed)
			break
		}
		select {
		case <-more:
		case <-time.After(time.Minute):
			w.tb.Fatalf("nothing comes any more after event %d of the stream and %d of the webhook, of %d",
				w.last.Load(), took, seq)
		}
	}
	w.stop()
	<-w.ended
}

// newest is the number of the last event of the demo account.
func newest(tb testing.TB, s *servetest.Server) (seq int64) {
	tb.Helper()
	for {
		list, err := control.ListEvents.Call(tb.Context(), controls(tb, s), control.EventList{
			Account: "Demo", After: seq, Limit: 1000,
		})
		if err != nil {
			tb.Fatal(err)
		}
		if len(list.Events) == 0 {
			return seq
		}
		seq = list.Events[len(list.Events)-1].Seq
	}
}
