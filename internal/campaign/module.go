package campaign

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/terraform"
)

// module is the module of a campaign, ready to be run.
type module struct {
	source  string // its directory
	work    string // where its copies are
	data    string // what `terraform init` or `get` brought, for all copies
	version string // of the command line
	ready   string // the copy in which that was brought; empty before
}

// prepare brings what the module needs, once for all runs.
func prepare(ctx context.Context, cfg Config) (*module, error) {
	source, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if found, err := filepath.Glob(filepath.Join(source, "*.tf*")); err != nil || len(found) == 0 {
		return nil, fmt.Errorf("%s has no Terraform configuration", cfg.Dir)
	}
	m := &module{source: source, work: cfg.Work, data: filepath.Join(cfg.Work, "data")}
	l, err := m.copy(cfg.Terraform, nil, "")
	if err != nil {
		return nil, err
	}
	l.timeout = firstsTimeout
	if m.version, err = l.version(ctx); err != nil {
		return nil, err
	}
	if err := l.bring(ctx); err != nil {
		return nil, err
	}
	m.ready = l.dir
	return m, nil
}

// lockFile has the versions of the providers that `terraform init` chose.
const lockFile = ".terraform.lock.hcl"

// mostAbove is how many directories above the module it may reach, as in source = "../../network".
const mostAbove = 4

// copy makes a copy of the module for a run. What is beside and above it in its repository is there, too, by links.
func (m *module) copy(t Terraform, a *account, name string) (*life, error) {
	top, err := os.MkdirTemp(m.work, strings.TrimSpace("run "+name))
	if err != nil {
		return nil, err
	}
	above := []string{} // the directories above it, the innermost first
	for dir := m.source; len(above) < mostAbove && !isRepository(dir) && filepath.Dir(dir) != dir; {
		dir = filepath.Dir(dir)
		above = append(above, dir)
	}
	if len(above) > 0 && !isRepository(above[len(above)-1]) {
		above = nil // it is in no repository: what is beside it is not known to belong to it
	}
	dir := top
	for i, outer := range slices.Backward(above) {
		next := filepath.Base(m.source)
		if i > 0 {
			next = filepath.Base(above[i-1])
		}
		if err := link(outer, dir, next); err != nil {
			return nil, err
		}
		dir = filepath.Join(dir, next)
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, err
		}
	}
	if err := copyModule(dir, m.source); err != nil {
		return nil, err
	}
	if m.ready != "" {
		text, err := os.ReadFile(filepath.Join(m.ready, lockFile))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, lockFile), text, 0o600)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a provider that is built here is not locked
			return nil, err
		}
	}
	return &life{terraform: t, account: a, dir: dir, data: m.data}, nil
}

func isRepository(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ".git"))
	return err == nil
}

// link links to all that a directory has, but one.
func link(from, to, but string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name != but && name != ".git" {
			if err := os.Symlink(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyModule copies the files of a module: not what Terraform brought to it, nor its state, which is that of something
// else.
func copyModule(to, from string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		target := filepath.Join(to, below)
		switch base := entry.Name(); {
		case entry.IsDir() && (base == ".terraform" || base == ".git" || base == "terraform.tfstate.d"):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o750)
		case strings.Contains(base, ".tfstate"):
			return nil
		case !entry.Type().IsRegular(): // a link, which leads to where it led
			if name, err = filepath.EvalSymlinks(name); err != nil {
				return err
			}
			return os.Symlink(name, target) //nolint:gosec // the same
		}
		text, err := os.ReadFile(name) //nolint:gosec // a module of the user's, who may read it anyway
		if err == nil && filepath.Dir(below) == "." && filepath.Ext(name) == ".tf" {
			text, err = terraform.WithoutBackend(text, below)
		}
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
}
