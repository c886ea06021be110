package terraform

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// sandboxed point at a sandbox.
var sandboxed = []cloud.Variable{
	{Name: "REDISCLOUD_URL", Value: "http://127.0.0.1:8080/v1"},
	{Name: "REDISCLOUD_ACCESS_KEY", Value: "key", Secret: true},
	{Name: "REDISCLOUD_SECRET_KEY", Value: "secret", Secret: true},
}

// write makes files below a directory.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever may reach the real API is refused, and the reason says where it is.
func TestGuard(t *testing.T) {
	t.Parallel()
	root := func(text string) map[string]string { return map[string]string{"main.tf": text} }
	const block = `provider "rediscloud" { url = var.url }` + "\n"
	for name, tt := range map[string]struct {
		files map[string]string
		env   []string
		args  []string
		want  string // a part of the refusal; empty: it is not refused
	}{
		"nothing":           {},
		"an empty provider": {files: root(`provider "rediscloud" {}`)},
		"the sandbox's own": {files: root(`provider "rediscloud" { url = "http://127.0.0.1:8080/v1/" }`)},
		"another provider":  {files: root(`provider "other" { url = "https://example.com" }`)},
		"the environment's": {env: []string{"REDISCLOUD_URL=http://127.0.0.1:8080/v1", "REDISCLOUD_ACCESS_KEY=other"}},
		"another environment": {
			env:  []string{"REDISCLOUD_URL=https://api.redislabs.com/v1"},
			want: "REDISCLOUD_URL=https://api.redislabs.com/v1",
		},
		"keys alone": {env: []string{"REDISCLOUD_ACCESS_KEY=real"}, want: "keys for the real API"},
		"a provider elsewhere": {
			env:  []string{`TF_REATTACH_PROVIDERS={"redislabs/rediscloud":{}}`},
			want: "TF_REATTACH_PROVIDERS",
		},
		"a url": {
			files: map[string]string{"main.tf": "\n" + `provider "rediscloud" { url = "https://example.com/v1" }`},
			want:  "main.tf:2: the provider's url",
		},
		"a key": {
			files: root(`provider "rediscloud" { api_key = "real" }`), want: "the provider's api_key",
		},
		"a secret key": {
			files: root(`provider "rediscloud" { secret_key = file("key") }`),
			want:  "the provider's secret_key wins over REDISCLOUD_SECRET_KEY, and nobody knows",
		},
		"an alias": {
			files: root(`
				provider "rediscloud" {}
				provider "rediscloud" {
					alias = "b"
					url   = "https://example.com"
				}`),
			want: "main.tf:5: the provider's url",
		},
		"another name of it": {
			files: root(`
				terraform {
					required_providers {
						rc = {
							source                = "registry.terraform.io/redislabs/rediscloud"
							configuration_aliases = [rc.b]
						}
					}
				}
				provider "rc" { url = "https://example.com" }`),
			want: "the provider's url",
		},
		"in JSON": {
			files: map[string]string{"main.tf.json": `{"provider": {"rediscloud": [{"url": "https://example.com"}]}}`},
			want:  "main.tf.json:1: the provider's url",
		},
		"an override": {
			files: map[string]string{"main.tf": "", "x_override.tf": `provider "rediscloud" { url = "https://example.com" }`},
			want:  "x_override.tf:1",
		},
		"a test": {
			files: map[string]string{"tests/a.tftest.hcl": `provider "rediscloud" { url = "https://example.com" }`},
			want:  "tests/a.tftest.hcl:1",
		},
		"a module below": {
			files: map[string]string{
				"main.tf":      `module "a" { source = "./deep/er" }`,
				"deep/er/a.tf": `provider "rediscloud" { url = "https://example.com" }`,
			},
			want: "deep/er/a.tf:1",
		},
		"a module that was fetched": {
			files: map[string]string{
				"main.tf":                         `module "a" { source = "example/a/b" }`,
				".terraform/modules/modules.json": `{"Modules": [{"Dir": "."}, {"Dir": ".terraform/modules/a"}]}`,
				".terraform/modules/a/main.tf":    `provider "rediscloud" { url = "https://example.com" }`,
			},
			want: ".terraform/modules/a/main.tf:1",
		},
		"a module that is given a url": {
			files: map[string]string{
				"main.tf": "module \"a\" { source = \"./a\" }\n" +
					`variable "url" { default = "http://127.0.0.1:8080/v1" }`,
				"a/main.tf": block + `variable "url" { default = "http://127.0.0.1:8080/v1" }`,
			},
			want: "nobody knows",
		},
		"a variable by default": {
			files: root(block + `variable "url" { default = "https://example.com" }`),
			want:  "var.url, which its default sets",
		},
		"a variable that is null": {files: root(block + `variable "url" { default = null }`)},
		"a variable of the environment": {
			files: root(block), env: []string{"TF_VAR_url=https://example.com"}, want: "which TF_VAR_url sets",
		},
		"a variable of terraform.tfvars": {
			files: map[string]string{"main.tf": block, "terraform.tfvars": `url = "https://example.com"`},
			env:   []string{"TF_VAR_url=http://127.0.0.1:8080/v1"}, want: "which terraform.tfvars sets",
		},
		"a variable of another file": {
			files: map[string]string{"main.tf": block, "a.auto.tfvars.json": `{"url": "https://example.com"}`},
			want:  "which a.auto.tfvars.json sets",
		},
		"a variable of the command line": {
			files: map[string]string{"main.tf": block, "terraform.tfvars": `url = "http://127.0.0.1:8080/v1"`},
			args:  []string{"apply", "-var", "url=https://example.com"}, want: "which -var sets",
		},
		"a file of the command line": {
			files: map[string]string{"main.tf": block, "real.tfvars": `url = "https://example.com"`},
			args:  []string{"plan", "-var-file=real.tfvars"}, want: "which real.tfvars sets",
		},
		"arguments of the environment": {
			files: root(block), env: []string{"TF_CLI_ARGS_plan=-var 'url=https://example.com'"},
			args: []string{"plan"}, want: "which -var sets",
		},
		"the later one wins": {
			files: map[string]string{"main.tf": block, "terraform.tfvars": `url = "https://example.com"`},
			args:  []string{"apply", "-var=url=http://127.0.0.1:8080/v1"},
		},
		"an address anywhere": {
			files: root(`data "http" "a" { url = "https://API.redislabs.com/v1/subscriptions" }`),
			want:  "main.tf:1: API.redislabs.com is the real API",
		},
		"an address in a script": {
			files: root("locals {\n  a = <<-E\n    curl https://api.redislabs.com/v1\n  E\n}"), want: "main.tf:3",
		},
		"an address in prose": {files: root(`
			# https://api.redislabs.com/v1
			variable "a" { description = "Default: https://api.redislabs.com/v1." }`)},
		"an address in a variable": {
			env:  []string{"TF_VAR_a=https://api.redislabs.com/v1"},
			want: "variable a has api.redislabs.com, by TF_VAR_a",
		},
		"the address of a database": {env: []string{"TF_VAR_a=redis-1.c1.eu-west-1-1.ec2.cloud.redislabs.com:1"}},
		"HCP Terraform": {
			files: root("terraform {\n  cloud { organization = \"a\" }\n}"), want: "main.tf:2: runs of HCP Terraform",
		},
		"the remote backend": {
			files: root("terraform {\n  backend \"remote\" {}\n}"), want: "main.tf:2: runs of the remote backend",
		},
		"another backend": {files: root("terraform {\n  backend \"s3\" {}\n}")},
		"a plan that nobody can read": {
			files: map[string]string{"it.plan": "secret"},
			args:  []string{"apply", "-auto-approve", "it.plan"},
			want:  "the plan it.plan",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, tt.files)
			_, err := Guard(Guarded{Dir: dir, Args: tt.args, Environ: tt.env, Variables: sandboxed})
			_, refused := errors.AsType[*Refusal](err)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tt.want != "" && (!refused || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want a refusal with %q", err, tt.want)
			}
		})
	}
}

// A plan that is applied has a configuration of its own.
func TestGuardLooksIntoPlans(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"of the sandbox": {`provider "rediscloud" { url = "http://127.0.0.1:8080/v1" }`, ""},
		"of another":     {`provider "rediscloud" { url = "https://example.com" }`, "m-/main.tf:1: the provider's url"},
		"of a variable":  {`provider "rediscloud" { url = var.url }`, "nobody knows"},
		"of no provider": {`locals {}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			archive := zip.NewWriter(&text)
			for name, content := range map[string]string{
				"tfplan": "\x00", "tfconfig/modules.json": "[]", "tfconfig/m-/main.tf": tt.text,
			} {
				w, err := archive.Create(name)
				if err == nil {
					_, err = io.WriteString(w, content)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := archive.Close(); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			write(t, dir, map[string]string{"it.plan": text.String()})
			_, err := Guard(Guarded{Dir: dir, Args: []string{"apply", "it.plan"}, Variables: sandboxed})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Inputs of a module that are the provider's url and keys, and have no value, are set.
func TestGuardSetsInputs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"main.tf": `
		variable "api_key" {}
		variable "secret" {}
		provider "rediscloud" {
			api_key = var.api_key
			secret_key = var.secret
		}`})
	variables, err := Guard(Guarded{Dir: dir, Variables: sandboxed})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range variables[len(sandboxed):] {
		got[v.Name] = v.Value
	}
	if diff := cmp.Diff(map[string]string{"TF_VAR_api_key": "key", "TF_VAR_secret": "secret"}, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
