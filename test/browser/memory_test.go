package browser

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// An hour of an account that is never idle takes no memory that stays, neither in the page that shows it nor in the
// server. The hour is the account's: its clock stands still but for the steps that it is told to take, of two minutes,
// in which tasks are asked for, polled, processed and failing, and resources are provisioned. The page has shown each
// step before the next one.
func TestMemoryStaysFlat(t *testing.T) {
	t.Parallel()
	s := serve(t, "--speed", "1", "--journal", "30", "--pprof")
	s.freeze()
	b := openTab(t, s.base)
	b.open("/ui/?account=" + demo)
	b.untilLive()
	eval[bool](b, mark)
	const step = 2 * time.Minute
	n, happened := 0, 0
	pass := func(d time.Duration) {
		for range d / step {
			if n%3 == 0 { // of which at most three are made at once
				s.subscribe(fmt.Sprintf("number-%d", n))
			}
			for i := range 3 {
				database := map[string]any{"name": fmt.Sprintf("cache-%d-%d", n, i), "datasetSizeInGb": 1}
				task := s.ask(http.MethodPost, "/subscriptions/100001/databases", database)
				s.Do(http.MethodGet, "/tasks/"+task, nil)
			}
			passed := call(s, control.AdvanceClock, control.ClockAdvance{
				AccountPath: control.AccountPath{Account: demo}, Advance: sandbox.Advance{By: step.String()},
			})
			b.until("the step is shown", fmt.Sprintf(`document.querySelector(".lane .clock time")?.dataset.clock == "%d"`,
				passed.Clock.Now.UnixMilli()))
			n++
			happened += passed.Count
		}
	}
	pass(10 * time.Minute)
	before, serverBefore := b.uses(), s.heap()
	happened = 0
	pass(time.Hour)
	after, serverAfter := b.uses(), s.heap()
	b.wantSamePage()
	t.Logf("after ten minutes: the page %+v, the server %d bytes; after an hour more %+v, %d; %d things happened",
		before, serverBefore, after, serverAfter, happened)
	if happened < 100 {
		t.Errorf("only %d things happened within the hour", happened)
	}
	// Steps that leaked what they changed in the page, hundreds of elements each, would leave ten times as many.
	if after.heap > before.heap+1<<20 || after.nodes > before.nodes+1000 || after.listeners > before.listeners+50 {
		t.Errorf("the page takes %+v, and after an hour %+v", before, after)
	}
	if serverAfter > serverBefore+2<<20 {
		t.Errorf("the server takes %d bytes, and after an hour %d", serverBefore, serverAfter)
	}
}

// heap is what the server has allocated that cannot be freed.
func (s *server) heap() (bytes int) {
	s.t.Helper()
	const name = "# HeapAlloc = "
	for line := range strings.Lines(string(s.fetch("/debug/pprof/heap?debug=1&gc=1"))) {
		if text, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				s.t.Fatal(err)
			}
			return n
		}
	}
	s.t.Fatalf("the profile has no %q", name)
	return 0
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
