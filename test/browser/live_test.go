package browser

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// untilLive waits until the page says of itself that it is live.
func (b *tab) untilLive() { b.t.Helper(); b.untilIs("on") }

// untilIs waits until the page says that it is live in a way.
func (b *tab) untilIs(live string) {
	b.t.Helper()
	b.until("the page is "+live, `document.querySelector("#freshness").dataset.live == "`+live+`"`)
}

// streams is how often the page has asked for a stream: what it asks for again and again is its own URL.
func (b *tab) streams(path string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.asked {
		if strings.HasPrefix(strings.TrimPrefix(url, b.base), path) {
			n++
		}
	}
	return n - 1 // the page itself
}

// Who was cut off comes again, and has missed nothing.
func TestReconnectsWithoutAGap(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.freeze()
	network := lineTo(t, s)
	b := openTab(t, network.base)
	b.excuse("ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")
	b.open("/ui/tasks?account=" + demo)
	b.untilLive()
	eval[bool](b, mark)
	network.cut()
	b.untilIs("lost")
	task := s.subscribe("unseen")
	s.advance(sandbox.Advance{Task: task})
	b.until("the page shows what happened meanwhile", row(task, "done"))
	b.untilLive()
	b.wantSamePage()
}

// A page that is paused stays as it is, and then catches up.
func TestPause(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.freeze()
	b := openTab(t, s.base)
	b.open("/ui/tasks?account=" + demo)
	b.untilLive()
	b.click("#pause")
	b.untilIs("paused")
	task := s.subscribe("meanwhile")
	other := openTab(t, s.base) // which is not paused, and tells when there is something to see
	other.open("/ui/tasks?account=" + demo)
	other.until("another page shows it", row(task, "running"))
	if eval[bool](b, row(task, "running")) {
		t.Error("a page that is paused goes on")
	}
	b.click("#pause")
	b.until("the page has caught up", row(task, "running"))
	b.untilLive()
}

// Nobody looks at a hidden tab: it asks for nothing, and catches up when it is seen again.
func TestHiddenTabWaits(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.freeze()
	b := openTab(t, s.base)
	const path = "/ui/tasks?account=" + demo
	b.open(path)
	b.untilLive()
	b.window(browser.WindowStateMinimized)
	b.untilIs("hidden")
	task := s.subscribe("unseen")
	s.advance(sandbox.Advance{Task: task})
	other := openTab(t, s.base)
	other.open(path)
	other.until("another page shows it", row(task, "done"))
	if n := b.streams(path); n != 1 || eval[bool](b, row(task, "done")) {
		t.Errorf("a hidden page has asked for %d streams, want the first one alone", n)
	}
	b.window(browser.WindowStateNormal)
	b.until("the page has caught up", row(task, "done"))
	b.untilLive()
}

// window does something to the window of the tab.
func (b *tab) window(state browser.WindowState) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		found, err := chromedp.Call(ctx, browser.GetWindowForTarget, browser.GetWindowForTargetParams{})
		if err != nil {
			return err
		}
		_, err = chromedp.CallBrowser(ctx, browser.SetWindowBounds, browser.SetWindowBoundsParams{
			WindowID: found.WindowID, Bounds: &browser.Bounds{WindowState: state},
		})
		return err
	}))
}
