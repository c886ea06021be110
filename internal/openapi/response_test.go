package openapi

import (
	"net/http"
	"strings"
	"testing"
)

func TestCheckResponse(t *testing.T) {
	t.Parallel()
	const (
		task = `{"taskId":"5b6f0a52-8f0e-4a3f-9c37-6d0f2f1f7a11","commandType":"c","status":"received","description":"d",` +
			`"timestamp":"2026-03-02T10:15:30.123456Z","links":[]}`
		notFound = `{"timestamp":"2026-03-02T10:17:00.321+00:00","status":404,"error":"Not Found","path":"/v1/x"}`
		cidrs    = `"response":{"resourceId":7,"resource":{"cidr_ips":[],"security_group_ids":[],"errors":[]}},`
		estimate = `"response":{"resource":{"pricing":[{"type":"Shards","quantity":2,"quantityMeasurement":"shards",` +
			`"pricePerUnit":0.1,"priceCurrency":"USD","pricePeriod":"hour"}]}},`
		failure = `"response":{"error":{"type":"DATABASE_NOT_FOUND","status":"404 NOT_FOUND","description":"d"}},`
	)
	with := func(response string) string { return strings.Replace(task, `"links"`, response+`"links"`, 1) }
	for _, test := range []struct {
		name, operation string
		status          int
		body            string
		want            string // "" fits
	}{
		{"task", "createProDatabase", 202, task, ""},
		{"task with allow list", "getTask", 200, with(cidrs), ""},
		{"task with estimate", "getTask", 200, with(estimate), ""},
		{"task with error", "getTask", 200, with(failure), ""},
		{"task with nothing yet", "getTask", 200, with(`"response":{},`), ""},
		{"task with another resource", "getTask", 200, with(`"response":{"resource":{"x":1}},`), "response.resource"},
		{
			"error as a text", "getTask", 200, with(`"response":{"error":"A"},`),
			"value must be an object, not a string (at response.error)",
		},
		{"not a uuid", "createProDatabase", 202, strings.Replace(task, "5b6f", "zzzz", 1), "value is not a uuid (at taskId)"},
		{"unknown field", "createProDatabase", 202, with(`"extra":1,`), `Unrecognized field "extra"`},
		{"unknown field, deep", "getTask", 200, with(`"response":{"resurceId":1},`), `Unrecognized field "resurceId"`},
		{"missing field", "createProDatabase", 202, `{}`, "required field is missing (at commandType)"},
		{"unknown status", "createProDatabase", 200, task, "answered status 200, which is not declared"},
		{
			"float for integer", "getTask", 200, with(`"response":{"resourceId":7.0},`),
			"7.0 is not a 32-bit integer (at response.resourceId)",
		},
		{"any error", "getProDatabase", 404, notFound, ""},
		{
			"time without zone", "getProDatabase", 404, strings.Replace(notFound, "+00:00", "", 1),
			"value is not a date-time (at timestamp)",
		},
		{"nothing left", "deleteProDatabaseTag", 200, `{}`, ""},
		{"something left", "deleteProDatabaseTag", 200, `{"a":1}`, "Unrecognized field"},
		{
			"two pages in one", "listProDatabases", 200, `{"accountId":1,"subscription":[],"links":[]}`,
			"minimum number of items is 1 (at subscription)",
		},
		{"no body", "deleteProDatabaseTag", 200, ``, "unexpected end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := operation(t, test.operation).CheckResponse(test.status,
				http.Header{"Content-Type": {"application/json"}}, []byte(test.body))
			switch {
			case test.want == "" && err != nil:
				t.Errorf("%s: %v", test.body, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%s\n got %v\nwant %s", test.body, err, test.want)
			}
		})
	}
	err := operation(t, "deleteProDatabaseTag").CheckResponse(200,
		http.Header{"Content-Type": {"text/plain"}}, []byte(`{}`))
	if err == nil || !strings.Contains(err.Error(), `content type "text/plain"`) {
		t.Errorf("text/plain: got %v", err)
	}
}
