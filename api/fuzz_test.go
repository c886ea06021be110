package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// plain sends a request through plainPath and returns what arrives.
func plain(t *testing.T, r *http.Request) (arrived *http.Request) {
	t.Helper()
	plainPath([]string{"/v1"}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived = r
	})).ServeHTTP(httptest.NewRecorder(), r)
	if arrived == nil {
		t.Fatal("the request does not arrive")
	}
	return arrived
}

// Whatever is asked for, plainPath lets it through with its method and body,
// changes nothing a second time, leaves an ordinary path alone, and hands on a
// path that a server can route and a query that holds what the path held.
func FuzzPlainPath(f *testing.F) {
	for _, target := range []string{
		"/", "/v1", "/v1/", "//", "/v1//", "/v1/subscriptions", "/v1/subscriptions/", "/v1/subscriptions///?a=b",
		"/v1/subscriptions/redis-versions%3FsubscriptionId=7", "/v1/subscriptions/redis-versions%3fsubscriptionId=7&x=y",
		"/v1/subscriptions/7/databases%3Foffset=0%26limit%3D100", "/v1/subscriptions/7/databases/%3Foffset=0/",
		"/a%3Fb=c?d=e", "/v1/subscriptions/7/databases/8/tags/a%2Fb", "/v1/subscriptions/7/databases/8/tags/a%3Fb", "/%3F",
		"/%3F=", "/a%3Fb%3Fc=d", "/a%3Fb=c/%3Fd=e", "/%25", "/%253F=a", "/%00", "/%ff%3Fa=%ff", "/\u212a%3Fa=b", "/a b",
		"/a;b", "*", "", "http://host/v1/", "/v1%2F", "/a%3Fb=c#d", "/%3Fa=%26%26", "/x%3F%3F=&&",
	} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return // the server has answered 400 by then
		}
		const body = `{"name":"kept"}`
		r := &http.Request{
			Method: http.MethodPost, URL: u, Header: http.Header{"X": {"y"}}, Body: io.NopCloser(strings.NewReader(body)),
		}
		before := *u
		once := plain(t, r)
		if *u != before {
			t.Errorf("%q: the request's own URL is now %#v", target, u)
		}
		if text, err := io.ReadAll(once.Body); err != nil || string(text) != body || once.Method != r.Method ||
			once.Header.Get("X") != "y" {
			t.Errorf("%q: arrives as %s %v with body %q", target, once.Method, once.Header, text)
		}
		path := once.URL.EscapedPath()
		if unescaped, err := url.PathUnescape(path); err != nil || unescaped != once.URL.Path {
			t.Errorf("%q: path %q does not fit escaped path %q (%v)", target, once.URL.Path, path, err)
		}
		if len(path) > 1 && path != "/v1/" && strings.HasSuffix(path, "/") {
			t.Errorf("%q: arrives as %q, with a slash at the end", target, path)
		}
		if twice := plain(t, once); twice.URL.EscapedPath() != path || twice.URL.RawQuery != once.URL.RawQuery {
			t.Errorf("%q: %q becomes %q the second time", target, once.URL, twice.URL)
		}
		lower := strings.ToLower(before.EscapedPath())
		switch {
		case strings.Contains(lower, "%3f") && strings.Contains(lower, "="):
			if !strings.HasSuffix(once.URL.RawQuery, strings.Trim(before.RawQuery, "&")) {
				t.Errorf("%q: query %q has lost %q", target, once.URL.RawQuery, before.RawQuery)
			}
		case once.URL.RawQuery != before.RawQuery:
			t.Errorf("%q: query %q was %q", target, once.URL.RawQuery, before.RawQuery)
		case !strings.HasSuffix(lower, "/") && lower != "/v1" && lower != "" && (path != before.EscapedPath() || once != r):
			t.Errorf("%q: an ordinary path becomes %q", target, path)
		}
	})
}
