package openapi_test

import (
	"os"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// read returns a document of ours, as programs and as people read it.
func read(t *testing.T, path string) (*openapi.Document, *openapi.Reference) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := openapi.Describe(text)
	if err != nil {
		t.Fatal(err)
	}
	return document, reference
}

// Every code says a rule, and where the real service has it.
func TestEveryCodeHasARule(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../openapi.yaml", "../rds/rds.yaml"} {
		document, reference := read(t, path)
		for code := range document.Codes() {
			rule, ok := reference.Rule(code)
			if !ok || !strings.HasSuffix(rule.Text, ".") {
				t.Errorf("%s: the rule of %s is %q", path, code, rule.Text)
			}
			// The gateway in front of RDS is described on none of its pages.
			if (rule.Page == "") != strings.HasPrefix(code, "APIGW.") {
				t.Errorf("%s: the page of %s is %q", path, code, rule.Page)
			}
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	_, redis := read(t, "../../openapi.yaml")
	_, rds := read(t, "../rds/rds.yaml")
	for code, page := range map[string]string{
		"TOO_MANY_PENDING_SUBSCRIPTIONS": "https://redis.io/docs/latest/operate/rc/api/get-started/process-lifecycle" +
			"#process-limitations",
		"DATABASE_EXPLICIT_MODULES_NOT_SUPPORTED_FOR_THIS_REDIS_VERSION":// and not its ports
		"https://redis.io/docs/latest/operate/rc/databases/configuration/advanced-capabilities",
		"DBS.200543": "https://docs.otc.t-systems.com/relational-database-service/api-ref/appendix/error_codes.html",
		"DBS.280498": "https://support.huaweicloud.com/intl/en-us/api-rds/rds_10_0205.html",
	} {
		rule, ok := redis.Rule(code)
		if !ok {
			rule, _ = rds.Rule(code)
		}
		if rule.Page != page {
			t.Errorf("%s is on %q, want %q", code, rule.Page, page)
		}
	}
	if _, ok := redis.Rule("DATABASE_NOT_FUOND"); ok {
		t.Error("a misspelt code has a rule")
	}
}

func TestRulesRefused(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]string{
		"say nothing of B":       `[{codes: [A], rule: r.}]`,
		"no code fits C*":        `[{codes: ["?"], rule: r.}, {codes: ["C*"], rule: s.}]`,
		"no code fits B first":   `[{codes: ["?"], rule: r.}, {codes: [B], rule: s.}]`,
		"needs codes and a rule": `[{codes: ["?"]}]`,
		"is no page":             `[{codes: ["?"], rule: r., page: x}]`,
	} {
		document := "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents: {schemas: {ErrorCode: " +
			"{x-internal-error: A, oneOf: [{x-status: 400, enum: [A, B]}], x-rules: " + rules + "}}}\n"
		if _, err := openapi.Describe([]byte(document)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want an error that says %q", err, name)
		}
	}
}
