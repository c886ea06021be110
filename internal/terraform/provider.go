package terraform

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/understudy-dev/understudy/internal/terraform/source"
)

// ProviderModule is the Go module of the official provider.
const ProviderModule = "github.com/RedisLabs/terraform-provider-rediscloud"

// TestedVersion is the version of the provider whose every resource is tried with this server.
const TestedVersion = "1.9.0"

// providerBinary is the executable that Terraform looks for in a directory of dev_overrides.
const providerBinary = "terraform-provider-rediscloud"

// substitutes are for releases that a provider's go.mod names and the module proxy does not have: the next ones.
var substitutes = map[string]string{
	"github.com/RedisLabs/rediscloud-go-api@v0.20.1": "v0.21.0",
}

// waiting says which files of which modules wait: those of the provider, of its SDK and of Terraform's.
var waiting = []struct {
	module string // of which the provider depends on some version; empty: the provider
	files  string // a pattern
}{
	{"", "provider/*.go"},
	{"", "internal/*/*.go"},
	{"github.com/RedisLabs/rediscloud-go-api", "internal/*.go"},
	{"github.com/hashicorp/terraform-plugin-sdk/v2", "helper/retry/*.go"},
}

// recipe is what decides how a provider is built, besides its version and Go's.
//
//go:embed provider.go waits.go source/source.go
var recipe embed.FS

// ErrNoGo says that there is no Go to build the provider with.
var ErrNoGo = errors.New("building the provider needs Go, and PATH has none: install it from https://go.dev/dl")

// BuildProvider returns a directory with the official provider of a version, as in 1.9.0, for dev_overrides. It is
// built of its Go module, once, and kept below cache; progress is told what takes long. A fast one has its fixed waits
// divided by Hurry: so it is not the official binary, and says so in the version that it sends to the server.
func BuildProvider(
	ctx context.Context, cache, version string, fast bool, progress func(string),
) (dir string, err error) {
	version = strings.TrimPrefix(version, "v")
	if version == "" || strings.ContainsAny(version, `/\@ `) {
		return "", fmt.Errorf("%q is no version of the provider, like 1.9.0", version)
	}
	dir, err = providerDir(cache, version, fast)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, providerBinary)); err == nil {
		return dir, nil
	}
	if _, err := exec.LookPath("go"); err != nil {
		return "", ErrNoGo
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(dir, "build")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	b := build{ctx: ctx, version: version, work: work, progress: progress}
	if err := b.all(fast); err != nil {
		return "", fmt.Errorf("build the provider %s: %w", version, err)
	}
	// Whole or not at all, also when two build it at once.
	return dir, os.Rename(filepath.Join(work, providerBinary), filepath.Join(dir, providerBinary))
}

// providerDir is where a provider is kept: by all that decides what it is.
func providerDir(cache, version string, fast bool) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, name := range []string{"provider.go", "waits.go", "source/source.go"} {
		text, err := recipe.ReadFile(name)
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	kind := "official"
	if fast {
		kind = "fast"
	}
	return filepath.Join(cache, fmt.Sprintf("provider-%s-%s-%x", version, kind, sum.Sum(nil)[:8])), nil
}

// build is the building of one provider.
type build struct {
	ctx      context.Context
	version  string
	work     string // where its source is copied to, and what it is built to
	progress func(string)
}

// all copies, changes and builds. The changes are made in copies: go takes no -overlay of a file in its module cache.
func (b build) all(fast bool) error {
	b.progress("downloading " + ProviderModule + " v" + b.version)
	from, err := b.download(b.work, ProviderModule+"@v"+b.version)
	if err != nil {
		return err
	}
	main := filepath.Join(b.work, "provider")
	if err := copyModule(main, from); err != nil {
		return err
	}
	if err := b.substitute(main); err != nil {
		return err
	}
	stamp := b.version
	if fast {
		places, err := b.shorten(main)
		if err != nil {
			return err
		}
		stamp += fmt.Sprintf("-understudy-fast-%d", Hurry)
		b.progress(fmt.Sprintf("building version %s with %d waits divided by %d", b.version, places, Hurry))
	} else {
		b.progress("building version " + b.version)
	}
	_, err = b.run(main, "build", "-mod=mod", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -X main.version="+stamp,
		"-o", filepath.Join(b.work, providerBinary), ".")
	return err
}

// substitute requires what there is instead of releases that cannot be downloaded.
func (b build) substitute(main string) error {
	for missing, instead := range substitutes {
		module, version, _ := strings.Cut(missing, "@")
		required, err := b.run(main, "list", "-mod=mod", "-m", "-f", "{{.Version}}", module)
		if err != nil {
			return err
		}
		if strings.TrimSpace(string(required)) != version {
			continue
		}
		if _, err := b.download(main, module); err == nil {
			continue
		}
		b.progress(fmt.Sprintf("the module proxy has no %s: %s is taken instead", missing, instead))
		if _, err := b.run(main, "mod", "edit", "-require", module+"@"+instead); err != nil {
			return err
		}
	}
	return nil
}

// shorten divides the waits and returns how many there are. A version in which a module has none is an error: what is
// built would not be what it says it is.
func (b build) shorten(main string) (places int, err error) {
	found := map[string]int{}
	dirs := map[string]string{"": main}
	for _, w := range waiting {
		if dirs[w.module] == "" {
			from, err := b.download(main, w.module)
			if err != nil {
				return 0, err
			}
			dirs[w.module] = filepath.Join(b.work, "module", path.Base(path.Dir(w.module))+path.Base(w.module))
			if err := copyModule(dirs[w.module], from); err != nil {
				return 0, err
			}
			if _, err := b.run(main, "mod", "edit", "-replace", w.module+"="+dirs[w.module]); err != nil {
				return 0, err
			}
		}
		n, err := source.Rewrite(dirs[w.module], w.files, Shorten)
		if err != nil {
			return 0, err
		}
		found[w.module] += n
		places += n
	}
	for module, n := range found {
		if n == 0 {
			return 0, fmt.Errorf("%s has no waits where they are looked for: it cannot be made faster",
				strings.TrimPrefix(module+" of ", " of ")+"the provider "+b.version)
		}
	}
	return places, nil
}

// download returns where the source of a module is, downloaded if need be.
func (b build) download(dir, module string) (string, error) {
	text, err := b.run(dir, "mod", "download", "-json", module)
	var got struct{ Dir, Error string }
	if json.Unmarshal(text, &got) == nil && got.Error != "" {
		return "", fmt.Errorf("the Go module proxy does not give it: %s", got.Error)
	}
	if err != nil {
		return "", err
	}
	return got.Dir, nil
}

// run runs a go command and returns its standard output.
func (b build) run(dir string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(b.ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off") // as who releases it builds it
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	return out, nil
}

// copyModule copies the source of a module, which is read-only where it is.
func copyModule(to, from string) error {
	return fs.WalkDir(os.DirFS(from), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o750)
		}
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
}
