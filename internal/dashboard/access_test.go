package dashboard_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/server"
)

var freeze = url.Values{"do": {"clock.set"}, "mode": {"frozen"}, "account": {"1000"}}

// frozen reports whether the clock of the demo account stands still.
func (f *fixture) frozen() bool {
	f.t.Helper()
	clock, err := f.Sandbox.Clock(f.t.Context(), "1000")
	if err != nil {
		f.t.Fatal(err)
	}
	return clock.Mode == "frozen"
}

func TestNothingForeignIsRunOrShown(t *testing.T) {
	t.Parallel()
	f := start(t)
	p := f.get("/ui/")
	policy := p.header.Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'",
	} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy %q lets in what is unsafe", policy)
	}
	for _, path := range []string{"/ui/", "/ui/tasks", "/ui/nowhere"} {
		text := f.get(path).text
		for _, bad := range []string{"<style", " style=", " onclick=", "javascript:", "<script>", "//cdn", "https://"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
	}
}

func TestWritesComeFromItsOwnPagesOnly(t *testing.T) {
	t.Parallel()
	f := start(t)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for name, headers := range map[string][]string{
		"another site":                  {"Sec-Fetch-Site", "cross-site"},
		"a sibling":                     {"Sec-Fetch-Site", "same-site"},
		"an old browser's other origin": {"Origin", "http://example.com"},
		"a page in a sandbox":           {"Origin", "null"},
	} {
		p := f.do(http.MethodPost, "/ui/?account=1000", freeze.Encode(), append(headers, form...)...)
		if p.status != http.StatusForbidden || f.frozen() {
			t.Errorf("%s: got status %d", name, p.status)
		}
	}
	p := f.do(http.MethodPost, "/ui/?account=1000", freeze.Encode(),
		append([]string{"Origin", "http://" + f.Address()}, form...)...)
	if p.status != http.StatusSeeOther || p.header.Get("Location") != "/ui/?account=1000" || !f.frozen() {
		t.Errorf("its own page: got status %d to %q", p.status, p.header.Get("Location"))
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *server.Config) { c.UIReadOnly = true })
	if p := f.post("/ui/?account=1000", freeze); p.status != http.StatusForbidden || f.frozen() {
		t.Errorf("got status %d", p.status)
	}
	p := f.get("/ui/")
	f.has(p, "read-only", "understudy env --account 1000")
	if strings.Contains(p.text+f.get("/ui/accounts").text, f.APISecretKey) {
		t.Error("there is a key")
	}
	if strings.Contains(p.text, `method="post"`) {
		t.Error("there is a form that posts")
	}
}

func TestAnotherPrefixAndNone(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *server.Config) { c.UIPrefix = "/tools/watch" })
	if want := "http://" + f.Address() + "/tools/watch/"; f.DashboardURL != want {
		t.Errorf("it is said to be at %q, want %q", f.DashboardURL, want)
	}
	p := f.get("/tools/watch/")
	f.has(p, `href="/tools/watch/tasks`, `src="/tools/watch/assets/htmx.min.js`)
	if strings.Contains(p.text, `"/ui/`) {
		t.Error("a link leads elsewhere")
	}
	p = f.get("/", "Accept", "text/html")
	if p.status != http.StatusFound || p.header.Get("Location") != "/tools/watch/" {
		t.Errorf("the root leads to %d %q", p.status, p.header.Get("Location"))
	}
	if p := f.get("/ui/"); p.status != http.StatusNotFound {
		t.Errorf("the usual place answers %d", p.status)
	}

	none := start(t, func(c *server.Config) { c.NoUI = true })
	if none.DashboardURL != "" {
		t.Errorf("it is said to be at %q", none.DashboardURL)
	}
	for _, path := range []string{"/ui/", "/"} {
		if p := none.get(path, "Accept", "text/html"); p.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, p.status)
		}
	}
}

func TestPrefixThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"ui", "/", "/a//b", "/a b", "/{x}", "/../x", "/v1", "/v1/ui", "/_sandbox/v1/ui"} {
		_, err := server.Open(t.Context(), withPrefix(t, prefix))
		if err == nil || !strings.Contains(err.Error(), "--ui-prefix") {
			t.Errorf("%q: got %v", prefix, err)
		}
	}
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *server.Config) { c.ControlToken = "open sesame" })
	p := f.get("/ui/tasks?account=1000")
	const want = "/ui/login?to=%2Fui%2Ftasks%3Faccount%3D1000"
	if p.status != http.StatusSeeOther || p.header.Get("Location") != want {
		t.Fatalf("a stranger is led to %d %q, want %q", p.status, p.header.Get("Location"), want)
	}
	for _, strange := range []page{f.post("/ui/?account=1000", freeze), f.get("/ui/", "Accept", "text/event-stream")} {
		if strange.status != http.StatusUnauthorized || f.frozen() {
			t.Errorf("a stranger gets %d", strange.status)
		}
	}
	p = f.post("/ui/login", url.Values{"token": {"sesame"}})
	if p.status != http.StatusUnauthorized || p.header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong token gets %d and a cookie %q", p.status, p.header.Get("Set-Cookie"))
	}
	p = f.post("/ui/login", url.Values{"token": {"open sesame"}, "to": {"/ui/tasks?account=1000"}})
	cookie := p.header.Get("Set-Cookie")
	if p.status != http.StatusSeeOther || p.header.Get("Location") != "/ui/tasks?account=1000" {
		t.Errorf("the token leads to %d %q", p.status, p.header.Get("Location"))
	}
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/ui/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q is not %s", cookie, want)
		}
	}
	if strings.Contains(cookie, "sesame") {
		t.Errorf("the cookie %q has the token", cookie)
	}
	value, _, _ := strings.Cut(cookie, ";")
	if p := f.get("/ui/", "Cookie", value); p.status != http.StatusOK {
		t.Errorf("with the cookie: %d", p.status)
	}
	if p := f.get("/ui/", "Cookie", value+"0"); p.status != http.StatusSeeOther {
		t.Errorf("with a forged cookie: %d", p.status)
	}
	for _, to := range []string{
		"https://example.com/", "//example.com/", "/v1/", "/ui/../v1", `/ui\..`, "javascript:1", `/\example.com/%2e%2e/ui/`,
		`/ui/\..\..\v1`, "/ui/%2e%2e/v1", "/%5Cexample.com/../ui/", "/\t/example.com/%2e%2e/%2e%2e/ui/",
	} {
		p := f.post("/ui/login", url.Values{"token": {"open sesame"}, "to": {to}})
		at, err := url.Parse(strings.ReplaceAll(p.header.Get("Location"), `\`, "/")) // as browsers do
		if err != nil || at.Host != "" || !strings.HasPrefix(path.Clean(at.Path)+"/", "/ui/") {
			t.Errorf("to %q leads to %q", to, p.header.Get("Location"))
		}
	}
	if p := f.post("/ui/logout", nil, "Cookie", value); !strings.Contains(p.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("after logging out the cookie is %q", p.header.Get("Set-Cookie"))
	}
}

func TestForeignNameIsRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.DashboardURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	res, err := f.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("got status %d", res.StatusCode)
	}
}

// The root is the API's, but for a browser that opens it.
func TestRootIsStillTheAPIs(t *testing.T) {
	t.Parallel()
	f, none := start(t), start(t, func(c *server.Config) { c.NoUI = true })
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete} {
		if got, want := f.do(method, "/", ""), none.do(method, "/", ""); got.status != want.status {
			t.Errorf("%s / answers %d, without a dashboard %d", method, got.status, want.status)
		}
	}
}

// Whatever is sent, the server does not fail of it.
func TestHostileRequestsAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
	pages := []string{"/", "/tasks", "/resources", "/requests", "/faults", "/clock", "/accounts", "/reference"}
	for _, text := range []string{"%00", "%ff", "%ed%a0%80"} {
		paths := []string{"/ui/tasks/" + text, "/ui/resources/" + text + "/1", "/ui/snapshots/file?name=" + text}
		for _, page := range pages {
			for _, name := range []string{"account", "q", "kind", "operation", "status"} {
				paths = append(paths, "/ui"+page+"?"+name+"="+text)
			}
		}
		for _, path := range paths {
			if p := f.get(path); p.status != http.StatusBadRequest {
				t.Errorf("%s: got status %d", path, p.status)
			}
		}
		for _, do := range []string{"account.create", "account.fork", "snapshot.save", "key.create", "fault.clear", "try"} {
			for _, name := range []string{"name", "account", "key", "operation"} {
				form, err := url.ParseQuery("do=" + do + "&" + name + "=" + text)
				if err != nil {
					t.Fatal(err)
				}
				if p := f.post("/ui/accounts", form); p.status != http.StatusBadRequest {
					t.Errorf("%s with %s %s: got status %d", do, name, text, p.status)
				}
			}
		}
	}
	policy := url.Values{"do": {"account.create"}, "name": {"other"}, "policy": {"none"}}
	if p := f.post("/ui/accounts", policy); p.status != http.StatusBadRequest {
		t.Errorf("with a policy that there is not: got status %d", p.status)
	}
}

// A form may be sent to another page than the one it is on, which then need not show what comes of it.
func TestFormOfAnotherPage(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, form := range []url.Values{
		{"do": {"try"}, "operation": {"getTask"}, "path.taskId": {"x"}, "account": {"1000"}},
		{"do": {"key.create"}, "account": {"1000"}, "name": {"of-another-page"}},
		{"do": {"clock.advance"}, "idle": {"1"}, "tell": {"1"}, "account": {"1000"}},
	} {
		for _, path := range []string{"/ui/accounts", "/ui/clock", "/ui/reference/getTask", "/ui/"} {
			if p := f.post(path+"?account=1000", form); p.status >= http.StatusInternalServerError {
				t.Errorf("%s on %s: got status %d", form.Get("do"), path, p.status)
			}
		}
	}
}
