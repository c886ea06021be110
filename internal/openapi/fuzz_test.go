package openapi

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkLine fails unless err is nil or an *Invalid of one printable line.
func checkLine(t *testing.T, err error) {
	t.Helper()
	var invalid *Invalid
	if err == nil {
		return
	}
	if !errors.As(err, &invalid) || len(invalid.Problems) == 0 {
		t.Fatalf("got %#v, want an *Invalid with problems", err)
	}
	if line := err.Error(); !utf8.ValidString(line) || strings.ContainsAny(line, "\n\r\x00") || len(line) > 8000 {
		t.Fatalf("not one short line: %q", line)
	}
}

func FuzzCheckRequestBody(f *testing.F) {
	operations := []string{
		"createProSubscription", "updateProSubscription", "createProDatabase", "updateProDatabase", "replaceProDatabaseTags",
		"putDataIntegrationWorkspace", "createInstance", "restartInstance",
	}
	for _, body := range []string{
		``, `null`, `{}`, `[]`, `{"name":"a"}`, `{"name":"a"} x`, `{"name":"\ud83d\ude00\u0000"}`, providerDatabase,
		`{"cloudProviders":[{"regions":[{"region":"r"}]}],"databases":[{"name":"a","protocol":"redis"}]}`,
		`{"datasetSizeInGb":1e-400,"averageItemSizeInBytes":9223372036854775808,"port":2.0}`,
		`{"customerManagedKeys":[{"resourceName":1}]}`, `{"clientTlsCertificates":[null,"a",{"b":1}],"replicaOf":null}`,
		`{"name":"orders","datastore":{"type":"MySQL","version":8.0,"complete_version":[]},"port":8635,` +
			`"volume":{"size":"40"},"ha":null,"tags":[{"key":1,"value":true}],"restore_point":{"a":null},"count":"1"}`,
		`{"restart":{"forcible":"TRUE","restart_policy":{"period":[1,null]}}}`,
		`{"tags":[{"key":"a","value":"b","0":{}}]}`, `{"":[[[]]]}`, `{"a":[{"b":1e400}]}`,
		`{"databases":[` + strings.Repeat(`{},`, 600) + `{}],"clientTlsCertificates":[` + strings.Repeat(`1,`, 70) +
			`""],"modules":[{"parameters":{"0":{},"a":1}}]}`,
		`{"` + strings.Repeat("k\\n", 500) + `":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}`,
	} {
		for i := range operations {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		op := operation(t, operations[int(which)%len(operations)])
		err := op.CheckRequest(request(op, ""), ids(), op.ReadBody(body))
		checkLine(t, err)
		if err == nil && len(body) > 0 && !json.Valid(body) {
			t.Fatalf("%q is no JSON and passed", body)
		}
	})
}

// FuzzReadBody holds the normal form of a body to what it promises: it is its own normal form, and a valid body has a
// valid one.
func FuzzReadBody(f *testing.F) {
	operations := []string{
		"createProSubscription", "updateProSubscription", "createProDatabase", "updateProDatabase", "createVpcPeering",
		"putDataIntegrationWorkspace", "backupProDatabase", "createInstance", "restartInstance", "renameInstance",
	}
	for _, body := range []string{
		``, `null`, `{}`, `[null]`, `{"name":1,"name":null}`,
		`{"name":"7","port":"007","dryRun":"TRUE","datasetSizeInGb":"1e5"}`, providerDatabase,
		`{"subscriptionId":[null],"commandType":{"a":"1"},"name":null,"customerManagedKeys":null}`,
		`{"customerManagedKeys":[{"resourceName":1,"region":null}]}`,
		`{"clientTlsCertificates":[null,1,{"publicCertificatePEMString":true}],"replicaOf":null}`,
		`{"clientTlsCertificates":null}`,
		`{"modules":[{"name":true,"parameters":{"a":null,"b":"1","c":[]}}],` +
			`"remoteBackup":{"backupInterval":1,"active":"no"}}`,
		`{"provider":"GCP","vpcProjectUid":1,"vpcNetworkName":2,"region":null}`,
		`{"name":7,"datastore":{"type":"MySQL","version":8.0,"complete_version":[]},"port":8635,"volume":{"size":"40"},` +
			`"ha":null,"tags":[{"key":1,"value":true}],"restore_point":{"a":null},"count":"1"}`,
		`{"restart":{"forcible":"TRUE","restart_policy":{"period":[1,null]}}}`,
		`{"port":9223372036854775808,"averageItemSizeInBytes":"9223372036854775807"}`,
	} {
		for i := range operations {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, sent []byte) {
		op := operation(t, operations[int(which)%len(operations)])
		check := func(body Body) error { return op.CheckRequest(request(op, ""), ids(), body) }
		normal := op.ReadBody(sent)
		again := op.ReadBody(normal.JSON)
		if string(again.JSON) != string(normal.JSON) {
			t.Fatalf("%q has the normal form %q, and that %q", sent, normal.JSON, again.JSON)
		}
		one, two := check(normal), check(again)
		if (one == nil) != (two == nil) || one != nil && one.Error() != two.Error() {
			t.Fatalf("%q is refused with %v, %q with %v", sent, one, normal.JSON, two)
		}
		value, wrong := decode(sent)
		if len(sent) > 0 && one != nil && check(Body{JSON: sent, value: value, wrong: wrong}) == nil {
			t.Fatalf("%q is valid, its normal form %q not: %v", sent, normal.JSON, one)
		}
	})
}

func FuzzPathParam(f *testing.F) {
	for _, text := range []string{
		"", "0", "7", "-1", "+7", "007", "2147483648", "1e3", "7%00", "\x00", "\xff", "seven", "team/a?b", "\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		op := operation(t, "updateProDatabaseTag")
		params := ids()
		params["subscriptionId"], params["tagKey"] = text, text
		err := op.CheckRequest(request(op, ""), params, op.ReadBody([]byte(`{"value":"v"}`)))
		checkLine(t, err)
		if _, bad := strconv.ParseInt(text, 10, 32); (bad == nil) != (err == nil) {
			t.Fatalf("subscriptionId %q: got %v", text, err)
		}
	})
}

func FuzzQueryParam(f *testing.F) {
	for _, query := range []string{
		"", "limit=1", "limit=1&limit=x", "limit=&offset", "offset=-1", "%zz=1", "limit=%00", "a;b=1", "offset=99999999999",
	} {
		for which := range uint8(3) {
			f.Add(which, query)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		op := operation(t, []string{"listProDatabases", "listInstances", "listJobs"}[int(which)%3])
		r := request(op, "")
		r.URL.RawQuery = query
		err := op.CheckRequest(r, ids(), Body{})
		checkLine(t, err)
		values, _ := url.ParseQuery(query)
		limit, bad := strconv.ParseInt(values.Get("limit"), 10, 32)
		if values.Has("limit") && (bad != nil || limit < 1) && err == nil {
			t.Fatalf("query %q passed", query)
		}
	})
}
