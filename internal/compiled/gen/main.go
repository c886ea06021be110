// Command gen writes the compiled form of each document that it is given into the current directory.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/understudy-dev/understudy/internal/openapi"
)

func main() {
	log.SetFlags(0)
	for _, path := range os.Args[1:] {
		if err := compile(path); err != nil {
			log.Fatal(err)
		}
	}
}

func compile(path string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	form, err := openapi.Compile(document)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	name := strings.TrimSuffix(filepath.Base(path), ".yaml") + ".gen.json"
	if err := os.WriteFile(name, form, 0o644); err != nil { //nolint:gosec // a part of the source
		return fmt.Errorf("write the compiled form: %w", err)
	}
	return nil
}
