package browser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// limit bounds whatever a page is waited for, on a busy machine.
const limit = 30 * time.Second

// tab is a tab of Chromium with a profile of its own, as it is after all that it was told to wait for.
type tab struct {
	t    testing.TB
	ctx  context.Context
	base string // of the server: http://host:port

	mu       sync.Mutex
	problems []string         // that the pages had
	excused  []*regexp.Regexp // of them
	asked    []string         // URLs, in their order
}

// openTab opens a tab for the pages of a server. When the test is over it is closed, and fails the test for what its
// pages did wrong.
func openTab(t testing.TB, base string) *tab {
	t.Helper()
	shared, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	t.ArtifactDir() // is to be there longer than the tab
	b := &tab{t: t, base: base}
	ctx, closeTab := chromedp.NewContext(shared, chromedp.WithNewBrowserContext())
	b.ctx = ctx
	t.Cleanup(func() {
		if t.Failed() {
			b.keep("failed.png", chromedp.CaptureScreenshot())
		}
		closeTab()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, problem := range b.problems {
			if !slices.ContainsFunc(b.excused, func(e *regexp.Regexp) bool { return e.MatchString(problem) }) {
				t.Error("a page: " + problem)
			}
		}
	})
	if err := chromedp.Listen(ctx, b.heard); err != nil {
		t.Fatal(err)
	}
	return b
}

// heard takes note of what a page says and asks for.
func (b *tab) heard(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if slices.Contains([]string{"error", "warning", "assert"}, string(e.Type)) {
			var words []string
			for _, arg := range e.Args {
				words = append(words, string(arg.Value)+arg.Description)
				if arg.Preview != nil {
					for _, p := range arg.Preview.Properties {
						words = append(words, p.Name+"="+p.Value)
					}
				}
			}
			b.problems = append(b.problems, fmt.Sprintf("console.%s: %s", e.Type, strings.Join(words, " ")))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		b.problems = append(b.problems, "exception: "+text)
	case *log.EventEntryAdded: // what is against the content security policy, too
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.problems = append(b.problems,
				fmt.Sprintf("%s %s: %s (%s)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, e.Request.URL)
		if to, err := url.Parse(e.Request.URL); err != nil || to.Scheme+"://"+to.Host != b.base && to.Scheme != "data" {
			b.problems = append(b.problems, "asks another host: "+e.Request.URL)
		}
	}
}

// excuse lets pages have a problem that the test is about.
func (b *tab) excuse(pattern string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.excused = append(b.excused, regexp.MustCompile(pattern))
}

// do does something in the tab. What waits for an element is in this, too.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for i, action := range actions {
		if err := bounded(b.ctx, func(ctx context.Context) error { return chromedp.Do(ctx, action) }); err != nil {
			b.t.Fatalf("action %d: %v", i, err)
		}
	}
}

// replaced reports whether an element was found, and gone when it was to be used.
func replaced(err error) bool {
	const serverError = -32000
	gone, ok := errors.AsType[*cdproto.Error](err)
	return ok && gone.Code == serverError && strings.Contains(gone.Message, "Could not find node")
}

// bounded does something in its time, and again where an answer to what was done before has put another element in the
// place of the one that was found.
func bounded(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if err := do(ctx); !replaced(err) || ctx.Err() != nil {
			return err
		}
	}
}

// value returns what an action finds in the tab.
func value[T any](b *tab, action chromedp.Action[T]) (v T) {
	b.t.Helper()
	err := bounded(b.ctx, func(ctx context.Context) (err error) {
		v, err = chromedp.Run(ctx, action)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// eval returns what an expression is in the page.
func eval[T any](b *tab, js string) T {
	b.t.Helper()
	return value(b, chromedp.Evaluate[T](js))
}

// open goes to a page of the server.
func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

// until waits until an expression is true in the page, also where that page is yet to come.
func (b *tab) until(what, js string) {
	b.t.Helper()
	err := bounded(b.ctx, func(ctx context.Context) error {
		for {
			poll := chromedp.Poll[chromedp.Void](js, chromedp.WithPollingInterval(20*time.Millisecond),
				chromedp.WithPollingTimeout(limit))
			err := chromedp.Do(ctx, poll)
			if err == nil || errors.Is(err, chromedp.ErrPollingTimeout) || ctx.Err() != nil {
				return err
			}
			// Else the page went away meanwhile.
			if err := chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS("body"))); err != nil {
				return err
			}
		}
	})
	if err != nil {
		text := eval[string](b, "document.body?.innerText ?? ''")
		b.t.Fatalf("not so after %v: %s (%v)\n%s", limit, what, err, text)
	}
}

// untilSays waits until an element has a text in it.
func (b *tab) untilSays(selector, text string) {
	b.t.Helper()
	b.until(selector+" says "+text, fmt.Sprintf("[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))",
		selector, text))
}

// click clicks on what a selector finds, once it is there, and waits until the page shows what that came to.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
	b.until("the click is answered", `!document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")`)
}

// submit clicks on what leads to another page, and waits for that.
func (b *tab) submit(selector string) {
	b.t.Helper()
	err := bounded(b.ctx, func(ctx context.Context) error {
		_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
		return err
	})
	if err != nil {
		b.t.Fatalf("click on %s: %v", selector, err)
	}
}

// scheme is what the user prefers: light or dark, and whether things may move.
func (b *tab) scheme(name string, motion bool) {
	b.t.Helper()
	moves := "no-preference"
	if !motion {
		moves = "reduce"
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: moves},
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// width is how wide the window is.
func (b *tab) width(pixels int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(pixels, 900))
}
