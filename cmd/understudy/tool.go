package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/terraform"
)

// toolFlags say which command line to run, and with which provider.
type toolFlags struct {
	Fast            bool   `env:"UNDERSTUDY_TERRAFORM_FAST" help:"Use the official provider built here with its fixed waits divided by 100, which is not the official binary. Needs Go."`
	ProviderVersion string `placeholder:"VERSION" help:"Version that --fast builds. Default: the one that the module locks or requires."`
	Tool            string `env:"UNDERSTUDY_TERRAFORM" placeholder:"PROGRAM" help:"What to run, by its name or path. Default: terraform, else tofu."`
}

// path is that of the command line.
func (f toolFlags) path() (string, error) {
	path, err := terraform.FindTool(f.Tool)
	if err != nil {
		return "", fmt.Errorf("%w: %w", server.ErrConfig, err)
	}
	return path, nil
}

// config builds the fast provider for the module in a directory, and writes into another one the configuration that
// makes the command line use it. It returns the file's name and the provider's version.
func (f toolFlags) config(
	ctx context.Context, dir, tool string, environ []string, into string, stderr Stderr,
) (name, version string, err error) {
	version = f.ProviderVersion
	if version == "" {
		if version, err = terraform.LockedVersion(dir); err != nil {
			return "", "", fmt.Errorf("%w: %w", server.ErrConfig, err)
		}
	}
	version = strings.TrimPrefix(version, "v")
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", "", err
	}
	provider, err := terraform.BuildProvider(ctx, filepath.Join(cache, "understudy"), version, true, func(doing string) {
		_, _ = fmt.Fprintln(stderr, "understudy:", doing)
	})
	if err != nil {
		return "", "", err
	}
	_, _ = fmt.Fprintf(stderr, "understudy: provider %s is built here, its fixed waits divided by %d: "+
		"it is not the official binary\n", version, terraform.Hurry)
	name, err = terraform.WriteConfig(into, tool, environ, provider)
	return name, version, err
}
