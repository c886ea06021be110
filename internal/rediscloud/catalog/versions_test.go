package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProVersion(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct{ asked, want string }{
		{"", "8.2"},
		{"latest", "8.6"},
		{"7.4", "7.4"},
		{"6.2", "6.2"},
		{"8.0", ""}, // Essentials only
		{"5.0", ""},
		{"7.4.3", ""},
	} {
		v, ok := ProVersion(tt.asked)
		if v.Version != tt.want || ok != (tt.want != "") {
			t.Errorf("proVersion(%q) = %q, %t, want %q", tt.asked, v.Version, ok, tt.want)
		}
	}
}

func TestVersionsNewestFirst(t *testing.T) {
	t.Parallel()
	versions := newestFirst([]RedisVersion{
		{Version: "7.4", NewDatabases: true, Plans: []string{"pro"}},
		{Version: "10.0", NewDatabases: true, Plans: []string{"pro"}},
		{Version: "9.12", NewDatabases: true, Plans: []string{"pro"}, IsDefault: true},
		{Version: "9.2", NewDatabases: true, Plans: []string{"pro"}},
	})
	var got []string
	for _, v := range versions {
		got = append(got, v.Version)
	}
	if diff := cmp.Diff([]string{"10.0", "9.12", "9.2", "7.4"}, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if v := versions[0]; !v.AtLeast(9, 3) || !v.AtLeast(10, 0) || v.AtLeast(10, 1) {
		t.Errorf("%s is compared as text", v.Version)
	}
}

func TestVersionsRefused(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string][]RedisVersion{
		"no default":               {{Version: "8.2", NewDatabases: true, Plans: []string{"pro"}}},
		"default is not available": {{Version: "8.2", IsDefault: true, Plans: []string{"pro"}}},
		"not a version":            {{Version: "eight"}},
	} {
		if !panics(func() { newestFirst(versions) }) {
			t.Errorf("%s: it is taken", name)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
