package openapi

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestRefusalIsCheap holds bodies of nothing but mistakes to what it takes to read and check a body of their size. It
// is not parallel to others: it counts what the whole process allocates.
func TestRefusalIsCheap(t *testing.T) {
	const size = 1 << 20
	var unknown, parameters strings.Builder
	for i := range size / 10 {
		fmt.Fprintf(&unknown, `"%x":1,`, i)
		fmt.Fprintf(&parameters, `"%x":{},`, i)
	}
	for _, test := range []struct {
		name, operation, body string
		want                  string // in the message
	}{
		{
			"empty items", "createProSubscription", `{"name":"a","databases":[` + strings.Repeat(`{},`, size/3) + `{}]}`,
			"; and many more",
		},
		{
			"unknown fields of items", "createProSubscription", `{"databases":[` + strings.Repeat(`{"":1},`, size/7) + `{}]}`,
			"; and many more",
		},
		{"unknown fields", "createProSubscription", `{` + unknown.String() + `"name":"a"}`, "; and many more"},
		{
			"no alternative", "updateProDatabase", `{"clientTlsCertificates":[` + strings.Repeat(`[],`, size/20) + `[]]}`,
			"; and many more",
		},
		{
			"no alternative, named", "createProDatabase",
			`{"name":"a","modules":[{"name":"m","parameters":{` + parameters.String() + `"a":{}}}]}`, "; and many more",
		},
		{
			"all fits but the last", "updateProDatabase", `{"clientTlsCertificates":[` + strings.Repeat(`"",`, size/3) + `[]]}`,
			"not an array (at clientTlsCertificates[349525])",
		},
		{"nulls", "createProDatabase", `{"sourceIp":[` + strings.Repeat(`null,`, size/5) + `null]}`, "; and many more"},
		{
			"texts for numbers", "createProSubscription", `{"databases":[` + strings.Repeat(`{"port":"1"},`, size/13) + `{}]}`,
			"; and many more",
		},
		{
			"numbers for texts, of a choice", "updateProDatabase",
			`{"clientTlsCertificates":[` + strings.Repeat(`1,`, size/4) + `[]]}`,
			"not an array (at clientTlsCertificates[262144])",
		},
		{
			"of no alternative's type", "updateProDatabase",
			`{"clientTlsCertificates":[` + strings.Repeat(`[],`, size/3) + `[]]}`, "; and many more",
		},
		{
			"deep", "createProDatabase", `{"name":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
			"value must be a string, not an array (at name)",
		},
		{"too deep", "createProDatabase", `{"name":` + strings.Repeat("[", size) + `}`, "exceeded max depth"},
		{"long value", "createProDatabase", `{"name":"a","protocol":"` + strings.Repeat("a", size) + `"}`, "aaa…"},
		{"long name", "createProDatabase", `{"name":"a","` + strings.Repeat("a", size) + `":1}`, "aaa…"},
		{"long number", "createProDatabase", `{"name":"a","port":1` + strings.Repeat("0", size) + `}`, "(at port)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			op := operation(t, test.operation)
			r, params, body := request(op, ""), ids(), []byte(test.body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := op.CheckRequest(r, params, op.ReadBody(body))
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			checkLine(t, err)
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 100 {
				t.Errorf("a body of %d bytes took %d MiB, want at most 100", len(body), took)
			}
		})
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	t.Parallel()
	op := operation(t, "createProSubscription")
	err := op.CheckRequest(request(op, ""), nil,
		op.ReadBody([]byte(`{"cloudProviders":[],"databases":[`+strings.Repeat(`{},`, 400)+`{}]}`)))
	if err == nil || !strings.Contains(err.Error(), "required field is missing (at databases[0].name); ") ||
		!strings.HasSuffix(err.Error(), "; and 396 more") {
		t.Errorf("got %v, want the first five of 401 problems", err)
	}
}
