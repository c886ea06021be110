package subscription

import (
	"fmt"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
)

func TestAllowListRules(t *testing.T) {
	t.Parallel()

	var many, groups []string
	for i := range allowListLimit {
		many = append(many, fmt.Sprintf("10.0.%d.0/24", i))
		groups = append(groups, fmt.Sprintf("sg-%08x", i))
	}
	for _, tt := range []struct {
		name string
		list AllowList
		want cloud.Code
	}{
		{"empty", AllowList{}, ""},
		{
			"both kinds",
			AllowList{[]string{"192.168.0.0/16", "203.0.113.7", "0.0.0.0/0"}, []string{"sg-0a1b2c3d4e5f60718"}},
			"",
		},
		{"full", AllowList{many, groups}, ""},
		{"too many ranges", AllowList{CIDRs: append(many, "172.16.0.0/12")}, "CIDR_WHITELIST_LIMIT_EXCEEDED"},
		{"too many groups", AllowList{SecurityGroups: append(groups, "sg-ffffffff")}, "CIDR_WHITELIST_LIMIT_EXCEEDED"},
		{"not an address", AllowList{CIDRs: []string{"10.0.0.0/24", "everywhere"}}, "CIDR_WHITELIST_INVALID_CIDRS"},
		{"bits beyond the mask", AllowList{CIDRs: []string{"10.0.0.1/24"}}, "CIDR_WHITELIST_INVALID_CIDRS"},
		{"version 6", AllowList{CIDRs: []string{"2001:db8::/32"}}, "CIDR_WHITELIST_INVALID_CIDRS"},
		{"range twice", AllowList{CIDRs: []string{"10.0.0.0/24", "10.0.0.0/24"}}, "CIDR_WHITELIST_DUPLICATE_CIDRS"},
		{"not a group", AllowList{SecurityGroups: []string{"default"}}, "CIDR_WHITELIST_INVALID_SG"},
		{"group twice", AllowList{SecurityGroups: []string{"sg-01234567", "sg-01234567"}}, "CIDR_WHITELIST_DUPLICATE_SG"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := cloudtest.CodeOf(t, tt.list.check()); got != tt.want {
				t.Errorf("got code %q, want %q", got, tt.want)
			}
		})
	}
}
