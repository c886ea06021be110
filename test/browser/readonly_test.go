package browser

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"
)

// A dashboard that only shows has nothing that changes something, and does not let itself be told to. What it shows can
// be taken along, snapshots, too.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, "--ui-readonly")
	s.world()
	b := openTab(t, s.base)
	for _, page := range b.pages() {
		b.open(page.Path)
		if n := eval[int](b, `document.querySelectorAll("form[method=post] button").length`); n > 0 {
			t.Errorf("%s has %d buttons that change something", page.Name, n)
		}
	}
	b.open("/ui/snapshots?account=" + demo)
	file := s.fetch(eval[string](b, `document.querySelector("[data-snapshot] a[download]").getAttribute("href")`))
	if !bytes.Contains(file, []byte("understudy-snapshot")) {
		t.Errorf("the file of a snapshot is %.200s", file)
	}
	res, err := http.PostForm(s.base+"/ui/accounts?account="+demo, url.Values{"do": {"account.reset"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a reset is answered with %d", res.StatusCode)
	}
}
