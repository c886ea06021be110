package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// fill writes into a field of a form.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(selector), text, chromedp.NodeVisible))
}

// button is the selector of a button that does something.
func button(does string) string { return fmt.Sprintf(`button[value=%q]`, does) }

// The clock freezes, steps, advances and runs on.
func TestClock(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := openTab(t, s.base)
	b.open("/ui/clock?account=" + demo)
	b.untilLive()
	face := func(what string) {
		b.t.Helper()
		b.until("the clock has "+what, `!!document.querySelector('.face`+what+`')`)
	}
	face("[data-mode=real]")
	b.click("#freeze")
	face("[data-mode=frozen]")
	s.subscribe("stepped")
	face(`[data-pending="1"]`) // by the stream, without a click
	b.click("#step")
	face(`[data-pending="0"]`)
	b.untilSays("#passed", "1 thing happened")
	face(`:not([data-steps="0"])`)
	b.click("#advance-by")
	face(`[data-steps="0"]`)
	b.until("it has told of it", `document.querySelector("#passed").innerText.startsWith("10")`)
	before := eval[string](b, `document.querySelector(".face time").innerText`)
	s.advance(sandbox.Advance{By: "1h"}) // by somebody else, and nothing happens
	b.until("the clock shows it", `document.querySelector(".face time").innerText != "`+before+`"`)
	b.click("#unfreeze")
	face("[data-mode=real]")
}

// A fault is armed with a click, and what it strikes is marked everywhere.
func TestFaultIsMarked(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.freeze()
	task := s.subscribe("struck")
	requests := openTab(t, s.base)
	requests.open("/ui/requests?account=" + demo)
	requests.untilLive()
	b := openTab(t, s.base)
	b.open("/ui/faults?account=" + demo)
	b.untilLive()
	b.click("#preset-flaky-5xx " + button("fault.arm"))
	b.until("it is armed", `!!document.querySelector('#preset-flaky-5xx[data-armed=yes]')`)
	b.until("it has struck nothing", `!!document.querySelector('[data-fault][data-hits="0"]')`)
	if status, _, text := s.Do(http.MethodGet, "/tasks/"+task, nil); status != http.StatusServiceUnavailable {
		t.Fatalf("got %d %s", status, text)
	}
	b.until("it has struck once", `!!document.querySelector('[data-fault].hit[data-hits="1"]')`)
	requests.until("the request is marked",
		`document.querySelector('#requests tr[data-status="503"]')?.innerText.includes("fault flaky-5xx")`)
	b.click(button("fault.disarm"))
	b.until("nothing is armed", `!document.querySelector("[data-fault]")`)
	call(s, control.ArmFault, sandbox.NewFault{Preset: "rate-429"})
	b.until("what somebody else arms is marked", `!!document.querySelector("#preset-rate-429[data-armed=yes]")`)
}

// A reset is seen at once by who looks at something else.
func TestReset(t *testing.T) {
	t.Parallel()
	s := serve(t, "--speed", "0")
	s.Accept(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("gone"))
	resources := openTab(t, s.base)
	resources.open("/ui/resources?account=" + demo)
	resources.untilLive()
	resources.untilSays("main", "gone")
	eval[bool](resources, mark)
	b := openTab(t, s.base)
	b.open("/ui/accounts?account=" + demo)
	b.click(button("account.reset"))
	resources.until("nothing is left", `!document.querySelector("main").innerText.includes("gone")`)
	resources.wantSamePage()
}

// A fork is another account, with a pair of keys that is shown once, and the state of the first one.
func TestFork(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.freeze()
	s.subscribe("original")
	s.advance(sandbox.Advance{Idle: true})
	b := openTab(t, s.base)
	b.open("/ui/snapshots?account=" + demo)
	b.fill("section[aria-labelledby=fork] input[name=name]", "copy")
	b.click(button("account.fork"))
	b.untilSays("#minted", "once")
	key, secret := pairIn(t, value(b, chromedp.Text(chromedp.CSS("#pair"))))
	if status, text := s.as(key, secret, http.MethodGet, "/subscriptions"); status != 200 ||
		!strings.Contains(text, "original") {
		t.Errorf("by the keys of the fork: %d %s", status, text)
	}
	s.ask(http.MethodPut, "/subscriptions/100001", map[string]any{"name": "renamed"})
	s.advance(sandbox.Advance{Idle: true})
	if _, text := s.as(key, secret, http.MethodGet, "/subscriptions/100001"); !strings.Contains(text, "original") {
		t.Errorf("the fork follows the original: %s", text)
	}
	b.open("/ui/")
	b.untilSays("main", "copy")
}

// pairIn is the pair of keys in a text of headers.
func pairIn(t *testing.T, text string) (key, secret string) {
	t.Helper()
	if _, err := fmt.Sscanf(strings.TrimSpace(text), "x-api-key: %s\nx-api-secret-key: %s", &key, &secret); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return key, secret
}

// as sends a request with some keys.
func (s *server) as(key, secret, method, path string) (status int, text string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", key)
	req.Header.Set("X-Api-Secret-Key", secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// A snapshot is saved, loaded, and goes round as a file.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	s := serve(t, "--speed", "0")
	s.Accept(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("kept"))
	b := openTab(t, s.base)
	b.open("/ui/snapshots?account=" + demo)
	b.fill("section[aria-labelledby=save] input[name=name]", "base")
	b.click(button("snapshot.save"))
	b.until("it is listed", `!!document.querySelector('[data-snapshot=base]')`)
	file := s.fetch(eval[string](b, `document.querySelector('[data-snapshot=base] a').getAttribute("href")`))
	if !bytes.Contains(file, []byte("understudy-snapshot")) || !bytes.Contains(file, []byte("kept")) {
		t.Fatalf("the file is %s", file)
	}
	s.Accept(http.MethodPut, "/subscriptions/100001", map[string]any{"name": "changed"})
	b.click(button("snapshot.load"))
	s.Until("/subscriptions/100001", func(_ int, text []byte) bool { return bytes.Contains(text, []byte("kept")) })
	b.click(button("snapshot.delete"))
	b.until("it is listed no more", `!document.querySelector('[data-snapshot=base]')`)

	path := filepath.Join(t.TempDir(), "base.json")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles(chromedp.CSS("input[name=file]"), []string{path}))
	b.fill("section[aria-labelledby=import] input[name=name]", "again")
	b.click(button("snapshot.import"))
	b.until("it is listed", `!!document.querySelector('[data-snapshot=again]')`)
}

// fetch gets a file.
func (s *server) fetch(path string) []byte {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s, %v", path, res.StatusCode, text, err)
	}
	return text
}

// A key is minted, shown once, and revoked.
func TestKeys(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := openTab(t, s.base)
	b.open("/ui/accounts?account=" + demo)
	b.untilLive()
	b.untilSays("#exports", "export REDISCLOUD_ACCESS_KEY="+s.APIKey)
	form := "form:has(" + button("key.create") + ") "
	b.fill(form+"input[name=name]", "watcher")
	b.fill(form+"select[name=role]", "Viewer")
	b.click(button("key.create"))
	b.untilSays("#minted", "once")
	key, secret := pairIn(t, value(b, chromedp.Text(chromedp.CSS("#pair"))))
	if status, text := s.as(key, secret, http.MethodGet, "/subscriptions/1"); status != http.StatusNotFound {
		t.Errorf("a viewer reads with %d %s", status, text)
	}
	if status, text := s.as(key, secret, http.MethodDelete, "/subscriptions/1"); status != http.StatusForbidden {
		t.Errorf("a viewer deletes with %d %s", status, text)
	}
	b.until("it is listed", `[...document.querySelectorAll("#key-list tr")].some(r => r.innerText.includes("watcher"))`)
	b.click(`#key-list tr:has(` + button("key.revoke") + `[aria-label*=watcher]) ` + button("key.revoke"))
	b.until("it is gone", `![...document.querySelectorAll("#key-list tr")].some(r => r.innerText.includes("watcher"))`)
	if status, text := s.as(key, secret, http.MethodGet, "/subscriptions/1"); status != http.StatusUnauthorized {
		t.Errorf("a key that is revoked is answered with %d %s", status, text)
	}
}

// Operations of both APIs are tried from their documents.
func TestOperationsAreTried(t *testing.T) {
	t.Parallel()
	s := serve(t, "--speed", "0")
	b := openTab(t, s.base)
	b.open("/ui/reference/createProSubscription?account=" + demo)
	body, err := json.Marshal(servetest.SubscriptionBody("tried"))
	if err != nil {
		t.Fatal(err)
	}
	b.fill("textarea[name=body]", string(body))
	b.click(button("try"))
	b.untilSays("#answer", "202")
	b.untilSays("#answer-body", `"taskId"`)
	b.submit(`section[aria-labelledby=answer] a[href*="/tasks/"]`)
	b.untilSays("h1", "createProSubscription")
	b.open("/ui/reference/listInstances?account=" + demo)
	b.click(button("try"))
	b.untilSays("#answer", "200")
	b.untilSays("#answer-body", `"instances"`)
}

// A request that fits nothing is shown with what it may have meant, and as a command.
func TestRequestThatFitsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := openTab(t, s.base)
	b.open("/ui/requests?only=unmatched&account=" + demo)
	b.untilLive()
	s.Do(http.MethodGet, "/subscriptons", nil)
	b.untilSays("#requests", "nearest: GET /v1/subscriptions")
	b.submit("#requests td a")
	b.untilSays("h1", "/v1/subscriptons")
	b.untilSays("#curl-line", "curl")
}
