// Package programs builds what the stories drive where the machine has none: the command lines people use. Each is
// built once for a version of itself, of Go and of the way it is built here, and kept in the user's cache directory, so
// that no other clone of this repository builds it again.
package programs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Program is something to build from its Go module, at the version that a go.mod here pins.
type Program struct {
	Name     string // for people
	exe      string // of the executable
	onPath   bool   // whether one that the machine has will do
	pinned   string // the directory of the go.mod
	pkg      string // the package to build
	ldflags  string // besides those for all
	rewrites []rewrite
}

// The command lines. They differ from the released ones only in where a state may be kept, whose keys may encrypt it,
// and where modules may come from: what speaks to a dozen clouds, most of what there is to download and to compile, is
// left out. The stories keep their states in files.
var (
	Terraform = Program{
		Name: "terraform", exe: "terraform", onPath: true,
		pinned: "tools/terraform", pkg: "github.com/hashicorp/terraform",
		ldflags:  "-X github.com/hashicorp/terraform/version.dev=no", // a release
		rewrites: light("github.com/hashicorp/terraform"),
	}
	OpenTofu = Program{
		Name: "OpenTofu", exe: "tofu", onPath: true,
		pinned: "tools/opentofu", pkg: "github.com/opentofu/opentofu/cmd/tofu",
		ldflags: "-X github.com/opentofu/opentofu/version.dev=no", // a release
		rewrites: append(light("github.com/opentofu/opentofu"), rewrite{
			module: "github.com/opentofu/opentofu", files: "internal/encryption/default_registry.go",
			change: without("/aws_kms", "/gcp_kms", "/openbao"), places: 6,
		}),
	}
)

// light leaves out of a command line what speaks to clouds.
func light(module string) []rewrite {
	return []rewrite{
		{module: module, files: "internal/backend/init/init.go", change: without("/remote-state/"), places: 20},
		{module: module, files: "internal/getmodules/getter.go", change: without("GCSGetter", "S3Getter"), places: 2},
		{module: "github.com/hashicorp/go-getter", files: "get.go", change: without("GCSGetter", "S3Getter"), places: 2},
		{module: "github.com/hashicorp/go-getter", files: "get_gcs.go", change: nil, places: 1},
		{module: "github.com/hashicorp/go-getter", files: "get_s3.go", change: nil, places: 1},
	}
}

// recipe is what decides how a program is built, besides its version and Go's.
//
//go:embed programs.go rewrite.go without.go
var recipe embed.FS

// Path is where the program is, or is to be: on PATH when that will do, else in the cache. The root is the directory of
// the module test/terraform.
func (p Program) Path(root string) (string, error) {
	if p.onPath {
		if found, err := exec.LookPath(p.exe); err == nil {
			return found, nil
		}
	}
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version())
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, p.pinned, name))
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	if err := fs.WalkDir(recipe, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := recipe.ReadFile(name)
		sum.Write(text)
		return err
	}); err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := fmt.Sprintf("%s-%x", strings.ToLower(p.Name), sum.Sum(nil)[:8])
	return filepath.Join(cache, "understudy", dir, p.exe), nil
}

// Build builds the program to a path.
func (p Program) Build(ctx context.Context, root, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(path), "build")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	// The changes are made in copies, which a copy of the go.mod names: go takes no -overlay of a file in its module
	// cache.
	modfile := filepath.Join(work, "go.mod")
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, p.pinned, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, name), text, 0o600); err != nil {
			return err
		}
	}
	copies := map[string]string{}
	for i, r := range p.rewrites {
		if copies[r.module] == "" {
			copies[r.module] = filepath.Join(work, strconv.Itoa(i))
			if err := p.copy(ctx, root, r.module, copies[r.module]); err != nil {
				return err
			}
			if _, err := p.run(ctx, root, "mod", "edit", "-replace", r.module+"="+copies[r.module], modfile); err != nil {
				return err
			}
		}
		if err := r.make(copies[r.module]); err != nil {
			return err
		}
	}
	built := filepath.Join(work, p.exe)
	_, err = p.run(ctx, root, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w "+p.ldflags,
		"-modfile", modfile, "-o", built, p.pkg)
	if err != nil {
		return err
	}
	return os.Rename(built, path) // whole or not at all, also when two build it at once
}

// copy copies the source of a module, downloaded if need be.
func (p Program) copy(ctx context.Context, root, module, to string) error {
	text, err := p.run(ctx, root, "mod", "download", "-json", module)
	if err != nil {
		return err
	}
	var source struct{ Dir string }
	if err := json.Unmarshal(text, &source); err != nil {
		return fmt.Errorf("find %s: %w", module, err)
	}
	return os.CopyFS(to, os.DirFS(source.Dir))
}

// run runs a go command in the module that pins the program and returns its standard output.
func (p Program) run(ctx context.Context, root string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(root, p.pinned)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as those who release them build them
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out, nil
}
