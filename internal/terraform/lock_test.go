package terraform

import (
	"errors"
	"testing"
)

func TestLockedVersion(t *testing.T) {
	t.Parallel()
	requires := func(constraint string) string {
		return "terraform {\nrequired_providers {\n" +
			`rc = { source = "RedisLabs/rediscloud", version = "` + constraint + `" }` + "\n}\n}"
	}
	for name, tt := range map[string]struct {
		files map[string]string
		want  string // empty: ErrNoVersion
	}{
		"nothing": {nil, TestedVersion},
		"locked": {map[string]string{"main.tf": requires("~> 1.0"), ".terraform.lock.hcl": `
			provider "registry.terraform.io/hashicorp/null" { version = "3.2.3" }
			provider "registry.opentofu.org/redislabs/rediscloud" {
				version     = "1.8.1"
				constraints = "~> 1.0"
				hashes      = ["h1:abc="]
			}`}, "1.8.1"},
		"locked, another one": {map[string]string{
			".terraform.lock.hcl": `provider "registry.terraform.io/hashicorp/null" { version = "3.2.3" }`,
		}, TestedVersion},
		"exactly":            {map[string]string{"main.tf": requires("1.7.0")}, "1.7.0"},
		"exactly, with sign": {map[string]string{"main.tf": requires("= 1.7.0")}, "1.7.0"},
		"the tested one":     {map[string]string{"main.tf": requires(">= 1.5, < 2")}, TestedVersion},
		"below": {map[string]string{
			"main.tf": `module "a" { source = "./a" }`, "a/main.tf": requires("1.6.0"),
		}, "1.6.0"},
		"newer": {map[string]string{"main.tf": requires("~> 2.0")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, tt.files)
			got, err := LockedVersion(dir)
			if got != tt.want || tt.want == "" && !errors.Is(err, ErrNoVersion) || tt.want != "" && err != nil {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
