package catalog

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
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
		{"", cloud.ACLPatternMissing},
		{"  ", cloud.ACLPatternMissing},
		{"not-valid", cloud.ACLPatternInvalid},
		{"+@all on", cloud.ACLPatternInvalid},
		{"+@all >secret", cloud.ACLPatternInvalid},
		{"+@everything ~*", cloud.ACLPatternCategory},
		{"+@", cloud.ACLPatternCategory},
		{"+", cloud.ACLPatternCommand},
		{"-get|set|del", cloud.ACLPatternCommand},
		{"+get ~", cloud.ACLPatternKeys},
		{"%X~a", cloud.ACLPatternKeyPermission},
		{"%R~", cloud.ACLPatternKeyPermission},
		{"&", cloud.ACLPatternChannels},
		{"~* ~a", cloud.ACLPatternAfterAllKeys},
		{"allkeys %R~a", cloud.ACLPatternAfterAllKeys},
		{"allchannels &a", cloud.ACLPatternAfterAllChannels},
		{"&a &*", ""},
		{"(+get", cloud.ACLPatternSelectors},
		{"+get)", cloud.ACLPatternSelectors},
		{"()", cloud.ACLPatternSelectors},
		{"(+get (+set))", cloud.ACLPatternSelectors},
		{"(+@nothing)", cloud.ACLPatternCategory},
	} {
		if got := codeOf(t, checkPattern(tt.pattern)); got != tt.want {
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
		{"cache reader", "", "", cloud.ACLUserNameInvalid},
		{"", cloud.ACLRuleNameMissing, cloud.ACLRoleNameMissing, cloud.ACLUserNameMissing},
		{" ", cloud.ACLRuleNameMissing, cloud.ACLRoleNameMissing, cloud.ACLUserNameMissing},
		{"a\nb", cloud.ACLRuleNameInvalid, cloud.ACLRoleNameInvalid, cloud.ACLUserNameInvalid},
		{long, cloud.ACLRuleNameRange, cloud.ACLRoleNameInvalid, cloud.ACLUserNameInvalid},
		{"default", "", "", cloud.ACLUserNameInvalid},
	} {
		for _, check := range []struct {
			got  error
			want cloud.Code
		}{
			{ruleNames().check(tt.name), tt.rule},
			{roleNames().check(tt.name), tt.role},
			{checkUserName(tt.name), tt.user},
		} {
			if got := codeOf(t, check.got); got != check.want {
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
		"Aa1!aaa":                         cloud.ACLUserPasswordInvalid,
		"Ää1 ääää":                        "",
		"aa1!aaaa":                        cloud.ACLUserPasswordInvalid,
		"Aa1!" + strings.Repeat("a", 124): "",
		"Aa1!" + strings.Repeat("a", 125): cloud.ACLUserPasswordInvalid,
		"":                                cloud.ACLUserPasswordMissing,
	} {
		if got := codeOf(t, checkUserPassword(password)); got != want {
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
		{`[]`, cloud.ACLRoleRulesMissing},
		{`[{"ruleName": "a", "databases": []}]`, cloud.ACLRoleDatabasesMissing},
		{`[{"ruleName": "a", "databases": [{"subscriptionId": 1, "databaseId": 2}]}, {"ruleName": "b", "databases": [{"subscriptionId": 1, "databaseId": 2}]}]`, cloud.ACLRoleDatabaseTwice},
	} {
		var specs []grantSpec
		if err := json.Unmarshal([]byte(tt.grants), &specs); err != nil {
			t.Fatal(err)
		}
		if got := codeOf(t, checkGrants(specs)); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.grants, got, tt.want)
		}
	}
}

func TestRegionsOfGrants(t *testing.T) {
	t.Parallel()
	single := Database{Region: "eu-west-1"}
	several := Database{Locals: []Local{{Region: "eu-west-1"}, {Region: "us-east-1"}}}
	for _, tt := range []struct {
		name    string
		db      Database
		regions []string
		want    cloud.Code
	}{
		{"the only region", single, nil, ""},
		{"the only region by its name", single, []string{"eu-west-1"}, cloud.ACLRoleRegionsNotAllowed},
		{"all", several, nil, ""},
		{"all by their names", several, []string{"us-east-1", "eu-west-1"}, ""},
		{"elsewhere", several, []string{"eu-west-1", "us-west-2"}, cloud.ACLRoleRegionElsewhere},
		{"one twice", several, []string{"eu-west-1", "eu-west-1"}, cloud.ACLRoleRegionTwice},
	} {
		if got := codeOf(t, ACLDatabase{Regions: tt.regions}.checkRegions(tt.db)); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	good := credentials{"AKIA1", "secret", "console", "word"}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []credentials{
		{"", "secret", "console", "word"},
		{"AKIA1", " ", "console", "word"},
		{"AKIA1", "secret", "", "word"},
		{"AKIA1", "secret", "console", ""},
	} {
		if got := codeOf(t, bad.check()); got != cloud.CloudAccountCredentials {
			t.Errorf("%+v: got code %q", bad, got)
		}
	}
}

func TestOwnNetworkRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		network OwnNetwork
		zones   int
		want    cloud.Code
	}{
		{OwnNetwork{}, 1, ""},
		{OwnNetwork{VPCID: "vpc-1"}, 3, ""},
		{OwnNetwork{"vpc-1", []string{"subnet-1"}, "sg-1"}, 1, ""},
		{OwnNetwork{"", []string{"subnet-1"}, "sg-1"}, 1, cloud.NetworkVPCMissing},
		{OwnNetwork{"", nil, "sg-1"}, 1, cloud.NetworkVPCMissing},
		{OwnNetwork{"vpc-1", nil, "sg-1"}, 1, cloud.NetworkSubnetsMissing},
		{OwnNetwork{"vpc-1", []string{"subnet-1"}, ""}, 1, cloud.NetworkGroupMissing},
		{OwnNetwork{"vpc-1", []string{"subnet-1"}, "sg-1"}, 3, cloud.NetworkSubnetCount},
	} {
		if got := codeOf(t, tt.network.check(tt.zones)); got != tt.want {
			t.Errorf("%+v in %d zones: got code %q, want %q", tt.network, tt.zones, got, tt.want)
		}
	}
}

func TestResourceTagRules(t *testing.T) {
	t.Parallel()
	value, empty, long := "x", "", strings.Repeat("x", 257)
	many := make([]resourceTagSpec, 31)
	for i := range many {
		many[i] = resourceTagSpec{strings.Repeat("k", i+1), &value}
	}
	for _, tt := range []struct {
		name string
		tags []resourceTagSpec
		want cloud.Code
	}{
		{"none", nil, ""},
		{"two", []resourceTagSpec{{"a", &value}, {"A", &empty}}, ""},
		{"the most", many[:30], ""},
		{"too many", many, cloud.ResourceTagsLimit},
		{"no key", []resourceTagSpec{{"", &value}}, cloud.ResourceTagKeyMissing},
		{"no value", []resourceTagSpec{{"a", nil}}, cloud.ResourceTagValueMissing},
		{"long key", []resourceTagSpec{{long[:129], &value}}, cloud.ResourceTagKeyTooLong},
		{"long value", []resourceTagSpec{{"a", &long}}, cloud.ResourceTagValueTooLong},
		{"twice", []resourceTagSpec{{"a", &value}, {"a", &empty}}, cloud.ResourceTagKeyTwice},
		{"reserved", []resourceTagSpec{{"AWS:a", &value}}, cloud.ResourceTagKeyReserved},
	} {
		_, err := newResourceTags(tt.tags)
		if got := codeOf(t, err); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPersonNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]cloud.Code{
		"Ada Moreau": "", "": cloud.UserNameInvalid, " ": cloud.UserNameInvalid, "a\tb": cloud.UserNameInvalid,
		strings.Repeat("a", 129): cloud.UserNameInvalid,
	} {
		if got := codeOf(t, checkPersonName(name)); got != want {
			t.Errorf("%q: got code %q, want %q", name, got, want)
		}
	}
}
