package terraform

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// lockFile is where terraform init notes which providers it chose.
const lockFile = ".terraform.lock.hcl"

// ErrNoVersion says that nobody knows which version of the provider a module wants.
var ErrNoVersion = errors.New("nothing says which version of the provider to build: let `terraform init` write " +
	lockFile + ", require one version exactly, or say --provider-version")

// LockedVersion returns the version of the official provider that the module in a directory locks, or else the one that
// it requires exactly, or else TestedVersion if that will do. It returns ErrNoVersion where it does not.
func LockedVersion(dir string) (string, error) {
	locked, err := lockedVersion(filepath.Join(dir, lockFile))
	if locked != "" || err != nil {
		return locked, err
	}
	files, err := readModules(dir, dataDir(dir, nil))
	if err != nil {
		return "", err
	}
	var constraints version.Constraints
	for _, f := range files {
		for _, text := range f.requirements() {
			c, err := version.NewConstraint(text)
			if err != nil {
				return "", fmt.Errorf("%s: %w", f.name, err)
			}
			constraints = append(constraints, c...)
		}
	}
	candidates := []string{TestedVersion}
	for _, c := range constraints {
		if exactly, ok := strings.CutPrefix(strings.TrimSpace(c.String()), "="); ok || !strings.ContainsAny(exactly, "<>~!") {
			candidates = append(candidates, strings.TrimSpace(exactly))
		}
	}
	for _, text := range candidates {
		if v, err := version.NewVersion(text); err == nil && constraints.Check(v) {
			return v.String(), nil
		}
	}
	return "", ErrNoVersion
}

// lockedVersion reads a lock file; where there is none, or none of this provider in it, the version is empty.
func lockedVersion(name string) (string, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	file, problems := hclparse.NewParser().ParseHCL(text, name)
	if problems.HasErrors() {
		return "", problems
	}
	content, _, problems := file.Body.PartialContent(&hcl.BodySchema{
		Blocks: []hcl.BlockHeaderSchema{{Type: "provider", LabelNames: []string{"address"}}},
	})
	if problems.HasErrors() {
		return "", problems
	}
	for _, block := range content.Blocks {
		if !isRedisCloud(block.Labels[0]) {
			continue
		}
		attributes, _ := block.Body.JustAttributes()
		attribute, ok := attributes["version"]
		if !ok {
			continue
		}
		value, problems := attribute.Expr.Value(nil)
		if text, ok := stringOf(value); ok && !problems.HasErrors() {
			return text, nil
		}
		return "", fmt.Errorf("%s: the version of %s is no text", name, block.Labels[0])
	}
	return "", nil
}

// isRedisCloud reports whether a provider's address is that of the official one, at whatever registry.
func isRedisCloud(address string) bool {
	return address == "RedisLabs/rediscloud" || strings.HasSuffix("/"+strings.ToLower(address), "/redislabs/rediscloud")
}
