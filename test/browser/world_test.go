package browser

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// world has the demo account in the middle of everything: a subscription that is active, one that is being provisioned,
// a task that failed by a fault, one that is processed and some that wait, requests that fit nothing, and a snapshot.
// Nothing moves before time passes.
func (s *server) world() {
	s.t.Helper()
	s.freeze()
	s.subscribe("orders")
	s.advance(sandbox.Advance{Idle: true})
	call(s, control.ArmFault, sandbox.NewFault{
		Preset: "task-error-general", Rule: []byte(`{"match": {"account": "` + demo + `"}}`),
	})
	database := map[string]any{"name": "cache", "datasetSizeInGb": 1}
	failing := s.ask(http.MethodPost, "/subscriptions/100001/databases", database)
	s.advance(sandbox.Advance{Task: failing})
	s.Do(http.MethodGet, "/tasks/"+failing, nil)
	call(s, control.SaveSnapshot, control.SaveInput{
		SnapshotPath: control.SnapshotPath{Snapshot: "before-the-rush"}, Account: demo,
	})
	provisioned := s.subscribe("sessions")
	s.advance(sandbox.Advance{Task: provisioned})
	for i := range 3 {
		s.ask(http.MethodPost, "/subscriptions", servetest.SubscriptionBody(fmt.Sprintf("waiting-%d", i)))
	}
	s.Do(http.MethodGet, "/subscription", nil) // a slip
	call(s, control.ForkAccount, control.ForkInput{AccountPath: control.AccountPath{Account: demo}, Name: "fork"})
}

// pages are those of the menu and one of each kind that they lead to, by their names.
func (b *tab) pages() (all []place) {
	b.t.Helper()
	b.open("/ui/?account=" + demo)
	const links = `[...document.querySelectorAll("nav[aria-label=Pages] a")].map(a => ({
		name: a.textContent.trim().toLowerCase().replaceAll(" ", "-"), path: a.getAttribute("href")}))`
	menu := eval[[]place](b, links)
	if len(menu) == 0 {
		b.t.Fatal("there is no menu")
	}
	all = append(all, place{"accounts-all", "/ui/"})
	for _, page := range menu {
		all = append(all, page)
		b.open(page.Path)
		// The first link into each of the pages below one of the menu.
		const deeper = `[...document.querySelectorAll("main a[href]:not([download])")].map(a => a.getAttribute("href"))
			.filter(h => /^\/ui\/[a-z]+\/./.test(h))`
		for _, path := range eval[[]string](b, deeper) {
			kind, _, _ := strings.Cut(strings.TrimPrefix(path, "/ui/"), "/")
			name := "one-of-" + kind
			if !slices.ContainsFunc(menu, func(p place) bool { return strings.HasPrefix(p.Path, "/ui/"+kind+"?") }) {
				continue
			}
			if !slices.ContainsFunc(all, func(p place) bool { return p.Name == name }) {
				all = append(all, place{name, path})
			}
		}
	}
	return all
}

// place is a page and where it is.
type place struct{ Name, Path string }
