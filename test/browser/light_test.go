package browser

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// The first page is light: what it takes until it is ready is bounded in what can be counted, which is the same on a
// busy machine. How long it takes is measured by BenchmarkFirstPage.
func TestFirstPageIsLight(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.world()
	s.freeze() // a page that nothing changes while it loads
	b := openTab(t, s.base)
	b.measure()
	b.open(firstPage)
	b.untilLive()
	waited, did := b.waitedFor(), b.did()
	did["bytes"] = eval[float64](b, `performance.getEntries().reduce((sum, e) => sum + (e.transferSize || 0), 0)`)
	did["files"] = float64(len(waited))
	for what, most := range map[string]float64{
		"bytes":            100_000,
		"files":            6,         // the page, its style and its scripts
		"Nodes":            3_000,     // it has 1,900
		"LayoutCount":      12,        // it has 4: nothing that its scripts do makes the browser lay it out again
		"RecalcStyleCount": 12,        // it has 5
		"JSHeapUsedSize":   2_500_000, // it has 1,200,000
	} {
		t.Logf("%s: %v", what, did[what])
		if did[what] == 0 || did[what] > most {
			t.Errorf("the first page has %s of %v, want %v at most", what, did[what], most)
		}
	}
	if t.Failed() {
		t.Logf("it waits for %s", strings.Join(waited, " "))
	}
}

// BenchmarkFirstPage tells how soon the first page is ready, by the clock on the wall, and how long its thread has
// computed for it, on a machine that is to be quiet.
func BenchmarkFirstPage(b *testing.B) {
	s := serve(b)
	s.world()
	var ready, computed float64 // ms
	for b.Loop() {
		tab := openTab(b, s.base)
		tab.measure()
		tab.open(firstPage)
		tab.untilLive()
		ready += eval[float64](tab, `performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`)
		computed += tab.did()["TaskDuration"] * 1000
	}
	b.ReportMetric(ready/float64(b.N), "ms-ready")
	b.ReportMetric(computed/float64(b.N), "ms-computed")
}

const firstPage = "/ui/?account=" + demo

// waitedFor are the files that a page loads before it is ready: not its stream, and not the icon.
func (b *tab) waitedFor() (files []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := map[string]bool{}
	for _, url := range b.asked {
		if !seen[url] && !strings.Contains(url, "/icon.svg") && !strings.HasPrefix(url, "data:") {
			files = append(files, url)
		}
		seen[url] = true // what is asked for again is the stream
	}
	return files
}

// measure has the browser count what a page costs it, durations in seconds of the page's own thread.
func (b *tab) measure() {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, performance.Enable, performance.EnableParams{
			TimeDomain: performance.EnableTimeDomainThreadTicks,
		})
		return err
	}))
}

// did is what has been counted, by the browser's names.
func (b *tab) did() map[string]float64 {
	b.t.Helper()
	did := map[string]float64{}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		all, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, m := range all.Metrics {
			did[m.Name] = m.Value
		}
		return nil
	}))
	return did
}
