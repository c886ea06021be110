package openapi

import (
	"bytes"
	"strings"
	"testing"
)

func TestReadBody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, operation, body, want string }{
		{
			"null", "createProDatabase", `{"name":"a","port":null,"alerts":[{"name":"latency","value":1}],"replica":null}`,
			`{"alerts":[{"name":"latency","value":1}],"name":"a"}`,
		},
		{
			"null, deep", "createProDatabase",
			`{"modules":[{"name":"m","parameters":{"a":null,"b":1}}],"remoteBackup":{"active":null}}`,
			`{"modules":[{"name":"m","parameters":{"b":1}}],"remoteBackup":{}}`,
		},
		{"null that is required", "createProDatabase", `{"name":null}`, `{}`},
		{"null that chooses nothing", "updateProSubscription", `{"name":"a","customerManagedKeys":null}`, `{"name":"a"}`},
		{"null for a body", "backupProDatabase", `null`, ``},
		{
			"integer", "createProDatabase", `{"port":"12345","averageItemSizeInBytes":"-07"}`,
			`{"averageItemSizeInBytes":-7,"port":12345}`,
		},
		{
			"number", "createProDatabase", `{"datasetSizeInGb":"0.10","memoryLimitInGb":"1E+2"}`,
			`{"datasetSizeInGb":0.10,"memoryLimitInGb":1E+2}`,
		},
		{"boolean", "createProDatabase", `{"dryRun":"true","replication":"False"}`, `{"dryRun":true,"replication":false}`},
		{
			"text of a number", "createProDatabase", `{"name":1.50,"password":12345678901234567890}`,
			`{"name":"1.50","password":"12345678901234567890"}`,
		},
		{
			"text of a boolean", "createProDatabase", `{"name":true,"sourceIp":[false]}`, `{"name":"true","sourceIp":["false"]}`,
		},
		{
			"choice of forms", "updateProDatabase",
			`{"clientTlsCertificates":[1,{"publicCertificatePEMString":2,"description":null}]}`,
			`{"clientTlsCertificates":["1",{"publicCertificatePEMString":"2"}]}`,
		},
		{
			"choice of bodies", "updateProSubscription",
			`{"deletionGracePeriod":null,"customerManagedKeys":[{"resourceName":7,"region":null}]}`,
			`{"customerManagedKeys":[{"resourceName":"7"}]}`,
		},
		{
			"choice of requests", "createVpcPeering",
			`{"provider":null,"region":"us-east-1","awsAccountId":210987654321,"vpcId":"v","vpcProjectUid":null}`,
			`{"awsAccountId":"210987654321","region":"us-east-1","vpcId":"v"}`,
		},
		{
			"read-only", "createProDatabase",
			`{"name":"a","subscriptionId":7,"commandType":{"any":[1]},"remoteBackup":{"backupInterval":"EVERY_1_HOURS"}}`,
			`{"name":"a","remoteBackup":{}}`,
		},
		{"a mark that says UTF-8", "createProDatabase", "\ufeff" + `{ "name":"a"}`, `{ "name":"a"}`},
		{"a mark and nothing", "backupProDatabase", "\ufeff", ``},
		{
			"read-only beside any of the forms", "updateProSubscription",
			`{"subscriptionId":"x","commandType":null,"customerManagedKeys":[]}`, `{"customerManagedKeys":[]}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := operation(t, test.operation).ReadBody([]byte(test.body)); string(got.JSON) != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.body, got.JSON, test.want)
			}
		})
	}
}

// What the document admits, what means something by itself and what cannot be taken for anything else keeps its bytes.
func TestReadBodyKeeps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, operation, body string }{
		{"what is right", "createProDatabase", " { \"port\" : 1.0e1,\t\"name\":\"a\" }\n"},
		{"null that clears", "updateProDatabase", `{"clientTlsCertificates":null }`},
		{"null in a list", "createProDatabase", `{ "sourceIp":[null]}`},
		{"null of a stranger", "createProDatabase", `{ "nobody":null}`},
		{
			"a choice between scalars", "createProDatabase",
			`{"name":"a", "modules":[{"name":"m","parameters":{"a":"1","b":1,"c":"true","d":true}}]}`,
		},
		{
			"a document of any JSON", "putDataIntegrationWorkspace", `{"a" :null,"name":1,"b":["true",null],"subscriptionId":7}`,
		},
		{"a document that is null", "putDataIntegrationWorkspace", ` null`},
		{
			"texts that read as nothing", "createProDatabase",
			`{ "port":"0x10","averageItemSizeInBytes":"1_0","ramPercentage":" 1","datasetSizeInGb":"NaN",` +
				`"memoryLimitInGb":"+Inf","dryRun":"t"}`,
		},
		{"texts beyond all integers", "createProDatabase", `{ "averageItemSizeInBytes":"9223372036854775808"}`},
		{"numbers that are no booleans", "createProDatabase", `{ "dryRun":1,"replication":0}`},
		{"no JSON", "createProDatabase", `{"port":null`},
		{"none", "createProDatabase", ``},
		{"where none is declared", "deleteProDatabase", `{"port":null}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := operation(t, test.operation).ReadBody([]byte(test.body)); string(got.JSON) != test.body {
				t.Errorf("%s has become %s", test.body, got.JSON)
			}
		})
	}
}

// BenchmarkReadBody compares a body that is right, whose bytes are kept, with one that is not.
func BenchmarkReadBody(b *testing.B) {
	op := operation(b, "createProDatabase")
	right := []byte(providerDatabase)
	for name, body := range map[string][]byte{
		"right": right,
		"other": bytes.Replace(right, []byte(`"port":10101`),
			[]byte(`"port":"10101","replicaOf":null,"subscriptionId":7`), 1),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if got := op.ReadBody(body); strings.Contains(string(got.JSON), "null") {
					b.Fatal(string(got.JSON))
				}
			}
		})
	}
}
