package catalog

import (
	"cmp"
	"fmt"
	"slices"
)

// redisVersion is a version of Redis that the cloud runs.
type redisVersion struct {
	Version        string   `json:"version"`    // as clients name it: 8.2
	Compliance     string   `json:"compliance"` // the release behind it: 8.2.1
	EOLDate        string   `json:"eolDate"`    // empty: not announced
	IsPreview      bool     `json:"isPreview"`
	IsDefault      bool     `json:"isDefault"`
	Plans          []string `json:"plans"`
	NewDatabases   bool     `json:"newDatabases"`   // databases can be created with it
	BundledModules bool     `json:"bundledModules"` // has all modules, and a request may name none

	Modules map[string]string `json:"modules"` // versions of those that are not bundled

	major, minor int
	chosen       string // why it is this one, where the request does not name it
}

// String is the version as an error says it.
func (v redisVersion) String() string {
	if v.chosen != "" {
		return fmt.Sprintf("Redis %s (%s)", v.Version, v.chosen)
	}
	return "Redis " + v.Version
}

// atLeast compares by number: 10.0 is newer than 8.2.
func (v redisVersion) atLeast(major, minor int) bool {
	return v.compare(redisVersion{major: major, minor: minor}) >= 0
}

// speaksRESP3 reports whether clients may choose RESP3.
func (v redisVersion) speaksRESP3() bool { return v.atLeast(7, 2) }

// hasFactors tells whether it has query performance factors.
func (v redisVersion) hasFactors() bool { return v.atLeast(7, 2) }

// module is the version of a module: bundled ones are numbered like their Redis.
func (v redisVersion) module(name string) string { return cmp.Or(v.Modules[name], v.Version+".0") }

// compare orders versions by number.
func (v redisVersion) compare(w redisVersion) int {
	return cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor))
}

// newestFirst sorts versions. It panics on one that is no pair of numbers, and without a default for Pro databases.
func newestFirst(versions []redisVersion) []redisVersion {
	for i := range versions {
		v := &versions[i]
		if _, err := fmt.Sscanf(v.Version, "%d.%d", &v.major, &v.minor); err != nil {
			panic(fmt.Sprintf("version %q: %v", v.Version, err))
		}
	}
	slices.SortFunc(versions, func(a, b redisVersion) int { return b.compare(a) })
	isDefault := func(v redisVersion) bool { return v.IsDefault && v.NewDatabases && slices.Contains(v.Plans, proOffer) }
	if !slices.ContainsFunc(versions, isDefault) {
		panic("no default version for Pro databases")
	}
	return versions
}

// Offers: kinds of subscriptions that a version can be had with.
const (
	proOffer        = "pro"
	essentialsOffer = "essentials"
)

// versionsOf lists what a new database of an offer can run, newest first.
func (c *Catalog) versionsOf(offer string) []redisVersion {
	return slices.DeleteFunc(slices.Clone(c.versions), func(v redisVersion) bool {
		return !v.NewDatabases || !slices.Contains(v.Plans, offer)
	})
}

// proVersion is askedVersion for Pro databases.
func (c *Catalog) proVersion(asked string) (v redisVersion, ok bool) {
	return c.askedVersion(proOffer, asked)
}

// askedVersion finds the version a request asks for: empty is the default, and
// "latest" the newest that is not a preview. ok is false if there is no such.
func (c *Catalog) askedVersion(offer, asked string) (v redisVersion, ok bool) {
	for _, v := range c.versionsOf(offer) {
		switch {
		case asked == v.Version:
			return v, true
		case asked == "" && v.IsDefault:
			v.chosen = "the default, as no redisVersion is given"
			return v, true
		case asked == "latest" && !v.IsPreview:
			v.chosen = fmt.Sprintf("%q means %s here", asked, v.Version)
			return v, true
		}
	}
	return redisVersion{}, false
}

type listedVersion struct {
	Version   string `json:"version"`
	EOLDate   string `json:"eolDate,omitempty"`
	IsPreview bool   `json:"isPreview"`
	IsDefault bool   `json:"isDefault"`
}

// listedVersions is versions as clients see them.
type listedVersions struct {
	RedisVersions []listedVersion `json:"redisVersions"`
}

// listVersions returns what an offer can run.
func (c *Catalog) listVersions(offer string) listedVersions {
	out := listedVersions{RedisVersions: []listedVersion{}}
	for _, v := range c.versionsOf(offer) {
		out.RedisVersions = append(out.RedisVersions, listedVersion{v.Version, v.EOLDate, v.IsPreview, v.IsDefault})
	}
	return out
}
