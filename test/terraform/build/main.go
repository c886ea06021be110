// Command build builds what the stories drive where the machine has none, and says what it does.
//
//	go run ./build terraform opentofu provider
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/understudy-dev/understudy/internal/terraform"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

func main() {
	for _, need := range os.Args[1:] {
		var err error
		switch need {
		case "terraform":
			err = build(programs.Terraform)
		case "opentofu":
			err = build(programs.OpenTofu)
		case "provider":
			err = errors.Join(buildProvider(false), buildProvider(true))
		default:
			err = errors.New("there is none to build")
		}
		if err != nil {
			fail(fmt.Errorf("build %s: %w", need, err))
		}
	}
}

func build(program programs.Program) error {
	path, err := program.Path(".")
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	fmt.Fprintf(os.Stderr, "setup: building %s, once, into %s\n", program.Name, path)
	start := time.Now()
	if err := program.Build(context.Background(), ".", path); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "setup: built it in %.0f s\n", time.Since(start).Seconds())
	return nil
}

func buildProvider(fast bool) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	cache = filepath.Join(cache, "understudy")
	_, err = terraform.BuildProvider(context.Background(), cache, terraform.TestedVersion, fast,
		func(doing string) { fmt.Fprintln(os.Stderr, "setup:", doing) })
	return err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "setup:", err)
	os.Exit(1)
}
