package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/understudy-dev/understudy/api"
)

// What was sent alike is one request, and whatever differs makes another one.
func TestDigestTellsRequestsApart(t *testing.T) {
	t.Parallel()
	type sent struct{ method, target, body string }
	seen := map[[32]byte]sent{}
	for _, one := range []sent{
		{"POST", "/v1/things?a=1&b=2", `{"name":"x"}`},
		{"PUT", "/v1/things?a=1&b=2", `{"name":"x"}`},
		{"POST", "/v1/thing?a=1&b=2", `{"name":"x"}`},
		{"POST", "/v1/thi%2Fngs?a=1&b=2", `{"name":"x"}`},
		{"POST", "/v1/thi/ngs?a=1&b=2", `{"name":"x"}`},
		{"POST", "/v1/things?b=2&a=1", `{"name":"x"}`},
		{"POST", "/v1/things", `{"name":"x"}`},
		{"POST", "/v1/things?a=1&b=2", `{"name": "x"}`},
		{"POST", "/v1/things?a=1&b=2{", `"name":"x"}`},
		{"POST", "/v1/things?a=1&b=2", ""},
	} {
		u, err := url.Parse(one.target)
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{Method: one.method, URL: u}
		digest := api.Digest(r, []byte(one.body))
		if other, taken := seen[digest]; taken {
			t.Errorf("%q is taken for %q", one, other)
		}
		if api.Digest(r, []byte(one.body)) != digest {
			t.Errorf("%q is not taken for itself", one)
		}
		seen[digest] = one
	}
}
