package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/coverage"
)

// The layout by example, as public shell scripts grep for it.
func TestPretty(t *testing.T) {
	t.Parallel()
	for compact, want := range map[string]string{
		`{}`: `{ }`, `[]`: `[ ]`, `7`: `7`, `null`: `null`, `""`: `""`, `[1,2]`: `[ 1, 2 ]`, `[[],{}]`: `[ [ ], { } ]`,
		`{"a":"{\"b\":[1,2]}\\"}`: "{\n  \"a\" : \"{\\\"b\\\":[1,2]}\\\\\"\n}",
		`[{"a":1},{"b":2}]`:       "[ {\n  \"a\" : 1\n}, {\n  \"b\" : 2\n} ]",
		`{"taskId":"5b6f","response":{},"ids":[1,-2.5e3,true],"links":[{"rel":"task","type":"GET"},{"rel":"self"}],` +
			`"none":[]}`: `{
  "taskId" : "5b6f",
  "response" : { },
  "ids" : [ 1, -2.5e3, true ],
  "links" : [ {
    "rel" : "task",
    "type" : "GET"
  }, {
    "rel" : "self"
  } ],
  "none" : [ ]
}`,
		`{"a":{"b":[[{"c":{"d":null}}]]}}`: `{
  "a" : {
    "b" : [ [ {
      "c" : {
        "d" : null
      }
    } ] ]
  }
}`,
	} {
		got, ok := api.Pretty(nil, []byte(compact))
		if diff := cmp.Diff(want, string(got)); !ok || diff != "" {
			t.Errorf("%s: %v, want (-), got (+):\n%s", compact, ok, diff)
		}
	}
}

// A document whose blanks would outgrow it stays compact, however large or deep it
// is; one that is only large or only deep does not.
func TestPrettyIsBounded(t *testing.T) {
	t.Parallel()
	deep := func(levels int, inside string) string {
		return strings.Repeat(`{"a":`, levels) + inside + strings.Repeat(`}`, levels)
	}
	wide := "[" + strings.Repeat(`{"a":1},`, 50_000) + "1]"
	for name, test := range map[string]struct {
		compact string
		ok      bool
	}{
		"deep":          {deep(100, "1"), true},
		"wide":          {wide, true},
		"wide and deep": {deep(100, wide), false},
		"very deep":     {deep(9000, "1"), false},
	} {
		got, ok := api.Pretty(nil, []byte(test.compact))
		if ok != test.ok || len(got) > 12*len(test.compact)+2*api.FreeSize {
			t.Errorf("%s: %d bytes become %d, %v", name, len(test.compact), len(got), ok)
		}
		if ok && string(got) != coverage.Pretty([]byte(test.compact)) {
			t.Errorf("%s: laid out in another way", name)
		}
	}
}

// What counts as asking for compact bodies: the parameter at any media type, on any
// line.
func TestWantsCompact(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"":                                        false,
		"application/json":                        false,
		"application/json;q=0.9, */*":             false,
		"application/json; indent=2":              false,
		"application/json; x-indent=0":            false,
		"indent=0":                                false,
		"application/json;indent=0":               true,
		`application/json; Indent="0"; q=1`:       true,
		"text/html, application/json; indent=0":   true,
		"application/json; q=1; indent=0, */*":    true,
		"text/html\napplication/json; indent=0\n": true,
	} {
		r := &http.Request{Header: http.Header{"Accept": strings.Split(accept, "\n")}}
		if got := api.WantsCompact(r); got != want {
			t.Errorf("%q: got %v", accept, got)
		}
	}
}

// Whatever an Encoder writes is laid out as the tokens say, and says the same.
func FuzzPretty(f *testing.F) {
	for _, seed := range []string{`{"a":[{},[],"\\\"",{"b":{"c":[1,2,{"d":null}]}}]}`, `"\\"`, `[[[1]]]`, `{"":{"":""}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			return
		}
		compact, err := json.Marshal(json.RawMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := api.Pretty([]byte("left over"), compact)
		if want := coverage.Pretty(compact); ok && string(got) != want {
			t.Errorf("%s: got\n%s\nwant\n%s", compact, got, want)
		}
	})
}

// BenchmarkPretty lays out what a page of a hundred databases is like.
func BenchmarkPretty(b *testing.B) {
	const database = `{"databaseId":51900417,"name":"sessions","protocol":"redis","provider":"AWS","region":"eu-west-1",` +
		`"redisVersion":"8.2",` +
		`"respVersion":"resp3","status":"active","memoryLimitInGb":1,"datasetSizeInGb":0.5,"supportOSSClusterApi":false,` +
		`"throughputMeasurement":{"by":"operations-per-second","value":1000},"activatedOn":"2026-03-02T10:31:44Z",` +
		`"replica":null,"publicEndpoint":"redis-14277.c51840.eu-west-1-1.ec2.cloud.rlrcp.com:14277",` +
		`"clustering":{"numberOfShards":1,"regexRules":` +
		`[{"ordinal":0,"pattern":".*\\{(?<tag>.*)\\}.*"},{"ordinal":1,"pattern":"(?<tag>.*)"}],"hashingPolicy":"standard"},` +
		`"security":{"enableDefaultUser":true,"enableTls":false,"sourceIps":["198.51.100.0/24"]},"modules":[],"links":[]}`
	page := []byte(`{"databases":[` + strings.Repeat(database+",", 99) + database + `]}`)
	b.SetBytes(int64(len(page)))
	var buf []byte
	for b.Loop() {
		buf, _ = api.Pretty(buf, page)
	}
	b.ReportMetric(float64(len(buf))/float64(len(page)), "growth")
}
