package browser

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// below is where the dashboard of these tests is, two steps down.
const below = "/tools/watch"

// The dashboard works below another path: its files, links, forms and streams are there, and nothing elsewhere.
func TestBelowAPrefix(t *testing.T) {
	t.Parallel()
	s := serve(t, "--ui-prefix", below)
	s.world()
	b := openTab(t, s.base)
	b.do(chromedp.Navigate(s.base)) // leads there
	b.untilSays("h1", "Overview")
	b.crawl(below + "/?account=" + demo)
	b.usePrefixed(s)
}

// So it does where one has to log in, which leads back to where one wanted to be.
func TestBelowAPrefixWithAToken(t *testing.T) {
	t.Parallel()
	const token = "let me in"
	s := serve(t, "--ui-prefix", below, "--expose", "--control-token", token)
	s.control.Token = token
	s.freeze()
	b := openTab(t, s.base)
	b.excuse("status of 401")
	b.open(below + "/clock?account=" + demo)
	b.untilSays("h1", "Log in")
	for _, try := range []struct{ token, heading string }{{"wrong", "Log in"}, {token, "Clock"}} {
		b.do(chromedp.SendKeys(chromedp.CSS("input[name=token]"), try.token+"\r"))
		b.untilSays("h1", try.heading)
	}
	b.usePrefixed(s)
	b.submit(".logout button")
	b.untilSays("h1", "Log in")
	b.open(below + "/tasks")
	b.untilSays("h1", "Log in")
	b.wantBelow()
}

// usePrefixed watches a task by a stream, and lets time pass by a form, with a clock that stands still.
func (b *tab) usePrefixed(s *server) {
	b.t.Helper()
	s.advance(sandbox.Advance{Idle: true}) // nothing else is under way
	b.open(below + "/tasks?account=" + demo)
	b.untilLive()
	eval[bool](b, mark)
	task := s.subscribe("below")
	b.until("the task is there", fmt.Sprintf(`!!document.querySelector('#tasks tr[data-task="%s"]')`, task))
	s.advance(sandbox.Advance{Task: task})
	b.until("the task is done", row(task, "done"))
	b.wantSamePage()
	b.click(fmt.Sprintf(`#tasks tr[data-task="%s"] .main a`, task))
	b.untilSays("h1", "createProSubscription")
	b.click("#advance button")
	b.untilSays("main .s", "active")
	b.open(below + "/requests?account=" + demo)
	b.do(chromedp.SendKeys(chromedp.CSS("input[name=status]"), "202\r"))
	b.until("the list is filtered", `location.search.includes("status=202")`)
	b.wantBelow()
}

// wantBelow holds that the tab has asked for nothing but what is below the prefix, and the root, which leads there.
func (b *tab) wantBelow() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, asked := range b.asked {
		path := strings.TrimPrefix(asked, b.base)
		if path != "/" && !strings.HasPrefix(path, below+"/") && !strings.HasPrefix(asked, "data:") {
			b.t.Errorf("asked for %s, which is not below %s", asked, below)
		}
	}
}

// ids are what pages of one kind differ by, in their paths.
var ids = regexp.MustCompile(`/(tasks|requests|reference|resources/[^/]+)/[^/]+$`)

// crawl follows links from a page on, to one page of each kind: all are there, and lead nowhere but to pages and, of
// the real service, to its documentation.
func (b *tab) crawl(from string) {
	b.t.Helper()
	start, err := url.Parse(from)
	if err != nil {
		b.t.Fatal(err)
	}
	prefix := strings.TrimSuffix(start.Path, "/")
	seen := map[string]bool{}
	for todo := []string{from}; len(todo) > 0; todo = todo[1:] {
		at, err := url.Parse(todo[0])
		if err != nil {
			b.t.Fatal(err)
		}
		kind := ids.ReplaceAllString(at.Path, "/$1/…")
		if seen[kind] {
			continue
		}
		seen[kind] = true
		b.open(todo[0])
		const answered = `performance.getEntriesByType("navigation")[0].responseStatus`
		if status := eval[int](b, answered); status != 200 {
			b.t.Errorf("%s is answered with %d", todo[0], status)
		}
		const links = `[...document.querySelectorAll("a[href]:not([download])")].map(a => a.getAttribute("href"))`
		for _, to := range eval[[]string](b, links) {
			switch {
			case strings.HasPrefix(to, prefix+"/"):
				todo = append(todo, to)
			case !strings.HasPrefix(to, "#") && !strings.HasPrefix(to, "https://"):
				b.t.Errorf("%s has a link to %s", todo[0], to)
			}
		}
	}
	const kinds = 14 // of pages
	if len(seen) < kinds {
		b.t.Errorf("found %d kinds of pages, want %d at least: %v", len(seen), kinds, seen)
	}
}
