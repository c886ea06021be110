package catalog_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func TestDocumentsAreKeptAsTheyCame(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	root := a.Subscription("orders") + "/data-integration-workspace"
	deep := strings.Repeat(`{"a":`, 9_999) + "{}" + strings.Repeat("}", 9_999)
	for _, test := range []struct{ name, put, patch, want string }{
		{name: "numbers", put: `{"z":1.0,"a":[1e2,-0,1E+5,2.50]}`},
		{name: "members", put: `{"b":"<&>","a":"\u00e9é"}`},
		{name: "text", put: `"{}"`},
		{name: "deep", put: deep},
		{"merged", `{"z":1.0,"a":1,"b":{"d":1e2,"e":"<"}}`, `{"a":null,"b":{"c":2.50}}`, `{"b":{"c":2.50,"d":1e2,"e":"<"},"z":1.0}`},
		{"merged-deep", deep, `{"a":{"b":1}}`, strings.TrimSuffix(deep, "}}") + `,"b":1}}`},
		{"replaced", `{"z":1.0}`, `[null,1.0]`, `[null,1.0]`},
	} {
		path, want := root+"/"+test.name, test.put
		wrote := a.Do(http.MethodPut, path, test.put)
		if test.patch != "" {
			wrote, want = a.Do(http.MethodPatch, path, test.patch), test.want
		}
		for what, answer := range map[string]apitest.Answer{"write": wrote, "read": a.Do(http.MethodGet, path, nil)} {
			if got := strings.TrimSpace(string(answer.Body)); answer.Status != http.StatusOK || got != want {
				t.Errorf("%s: the %s answers %d %.200s, want %.200s", test.name, what, answer.Status, got, want)
			}
		}
	}
}
