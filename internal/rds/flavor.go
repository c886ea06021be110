package rds

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/understudy-dev/understudy/internal/lazy"
)

// family is flavors that have the same machines.
type family struct {
	Name      string   `json:"name"`
	Group     string   `json:"group"`
	Sizes     []string `json:"sizes"`
	Gigabytes int      `json:"gigabytes,omitempty"` // of memory for each CPU
	Named     []int    `json:"named,omitempty"`     // the same, where the name of a flavor says it
}

// flavor is how large the nodes of a DB instance are, and whether there are two.
type flavor struct {
	family    family
	size      string
	cpus      int
	gigabytes int // for each CPU
	standby   bool
}

// flavors goes through those that are listed.
func flavors(yield func(flavor) bool) {
	for _, family := range sold().Families {
		ratios := family.Named
		if family.Gigabytes != 0 {
			ratios = []int{family.Gigabytes}
		}
		for _, size := range family.Sizes {
			for _, gigabytes := range ratios {
				for _, standby := range []bool{false, true} {
					if !yield(flavor{family, size, cpusOf(size), gigabytes, standby}) {
						return
					}
				}
			}
		}
	}
}

var sizeSyntax = lazy.Regexp(`^(\d*)xlarge$`)

// cpusOf is how many CPUs a size has.
func cpusOf(size string) int {
	switch size {
	case "medium":
		return 1
	case "large":
		return 2
	}
	n := 1
	if digits := sizeSyntax().FindStringSubmatch(size); digits != nil && digits[1] != "" {
		n, _ = strconv.Atoi(digits[1]) // few digits
	}
	return 4 * n
}

func (f flavor) spec() string {
	spec := "rds.mysql." + f.family.Name + "." + f.size
	if f.family.Gigabytes == 0 {
		spec += fmt.Sprintf(".%d", f.gigabytes)
	}
	if f.standby {
		spec += ".ha"
	}
	return spec
}

// ram is the memory of a node in gigabytes.
func (f flavor) ram() int { return f.cpus * f.gigabytes }

var flavorSyntax = lazy.Regexp(
	`^rds\.mysql\.([a-z]+[0-9]+)\.(medium|large|[0-9]{0,2}xlarge)(?:\.([1-9][0-9]?))?(\.ha)?$`)

// flavorNamed reads a flavor off its name, whether it is listed or not: the real service has more of them.
func flavorNamed(spec string) (f flavor, ok bool) {
	parts := flavorSyntax().FindStringSubmatch(spec)
	if parts == nil {
		return f, false
	}
	f = flavor{family: family{Name: parts[1]}, size: parts[2], cpus: cpusOf(parts[2]), standby: parts[4] != ""}
	if i := slices.IndexFunc(sold().Families, func(one family) bool { return one.Name == parts[1] }); i >= 0 {
		f.family = sold().Families[i]
	}
	f.gigabytes = f.family.Gigabytes
	if parts[3] != "" {
		f.gigabytes, _ = strconv.Atoi(parts[3]) // two digits
	}
	return f, f.gigabytes > 0
}
