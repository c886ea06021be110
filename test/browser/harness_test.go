package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What the tests rely on: a page that does wrong is found out.
func TestWrongsAreFound(t *testing.T) {
	t.Parallel()
	page := `<!doctype html><title>x</title><img src="/a.png">
		<script src="/script.js"></script><p style="color: red">Text</p>`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Security-Policy", "default-src 'self'; connect-src *")
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, page)
		case "/script.js":
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, `console.error("said", 1);
				let over = 0;
				addEventListener("error", () => { document.title = ++over });
				setTimeout(() => { throw new Error("thrown") });
				fetch("http://nowhere.invalid/x").catch(() => { document.title = ++over })`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	b := openTab(t, s.URL)
	b.excuse(".") // all of it, which is what is looked at below
	b.open("/")
	b.until("the script is over", `document.title == "2"`)
	b.mu.Lock()
	problems := strings.Join(b.problems, "\n")
	b.mu.Unlock()
	for _, want := range []string{
		`console.error: "said" 1`, "Error: thrown", "asks another host: http://nowhere.invalid/x",
		"404", "Content Security Policy",
	} {
		if !strings.Contains(problems, want) {
			t.Errorf("%q is not among the problems:\n%s", want, problems)
		}
	}
	found := map[string]bool{}
	for _, v := range b.find().Violations {
		found[v.ID] = true
	}
	if !found["image-alt"] || !found["html-has-lang"] {
		t.Errorf("axe-core finds %v", found)
	}
}
