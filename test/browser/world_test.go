package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// world has the demo account in the middle of everything: a subscription and an instance that are active, one that is
// being provisioned, a task that failed by a fault, one that is processed and some that wait, a request that fits
// nothing, and a snapshot.
// Nothing moves before time passes.
func (s *server) world() {
	s.t.Helper()
	s.freeze()
	s.subscribe("orders")
	s.instance("ledger")
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
	s.Do(http.MethodGet, "/subscriptions/999", nil)
	call(s, control.ForkAccount, control.ForkInput{AccountPath: control.AccountPath{Account: demo}, Name: "fork"})
}

// instance asks for a MySQL instance, by the other API.
func (s *server) instance(name string) {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{
		"name": name, "datastore": map[string]any{"type": "MySQL", "version": "8.0"},
		"flavor_ref": "rds.mysql.n1.large.2", "volume": map[string]any{"type": "ULTRAHIGH", "size": 100},
		"region": "eu-de", "availability_zone": "eu-de-01", "vpc_id": "vpc", "subnet_id": "subnet",
		"security_group_id": "group", "password": "Payday-31",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	url := s.base + "/v3/" + s.APIKey + "/instances"
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", s.SecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusAccepted {
		s.t.Fatalf("POST %s: %d %s, %v", url, res.StatusCode, text, err)
	}
}

// pages are those of the menu and one of each kind that they lead to, by their names.
func (b *tab) pages() (all []place) {
	b.t.Helper()
	b.open("/ui/?account=" + demo)
	const links = `[...document.querySelectorAll("nav[aria-label=Pages] a")].map(a => a.getAttribute("href"))
		.map(path => ({path, name: path.match(/^\/ui\/(\w*)/)[1] || "overview"}))`
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
	for _, list := range []place{
		{"failed-task", "/ui/tasks?status=failed&account=" + demo},
		{"refused-request", "/ui/requests?status=404&account=" + demo},
	} {
		b.open(list.Path)
		const first = `document.querySelector("main .main a")?.getAttribute("href") ?? ""`
		if path := eval[string](b, first); path != "" {
			all = append(all, place{list.Name, path})
		}
	}
	return all
}

// place is a page and where it is.
type place struct{ Name, Path string }
