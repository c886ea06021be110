package control_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

const seedFile = `
idSeed: 7
clock: {mode: frozen, at: 2026-05-20T10:30:00Z}
assets:
  paymentMethods: [{id: 4711, type: Mastercard, creditCardEndsWith: 1234}]
  cloudAccounts: [{name: ours, provider: AWS}]
  users: [{name: Ann, email: ann@example.com, role: Viewer}]
  transitGateways: [{awsTgwUid: tgw-0feedfacecafebeef, awsAccountId: "012345678901"}]
faults: [{preset: rate-429, rule: {match: {operation: deleteAclRole}}}]
resources:
  - as: main
    operation: createProSubscription
    body: &subscription
      name: main
      paymentMethodId: 4711
      cloudProviders:
        - regions: [{region: us-east-1, networking: {deploymentCIDR: 10.0.0.0/24}}]
      databases: [{name: first, datasetSizeInGb: 1}]
  - as: second
    operation: createProDatabase
    path: {subscriptionId: "${main}"}
    body: {name: second, datasetSizeInGb: 1}
  - as: leaving
    operation: createProDatabase
    path: {subscriptionId: "${main}"}
    body: {name: leaving, datasetSizeInGb: 1}
    state: deleting
  - {as: failed, operation: createProSubscription, body: *subscription, state: error}
  - {operation: createProSubscription, body: *subscription, state: pending, as: waiting}
accounts:
  - name: other
    ownerName: Someone
    keys:
      - {name: other-owner, apiKey: other-key, apiSecretKey: other-secret}
      - {name: other-viewer, apiKey: a, apiSecretKey: b, role: Viewer}
    resources:
      - {operation: createAclRedisRule, body: {name: reads, redisRule: +@read ~*}}
`

func seed(t *testing.T, f *fixture, text string) control.Seeded {
	t.Helper()
	return must(t, f, control.SeedAccounts, control.SeedInput{File: control.File{Content: []byte(text)}})
}

// status reads the status of something.
func (f *fixture) status(t *testing.T, keys sandbox.KeyPair, path string) string {
	t.Helper()
	_, answer := f.ask(t, keys, http.MethodGet, path, "")
	var got struct{ Status string }
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatalf("%s: %s", path, answer)
	}
	return got.Status
}

func TestSeed(t *testing.T) {
	t.Parallel()
	f := start(t)
	demo := sandbox.KeyPair{APIKey: f.APIKey, APISecretKey: f.APISecretKey}
	seeded := seed(t, f, seedFile)
	if len(seeded.Accounts) != 2 || seeded.Accounts[0].Made != 9 || !seeded.Accounts[1].Created {
		t.Fatalf("seeded is %+v", seeded)
	}
	ids := seeded.Accounts[0].Resources
	main := "/subscriptions/100001"
	for path, want := range map[string]string{
		main:                         "active",
		main + "/databases/51000002": "active",
		main + "/databases/51000003": "active",
		main + "/databases/51000004": "deleting",
		"/subscriptions/100005":      "error",
		"/subscriptions/100007":      "pending",
	} {
		if got := f.status(t, demo, path); got != want {
			t.Errorf("%s is %s, want %s (ids are %v)", path, got, want, ids)
		}
	}
	other := sandbox.KeyPair{APIKey: "other-key", APISecretKey: "other-secret"}
	if _, answer := f.ask(t, other, http.MethodGet, "/acl/redisRules", ""); !strings.Contains(answer, "reads") {
		t.Errorf("the other account has %s", answer)
	}
	viewer := sandbox.KeyPair{APIKey: "a", APISecretKey: "b"}
	if status, _ := f.ask(t, viewer, http.MethodPost, "/acl/redisRules", "{}"); status != http.StatusForbidden {
		t.Errorf("a viewer is answered with %d", status)
	}

	before := must(t, f, control.ListAccounts, control.None{})
	for _, a := range seed(t, f, seedFile).Accounts {
		if a.Made != 0 || a.Created {
			t.Errorf("the same file again made %+v", a)
		}
	}
	for i, a := range must(t, f, control.ListAccounts, control.None{}).Accounts {
		if a != before.Accounts[i] {
			t.Errorf("after the same file again the account is %+v, want %+v", a, before.Accounts[i])
		}
	}
	refused(t, f, "INVALID_SEED", control.SeedAccounts, control.SeedInput{File: control.File{
		Content: []byte(strings.Replace(seedFile, "name: second", "name: third", 1)),
	}})
	must(t, f, control.ResetAccount, control.ResetInput{AccountPath: account("Demo")})
	if again := seed(t, f, seedFile).Accounts[0]; again.Made != 5 || again.Resources["main"] != ids["main"] {
		t.Errorf("after a reset seeded is %+v, want the resources as at first", again)
	}
}

// An error of a seed file names the line and the member, and nothing of the account is made.
func TestSeedFilesThatAreWrong(t *testing.T) {
	t.Parallel()
	f := start(t)
	const good = `resources:
  - as: main
    operation: createProSubscription
    body:
      name: main
      paymentMethodId: 24681
      cloudProviders:
        - regions: [{region: us-east-1, networking: {deploymentCIDR: 10.0.0.0/24}}]
      databases:
        - name: first
          datasetSizeInGb: 1
  - operation: createProDatabase
    path: {subscriptionId: "${main}"}
    body: {name: second, datasetSizeInGb: 1}
    state: active
`
	for _, tt := range []struct{ was, is, says string }{
		{"as: main", "sa: main", `line 2: there is no member "sa"`},
		{"as: main", "as: [main]", `line 2: cannot unmarshal`},
		{
			"operation: createProSubscription", "operation: createProSubscriptoin",
			`line 3: no operation that makes something is called "createProSubscriptoin": is createProSubscription meant?`,
		},
		{"datasetSizeInGb: 1\n", "datasetSizeInGb: many\n", "line 11: body.databases[0].datasetSizeInGb: "},
		{"        - name: first\n", "        - nam: first\n", "line 10: body.databases[0].nam: "},
		{"${main}", "${mine}", `line 13: path.subscriptionId: no resource before it is called "mine"`},
		{"${main}", "9", "line 12: createProDatabase SUBSCRIPTION_NOT_FOUND: "},
		{"state: active", "state: draft", `line 12: createProDatabase: it is never "draft": it goes through pending, active`},
		{"state: active", "error: {code: X}", "line 15: error: only what is in state error has one"},
		{"resources:", "resources: [", "line "},
	} {
		text := strings.Replace(good, tt.was, tt.is, 1)
		in := control.SeedInput{File: control.File{Content: []byte(text)}}
		_, err := control.SeedAccounts.Call(t.Context(), f.client, in)
		if err == nil || !strings.HasPrefix(err.Error(), tt.says) {
			t.Errorf("%q: got error %v, want %q", tt.is, err, tt.says)
		}
		if a := must(t, f, control.GetAccount, account("Demo")); a.Resources != 0 {
			t.Errorf("%q: the account has %d resources", tt.is, a.Resources)
		}
	}
	for text, says := range map[string]string{
		"users: [{name: A, email: a@b.c}, {name: B, email: b@b.c, role: K}]": `.users.1: role "K" is none of Owner, `,
		"users: []\n  cards: []":                                       ".cards is none of cloudAccounts, ",
		"paymentMethods: [type: Visa]":                                 ".paymentMethods.0: creditCardEndsWith is missing",
		"paymentMethods: [number: 1]":                                  `.paymentMethods.0: unknown field "number"`,
		"paymentMethods: [{type: Visa, creditCardEndsWith: 0042}]":     ".paymentMethods.0: creditCardEndsWith ",
		"transitGateways: [{}]":                                        ".transitGateways.0: awsTgwUid: ",
		"transitGateways: [{awsTgwUid: tgw-1, awsAccountId: 1}]":       ".transitGateways.0: awsAccountId ",
		"cloudAccounts: [\n    {name: a}, {name: b, provider: Azure}]": `.cloudAccounts.1: provider "Azure" is neither `,
		"cloudAccounts: [\n    {name: a}, {name: a}]":                  ".cloudAccounts.1: it is there already",
	} {
		in := control.SeedInput{File: control.File{Content: []byte("assets:\n  " + text)}}
		_, err := control.SeedAccounts.Call(t.Context(), f.client, in)
		says = fmt.Sprintf("line %d: assets%s", 2+strings.Count(text, "\n"), says)
		if err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%q: got error %v, want %q", text, err, says)
		}
	}
	if made := seed(t, f, good).Accounts[0].Made; made != 2 {
		t.Errorf("what is right made %d, want 2", made)
	}
}

// What a file declares an account to have is there for the resources of the same file. What was declared since stays
// when the file comes again, and a wrong declaration names its line.
func TestSeededAssets(t *testing.T) {
	t.Parallel()
	f := start(t)
	seed(t, f, seedFile)
	has := func() string {
		return string(must(t, f, control.GetAssets, account("Demo")).Assets)
	}
	for _, want := range []string{
		`"id":4711,"type":"Mastercard"`, `"name":"ours"`, `"name":"Ann"`, `"tgw-0feedfacecafebeef"`, `"012345678901"`,
	} {
		if !strings.Contains(has(), want) {
			t.Errorf("the account has %s, want %s", has(), want)
		}
	}
	more := json.RawMessage(`{"users": [{"name": "Bob", "email": "bob@example.com"}]}`)
	must(t, f, control.AddAssets, control.AccountAssets{
		AccountPath: account("Demo"), Assets: control.Assets{Assets: more},
	})
	before := has()
	if made := seed(t, f, seedFile).Accounts[0].Made; made != 0 || has() != before {
		t.Errorf("the same file again made %d; the account has %s, want %s", made, has(), before)
	}
	other := strings.Replace(seedFile, "creditCardEndsWith: 1234", "creditCardEndsWith: 5678", 1)
	for _, text := range []string{other, strings.Replace(seedFile, "id: 4711, type", "id: 4712, type", 1)} {
		_, err := control.SeedAccounts.Call(t.Context(), f.client, control.SeedInput{
			File: control.File{Content: []byte(text)},
		})
		const says = `line 5: assets was seeded another way before: reset account "Demo" first, with its rules`
		if err == nil || err.Error() != says || has() != before {
			t.Errorf("got error %v, want %s; the account has %s", err, says, has())
		}
	}
	must(t, f, control.ResetAccount, control.ResetInput{
		AccountPath: account("Demo"), Reset: sandbox.Reset{Rules: true},
	})
	seed(t, f, other)
	if !strings.Contains(has(), "5678") || strings.Contains(has(), "bob@") {
		t.Errorf("after the reset the account has %s", has())
	}
}
