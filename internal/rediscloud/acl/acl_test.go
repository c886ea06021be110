package acl

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
)

func TestPatternRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern string
		want    cloud.Code
	}{
		{"+@all ~*", ""},
		{"+@all -@dangerous ~*", ""},
		{"+@read ~report:* resetchannels", ""},
		{"+GET +config|get +ft.search +json.arrappend -@Write", ""},
		{"%R~in:* %RW~both:* %w~out:* &news:*", ""},
		{"allkeys allchannels allcommands nocommands", ""},
		{"~* resetkeys ~a", ""},
		{"+@read ~a (+set ~b) ( +@hash %R~c )", ""},
		{"~* (+get ~a)", ""},
		{"", "ACL_REDIS_RULE_PATTERN_IS_MISSING"},
		{"  ", "ACL_REDIS_RULE_PATTERN_IS_MISSING"},
		{"not-valid", "ACL_REDIS_RULE_PATTERN_NOT_VALID"},
		{"+@all on", "ACL_REDIS_RULE_PATTERN_NOT_VALID"},
		{"+@all >secret", "ACL_REDIS_RULE_PATTERN_NOT_VALID"},
		{"+@everything ~*", "ACL_REDIS_RULE_INVALID_CATEGORY_RULE_PATTERN"},
		{"+@", "ACL_REDIS_RULE_INVALID_CATEGORY_RULE_PATTERN"},
		{"+", "ACL_REDIS_RULE_INVALID_COMMAND_OR_MODULE_COMMAND_RULE_PATTERN"},
		{"-get|set|del", "ACL_REDIS_RULE_INVALID_COMMAND_OR_MODULE_COMMAND_RULE_PATTERN"},
		{"+get ~", "ACL_REDIS_RULE_INVALID_KEYSPACE_RULE_PATTERN"},
		{"%X~a", "ACL_REDIS_RULE_INVALID_KEY_PERMISSION_PATTERN"},
		{"%R~", "ACL_REDIS_RULE_INVALID_KEY_PERMISSION_PATTERN"},
		{"&", "ACL_REDIS_RULE_INVALID_PUBSUB_PATTERN"},
		{"~* ~a", "ACL_REDIS_RULE_ALLKEYS_BEFORE_SPECIFIC_KEY"},
		{"allkeys %R~a", "ACL_REDIS_RULE_ALLKEYS_BEFORE_SPECIFIC_KEY"},
		{"allchannels &a", "ACL_REDIS_RULE_ALLCHANNELS_BEFORE_SPECIFIC_CHANNEL"},
		{"&a &*", ""},
		{"(+get", "ACL_REDIS_RULE_INVALID_SELECTORS_PATTERN"},
		{"+get)", "ACL_REDIS_RULE_INVALID_SELECTORS_PATTERN"},
		{"()", "ACL_REDIS_RULE_INVALID_SELECTORS_PATTERN"},
		{"(+get (+set))", "ACL_REDIS_RULE_INVALID_SELECTORS_PATTERN"},
		{"(+@nothing)", "ACL_REDIS_RULE_INVALID_CATEGORY_RULE_PATTERN"},
	} {
		if got := cloudtest.CodeOf(t, checkPattern(tt.pattern)); got != tt.want {
			t.Errorf("%q: got code %q, want %q", tt.pattern, got, tt.want)
		}
	}
}

func TestACLNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 129)
	for _, tt := range []struct {
		name             string
		rule, role, user cloud.Code
	}{
		{"cache-reader", "", "", ""},
		{"cache reader", "", "", "ACL_USER_NAME_NOT_VALID"},
		{"", "ACL_REDIS_RULE_NAME_IS_MISSING", "ACL_ROLE_NAME_IS_MISSING", "ACL_USER_NAME_IS_MISSING"},
		{" ", "ACL_REDIS_RULE_NAME_IS_MISSING", "ACL_ROLE_NAME_IS_MISSING", "ACL_USER_NAME_IS_MISSING"},
		{"a\nb", "ACL_REDIS_RULE_NAME_NOT_VALID", "ACL_ROLE_NAME_NOT_VALID", "ACL_USER_NAME_NOT_VALID"},
		{long, "ACL_REDIS_RULE_NAME_NOT_IN_RANGE", "ACL_ROLE_NAME_NOT_VALID", "ACL_USER_NAME_NOT_VALID"},
		{"default", "", "", "ACL_USER_NAME_NOT_VALID"},
	} {
		for _, check := range []struct {
			got  error
			want cloud.Code
		}{
			{ruleNames().check(tt.name), tt.rule},
			{roleNames().check(tt.name), tt.role},
			{checkUserName(tt.name), tt.user},
		} {
			if got := cloudtest.CodeOf(t, check.got); got != check.want {
				t.Errorf("%q: got code %q, want %q", tt.name, got, check.want)
			}
		}
	}
}

func TestUserPasswords(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]cloud.Code{
		"Vq7!rTz2#pLm9":                   "",
		"Aa1!aaaa":                        "",
		"Aa1!aaa":                         "ACL_USER_PASSWORD_NOT_VALID",
		"Ää1 ääää":                        "",
		"aa1!aaaa":                        "ACL_USER_PASSWORD_NOT_VALID",
		"Aa1!" + strings.Repeat("a", 124): "",
		"Aa1!" + strings.Repeat("a", 125): "ACL_USER_PASSWORD_NOT_VALID",
		"":                                "ACL_USER_PASSWORD_IS_MISSING",
	} {
		if got := cloudtest.CodeOf(t, checkUserPassword(password)); got != want {
			t.Errorf("%q: got code %q, want %q", password, got, want)
		}
	}
}

func TestGrantRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		grants string
		want   cloud.Code
	}{
		{`[{"ruleName": "a", "databases": [{"subscriptionId": 1, "databaseId": 2}]}]`, ""},
		{`[{"ruleName": "a", "databases": [{"subscriptionId": 1, "databaseId": 2, "regions": []}]}]`, ""},
		{`[]`, "ACL_ROLE_REDIS_RULES_IS_MISSING"},
		{`[{"ruleName": "a", "databases": []}]`, "ACL_ROLE_REDIS_RULES_DATABASES_SPEC_IS_MISSING"},
		{
			`[{"ruleName": "a", "databases": [{"subscriptionId": 1, "databaseId": 2}]}, ` +
				`{"ruleName": "b", "databases": [{"subscriptionId": 1, "databaseId": 2}]}]`,
			"ACL_ROLE_REDIS_RULE_MUST_BE_DEFINED_ONLY_ONCE_PER_DATABASE",
		},
	} {
		var specs []grantSpec
		if err := json.Unmarshal([]byte(tt.grants), &specs); err != nil {
			t.Fatal(err)
		}
		if got := cloudtest.CodeOf(t, checkGrants(specs)); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.grants, got, tt.want)
		}
	}
}

func TestRegionsOfGrants(t *testing.T) {
	t.Parallel()
	single := subscription.Database{Region: "eu-west-1"}
	several := subscription.Database{Locals: []subscription.Local{{Region: "eu-west-1"}, {Region: "us-east-1"}}}
	for _, tt := range []struct {
		name    string
		db      subscription.Database
		regions []string
		want    cloud.Code
	}{
		{"the only region", single, nil, ""},
		{"the only region by its name", single, []string{"eu-west-1"}, "ACL_ROLE_REDIS_RULES_DATABASES_REGION_MUST_BE_CRDB"},
		{"all", several, nil, ""},
		{"all by their names", several, []string{"us-east-1", "eu-west-1"}, ""},
		{
			"elsewhere", several,
			[]string{"eu-west-1", "us-west-2"},
			"ACL_ROLE_REDIS_RULES_DATABASES_REGION_IS_NOT_BELONGS_TO_DATABASE",
		},
		{"one twice", several, []string{"eu-west-1", "eu-west-1"}, "ACL_ROLE_REDIS_RULES_DATABASES_REGION_NOT_UNIQUE"},
	} {
		if got := cloudtest.CodeOf(t, GrantDatabase{Regions: tt.regions}.checkRegions(tt.db)); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.name, got, tt.want)
		}
	}
}
