package browser

import (
	"net/http"
	"net/url"
	"testing"
)

// A dashboard that only shows has nothing that changes something, and does not let itself be told to.
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
	res, err := http.PostForm(s.base+"/ui/accounts?account="+demo, url.Values{"do": {"account.reset"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a reset is answered with %d", res.StatusCode)
	}
}
