package catalog

import (
	"cmp"
	"fmt"
	"slices"
)

// RedisVersion is a version of Redis that the cloud runs.
type RedisVersion struct {
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
	Chosen       string `json:"-"` // why it is this one, where the request does not name it
}

// String is the version as an error says it.
func (v RedisVersion) String() string {
	if v.Chosen != "" {
		return fmt.Sprintf("Redis %s (%s)", v.Version, v.Chosen)
	}
	return "Redis " + v.Version
}

// AtLeast compares by number: 10.0 is newer than 8.2.
func (v RedisVersion) AtLeast(major, minor int) bool {
	return v.Compare(RedisVersion{major: major, minor: minor}) >= 0
}

// SpeaksRESP3 reports whether clients may choose RESP3.
func (v RedisVersion) SpeaksRESP3() bool { return v.AtLeast(7, 2) }

// HasFactors reports whether it has query performance factors.
func (v RedisVersion) HasFactors() bool { return v.AtLeast(7, 2) }

// Module is the version of a module: bundled ones are numbered like their Redis.
func (v RedisVersion) Module(name string) string { return cmp.Or(v.Modules[name], v.Version+".0") }

// Compare orders versions by number.
func (v RedisVersion) Compare(w RedisVersion) int {
	return cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor))
}

// newestFirst sorts versions. It panics on one that is no pair of numbers, and without a default for Pro databases.
func newestFirst(versions []RedisVersion) []RedisVersion {
	for i := range versions {
		v := &versions[i]
		if _, err := fmt.Sscanf(v.Version, "%d.%d", &v.major, &v.minor); err != nil {
			panic(fmt.Sprintf("version %q: %v", v.Version, err))
		}
	}
	slices.SortFunc(versions, func(a, b RedisVersion) int { return b.Compare(a) })
	isDefault := func(v RedisVersion) bool { return v.IsDefault && v.NewDatabases && slices.Contains(v.Plans, ProOffer) }
	if !slices.ContainsFunc(versions, isDefault) {
		panic("no default version for Pro databases")
	}
	return versions
}

// Offers: kinds of subscriptions that a version can be had with.
const (
	ProOffer        = "pro"
	EssentialsOffer = "essentials"
)

// VersionsOf lists what a new database of an offer can run, newest first.
func VersionsOf(offer string) []RedisVersion {
	return slices.DeleteFunc(slices.Clone(Versions()), func(v RedisVersion) bool {
		return !v.NewDatabases || !slices.Contains(v.Plans, offer)
	})
}

// ProVersion is AskedVersion for Pro databases.
func ProVersion(asked string) (v RedisVersion, ok bool) {
	return AskedVersion(ProOffer, asked)
}

// AskedVersion finds the version a request asks for: empty is the default, and
// "latest" the newest that is not a preview. ok is false if there is no such.
func AskedVersion(offer, asked string) (v RedisVersion, ok bool) {
	for _, v := range VersionsOf(offer) {
		switch {
		case asked == v.Version:
			return v, true
		case asked == "" && v.IsDefault:
			v.Chosen = "the default, as no redisVersion is given"
			return v, true
		case asked == "latest" && !v.IsPreview:
			v.Chosen = fmt.Sprintf("%q means %s here", asked, v.Version)
			return v, true
		}
	}
	return RedisVersion{}, false
}

type listedVersion struct {
	Version   string `json:"version"`
	EOLDate   string `json:"eolDate,omitempty"`
	IsPreview bool   `json:"isPreview"`
	IsDefault bool   `json:"isDefault"`
}

// ListedVersions is versions as clients see them.
type ListedVersions struct {
	RedisVersions []listedVersion `json:"redisVersions"`
}

// ListVersions returns what an offer can run.
func ListVersions(offer string) ListedVersions {
	out := ListedVersions{RedisVersions: []listedVersion{}}
	for _, v := range VersionsOf(offer) {
		out.RedisVersions = append(out.RedisVersions, listedVersion{v.Version, v.EOLDate, v.IsPreview, v.IsDefault})
	}
	return out
}
