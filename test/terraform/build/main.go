// Command build builds what the stories drive where the machine has none, and says what it does.
//
//	go run ./build terraform opentofu provider
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/understudy-dev/understudy/test/terraform/programs"
)

func main() {
	for _, need := range os.Args[1:] {
		wanted, ok := map[string][]programs.Program{
			"terraform": {programs.Terraform},
			"opentofu":  {programs.OpenTofu},
			"provider":  {programs.Provider, programs.FastProvider},
		}[need]
		if !ok {
			fail(fmt.Errorf("there is no %q to build", need))
		}
		for _, program := range wanted {
			if err := build(program); err != nil {
				fail(fmt.Errorf("build %s: %w", program.Name, err))
			}
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

func fail(err error) {
	fmt.Fprintln(os.Stderr, "setup:", err)
	os.Exit(1)
}
