package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProVersion(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)

	for _, tt := range []struct{ asked, want string }{
		{"", "8.2"},
		{"latest", "8.6"},
		{"7.4", "7.4"},
		{"6.2", "6.2"},
		{"8.0", ""}, // Essentials only
		{"5.0", ""},
		{"7.4.3", ""},
	} {
		v, ok := c.proVersion(tt.asked)
		if v.Version != tt.want || ok != (tt.want != "") {
			t.Errorf("proVersion(%q) = %q, %t, want %q", tt.asked, v.Version, ok, tt.want)
		}
	}
}

func TestVersionsNewestFirst(t *testing.T) {
	t.Parallel()
	c := &Catalog{versions: []redisVersion{
		{Version: "7.4", NewDatabases: true, Plans: []string{"pro"}},
		{Version: "10.0", NewDatabases: true, Plans: []string{"pro"}},
		{Version: "9.12", NewDatabases: true, Plans: []string{"pro"}, IsDefault: true},
		{Version: "9.2", NewDatabases: true, Plans: []string{"pro"}},
	}}
	if err := c.sortVersions(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range c.versions {
		got = append(got, v.Version)
	}
	if diff := cmp.Diff([]string{"10.0", "9.12", "9.2", "7.4"}, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if v := c.versions[0]; !v.atLeast(9, 3) || !v.atLeast(10, 0) || v.atLeast(10, 1) {
		t.Errorf("%s is compared as text", v.Version)
	}
}

func TestVersionsRefused(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string][]redisVersion{
		"no default":               {{Version: "8.2", NewDatabases: true, Plans: []string{"pro"}}},
		"default is not available": {{Version: "8.2", IsDefault: true, Plans: []string{"pro"}}},
		"not a version":            {{Version: "eight"}},
	} {
		if err := (&Catalog{versions: versions}).sortVersions(); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
