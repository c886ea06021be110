package openapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// ids fits every path of the document that a test calls.
func ids() map[string]string {
	return map[string]string{
		"subscriptionId": "7", "databaseId": "51900417", "taskId": "t", "tagKey": "team", "cloudAccountId": "1",
	}
}

// request makes a request of an operation; only its query counts.
func request(op *Operation, query string) *http.Request {
	return httptest.NewRequest(op.Method, (&url.URL{Path: "/", RawQuery: query}).String(), nil)
}

func TestCheckRequestRefusesBody(t *testing.T) {
	t.Parallel()
	// Each body gets an error that holds all the texts wanted.
	for _, test := range []struct {
		name, operation, body string
		want                  []string
	}{
		{"no body", "createProDatabase", ``, []string{"JSON parse error: required request body is missing"}},
		{"only space", "createProDatabase", ` `, []string{"malformed JSON at offset 1: unexpected end"}},
		{"cut off", "createProDatabase", `{"name":"a"`, []string{"malformed JSON at offset 11: unexpected end"}},
		{"not JSON", "createProDatabase", `{"name":a}`, []string{"malformed JSON at offset 9", "invalid character 'a'"}},
		{
			"data after it", "createProDatabase", `{"name":"a"} {"name":"b"}`,
			[]string{"malformed JSON at offset 13: data after the value"},
		},
		{"not UTF-8", "createProDatabase", "{\"name\":\"\xff\"}", []string{"it is not UTF-8"}},
		{
			"NUL", "createProDatabase", `{"name":"a\\\u0000"}`,
			[]string{`malformed JSON at offset 12: \u0000 is not a character`},
		},
		{"half a pair", "createProDatabase", `{"name":"\ud83da"}`, []string{`\ud83d is not a character`}},
		{"other half", "createProDatabase", `{"name":"\ude00"}`, []string{`\ude00 is not a character`}},
		{"an array", "createProDatabase", `[]`, []string{"value must be an object, not an array"}},
		{"null", "createProDatabase", `null`, []string{"JSON parse error: required request body is missing"}},
		{
			"unknown field", "createProDatabase", `{"name":"a","dataPersistance":"none"}`,
			[]string{
				`Unrecognized field "dataPersistance", known fields: [alerts, `, " dataPersistence, ", "(at dataPersistance)",
			},
		},
		{"name in capitals", "createProDatabase", `{"Name":"a","name":"b"}`, []string{`Unrecognized field "Name"`}},
		{"missing field", "createProDatabase", `{}`, []string{"required field is missing (at name)"}},
		{"wrong type", "createProDatabase", `{"name":[3]}`, []string{"value must be a string, not an array (at name)"}},
		{"null field", "createProDatabase", `{"name":null}`, []string{"required field is missing (at name)"}},
		{
			"null for an unknown field", "createProDatabase", `{"name":"a","dataPersistance":null}`,
			[]string{`Unrecognized field "dataPersistance"`},
		},
		{
			"null in array", "createProDatabase", `{"name":"a","sourceIp":["10.0.0.0/8",null]}`,
			[]string{"null is not accepted (at sourceIp[1])"},
		},
		{
			"bad enum", "createProDatabase", `{"name":"a","protocol":"mysql"}`,
			[]string{"JSON parse error: Cannot deserialize value of type `mappings.Protocol` from String \"mysql\": " +
				"not one of the values accepted for Enum class: [redis, memcached] (at protocol)"},
		},
		{
			"enum of another type", "createProDatabase", `{"name":"a","protocol":1}`,
			[]string{"from String \"1\": not one of", "(at protocol)"},
		},
		{
			"enum of another kind", "createProDatabase", `{"name":"a","protocol":[1]}`,
			[]string{"from an array: not one of", "(at protocol)"},
		},
		{
			"bad enum, deep", "createProSubscription",
			`{"cloudProviders":[],"databases":[{"name":"a","protocol":"redis"},{"name":"b","protocol":"mysql"}]}`,
			[]string{"`mappings.Protocol` from String \"mysql\"", "[redis, memcached]", "(at databases[1].protocol)"},
		},
		{
			"no providers", "createProSubscription", `{"databases":[]}`,
			[]string{"required field is missing (at cloudProviders)"},
		},
		{
			"int32 overflow", "createProDatabase", `{"name":"a","port":2147483648}`,
			[]string{"value is not a 32-bit integer (at port)"},
		},
		{
			"int64 overflow", "createProDatabase", `{"name":"a","averageItemSizeInBytes":9223372036854775808}`,
			[]string{"9223372036854775808 is not a 64-bit integer (at averageItemSizeInBytes)"},
		},
		{"fraction", "createProDatabase", `{"name":"a","port":1.5}`, []string{"value must be an integer", "(at port)"}},
		{
			"integer as fraction", "createProDatabase",
			`{"name":"a","throughputMeasurement":{"by":"number-of-shards","value":2.0}}`,
			[]string{"2.0 is not a 64-bit integer (at throughputMeasurement.value)"},
		},
		{
			"integer as power", "createProDatabase", `{"name":"a","alerts":[{"name":"latency","value":1e2}]}`,
			[]string{"1e2 is not a 32-bit integer (at alerts[0].value)"},
		},
		{"huge number", "createProDatabase", `{"name":"a","datasetSizeInGb":1e400}`, []string{"(at datasetSizeInGb)"}},
		{
			"tiny number", "createProDatabase", `{"name":"a","datasetSizeInGb":1e-400}`,
			[]string{"number 1e-400 is out of range (at datasetSizeInGb)"},
		},
		{
			"text for a number", "createProDatabase", `{"name":"a","datasetSizeInGb":"one"}`,
			[]string{"value must be a number, not a string (at datasetSizeInGb)"},
		},
		{
			"text for an integer", "createProDatabase", `{"name":"a","port":"2.0"}`,
			[]string{"value must be an integer, not a string (at port)"},
		},
		{
			"text for a boolean", "createProDatabase", `{"name":"a","dryRun":"yes"}`,
			[]string{"value must be a boolean, not a string (at dryRun)"},
		},
		{
			"empty text for a number", "createProDatabase", `{"name":"a","port":""}`,
			[]string{"value must be an integer, not a string (at port)"},
		},
		{
			"number for a boolean", "createProDatabase", `{"name":"a","dryRun":1}`,
			[]string{"value must be a boolean, not a number (at dryRun)"},
		},
		{
			"text of an integer too large", "createProDatabase", `{"name":"a","port":"2147483648"}`,
			[]string{"value is not a 32-bit integer (at port)"},
		},
		{
			"text of a number too large", "createProDatabase", `{"name":"a","datasetSizeInGb":"1e400"}`,
			[]string{"(at datasetSizeInGb)"},
		},
		{
			"parameter of a module", "createProDatabase", `{"name":"a","modules":[{"name":"m","parameters":{"n":{}}}]}`,
			[]string{"(at modules[0].parameters.n)"},
		},
		{
			"certificate", "createProDatabase", `{"name":"a","clientTlsCertificates":[{"pem":"x"}]}`,
			[]string{"clientTlsCertificates[0]"},
		},
		{
			"certificate without its text", "createProDatabase", `{"name":"a","clientTlsCertificates":[{}]}`,
			[]string{"required field is missing (at clientTlsCertificates[0].publicCertificatePEMString)"},
		},
		{"both updates", "updateProSubscription", `{"name":"a","customerManagedKeys":[]}`, []string{"Unrecognized field"}},
		{
			"neither update", "updateProSubscription", `{"name":[]}`, []string{"value must be a string, not an array (at name)"},
		},
		{
			"key without name", "updateProSubscription", `{"customerManagedKeys":[{"region":"r"}]}`,
			[]string{"required field is missing (at customerManagedKeys[0].resourceName)"},
		},
		{"two problems", "createProDatabase", `{"port":"a"}`, []string{"(at name); ", "(at port)"}},
		{"many problems", "updateProDatabase", `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}`, []string{"; and 2 more"}},
		{
			"huge number in a document", "putDataIntegrationWorkspace", `{"a":[{"b":1},{"b":1e400}]}`,
			[]string{"number 1e400 is out of range (at a[1].b)"},
		},
		{"huge number alone", "putDataIntegrationWorkspace", `1e200000`, []string{"JSON parse error: "}},
		{
			"tiny number in a document", "patchDataIntegrationWorkspace", `[1e-400]`,
			[]string{"number 1e-400 is out of range (at [0])"},
		},
		{
			"long number in a document", "postDataIntegrationWorkspaceSubpath", `{"a":0.` + strings.Repeat("3", 63) + `}`,
			[]string{"is out of range (at a)"},
		},
		{
			"deep in a document", "putDataIntegrationWorkspace",
			strings.Repeat(`{"a":`, 9_990) + "1e400" + strings.Repeat("}", 9_990),
			[]string{"number 1e400 is out of range (at a.a.", "…)"},
		},
		{"mode", "updateProSubscriptionMaintenanceWindows", `{"mode":"lazy"}`, []string{"[manual, automatic] (at mode)"}},
		{"tags", "replaceProDatabaseTags", `{"tags":[{"key":"a"}]}`, []string{"(at tags[0].value)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			op := operation(t, test.operation)
			err := op.CheckRequest(request(op, ""), ids(), op.ReadBody([]byte(test.body)))
			if _, ok := errors.AsType[*Invalid](err); !ok {
				t.Fatalf("%s: got %v, want an *Invalid", test.body, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s\n got %s\nwant %s", test.body, err, want)
				}
			}
			if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 8_000 {
				t.Errorf("not one short line: %q", err)
			}
		})
	}
}

func TestCheckRequestNamesFirstNumber(t *testing.T) {
	t.Parallel()
	op := operation(t, "createProDatabase")
	body := []byte(
		`{"port":2.0,"name":"a","memoryLimitInGb":1e-400,"datasetSizeInGb":1e-400,"averageItemSizeInBytes":1e2}`,
	)
	for range 100 { // the order in which a map is walked differs
		err := op.CheckRequest(request(op, ""), ids(), op.ReadBody(body))
		if err == nil || !strings.Contains(err.Error(), "(at averageItemSizeInBytes)") {
			t.Fatalf("got %v, want the first by name", err)
		}
	}
}

func TestCheckRequestAcceptsBody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, operation, body string }{
		{"least", "createProDatabase", `{"name":"a"}`},
		{"space around", "createProDatabase", "\n {\"name\":\"a\"}\r\n\t "},
		{"fields in capitals of another", "createProDatabase", `{"name":"A\\u0000 \ud83d\ude00 \" \n"}`},
		{
			"rules of business are the task's", "createProDatabase",
			`{"name":"-","port":1,"datasetSizeInGb":0,"memoryLimitInGb":-1,"sourceIp":["x"],"remoteBackup":{"interval":"x"}}`,
		},
		{"no databases", "createProSubscription", `{"cloudProviders":[],"databases":[]}`},
		{"databases absent", "createProSubscription", `{"cloudProviders":[{"regions":[{"region":"mars-1"}]}]}`},
		{"largest", "createProDatabase", `{"name":"a","averageItemSizeInBytes":9223372036854775807,"port":-2147483648}`},
		{"size as integer, fraction, power", "updateProDatabase", `{"datasetSizeInGb":1,"memoryLimitInGb":2.50e0}`},
		{"certificates null", "updateProDatabase", `{"clientTlsCertificates":null}`},
		{"certificates none", "updateProDatabase", `{"clientTlsCertificates":[]}`},
		{"certificates bare", "updateProDatabase", `{"clientTlsCertificates":["-----BEGIN"]}`},
		{
			"certificates wrapped", "updateProDatabase",
			`{"clientTlsCertificates":[{"publicCertificatePEMString":"-----BEGIN"}]}`,
		},
		{"no replica, as the SDK says it", "updateProDatabase", `{"replicaOf":null}`},
		{
			"module parameters", "createProDatabase",
			`{"name":"a","modules":[{"name":"m","parameters":{"number-of-documents":1000000,"x":"y","z":true}}]}`,
		},
		{"update of nothing", "updateProSubscription", `{}`},
		{"update", "updateProSubscription", `{"name":"a","paymentMethod":"marketplace","publicEndpointAccess":false}`},
		{
			"keys", "updateProSubscription",
			`{"deletionGracePeriod":"1-hour","customerManagedKeys":[{"resourceName":"k","region":"r"}]}`,
		},
		{
			"windows are the task's", "updateProSubscriptionMaintenanceWindows",
			`{"mode":"manual","windows":[{"startHour":99,"durationInHours":0,"days":["Funday"]}]}`,
		},
		{
			"document of any JSON", "putDataIntegrationWorkspace",
			`{"a":[1.0,1e2,-0,1e308,0.` + strings.Repeat("3", 62) + `],"b":{"":null}}`,
		},
		{"deep document", "putDataIntegrationWorkspace", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)},
		{"tag key in capitals", "createProDatabaseTag", `{"key":"COST","value":""}`},
		{"a body where none is asked for", "deleteProDatabase", `whatever`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			op := operation(t, test.operation)
			if err := op.CheckRequest(request(op, ""), ids(), op.ReadBody([]byte(test.body))); err != nil {
				t.Errorf("%s: %v", test.body, err)
			}
		})
	}
}

func TestCheckRequestParameters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, operation, id, query, want string // want "" is accepted
	}{
		{"plain", "getProSubscription", "7", "", ""},
		{"largest", "getProSubscription", "2147483647", "", ""},
		{
			"too large", "getProSubscription", "2147483648", "",
			`path parameter subscriptionId: "2147483648" is not a 32-bit integer`,
		},
		{"not a number", "getProSubscription", "seven", "", `path parameter subscriptionId: "seven" is not a 32-bit integer`},
		{"empty", "getProSubscription", "", "", `path parameter subscriptionId: "" is not a 32-bit integer`},
		{"two lines", "getProSubscription", "7\n", "", `path parameter subscriptionId: "7\n" is not a 32-bit integer`},
		{"page", "listProDatabases", "7", "limit=100&offset=0", ""},
		{"page size", "listProDatabases", "7", "limit=0", "query parameter limit: number must be at least 1"},
		{"page start", "listProDatabases", "7", "offset=-1", "query parameter offset: number must be at least 0"},
		{"page start, empty", "listProDatabases", "7", "offset=", `query parameter offset: "" is not a 32-bit integer`},
		{"provider", "listRegions", "", "provider=GCP", ""},
		{
			"unknown provider", "listRegions", "", "provider=gcp",
			"query parameter provider: Cannot deserialize value of type `mappings.CloudProvider` from String \"gcp\": " +
				"not one of the values accepted for Enum class: [AWS, GCP]",
		},
		{"undeclared", "listProDatabases", "7", "pretty=yes", ""},
		{"undeclared on an operation without", "getProSubscription", "7", "pretty=%zz", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			op := operation(t, test.operation)
			err := op.CheckRequest(request(op, test.query), map[string]string{"subscriptionId": test.id}, Body{})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf(" got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestCheckRequestRefusesTextThatCannotBeStored(t *testing.T) {
	t.Parallel()
	op := operation(t, "deleteProDatabaseTag")
	for _, key := range []string{"a\x00", "\xff"} {
		params := ids()
		params["tagKey"] = key
		if err := op.CheckRequest(request(op, ""), params, Body{}); err == nil {
			t.Errorf("tag key %q passed", key)
		}
	}
}

func BenchmarkCheckGet(b *testing.B) {
	op := operation(b, "getProDatabase")
	r, params := request(op, ""), ids()
	b.ReportAllocs()
	for b.Loop() {
		if err := op.CheckRequest(r, params, Body{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckPost(b *testing.B) {
	op := operation(b, "createProDatabase")
	r, params, body := request(op, ""), ids(), []byte(providerDatabase)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := op.CheckRequest(r, params, op.ReadBody(body)); err != nil {
			b.Fatal(err)
		}
	}
}
