// Command render makes the plots, the page and the lines of the README of figures that were measured before.
//
//	make generate
package main

//go:generate go run . ../..

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/understudy-dev/understudy/bench/report"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: render DIRECTORY-OF-THE-REPOSITORY")
		os.Exit(2)
	}
	if err := render(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func render(root string) error {
	dir := filepath.Join(root, "docs", "bench")
	if err := report.Render(dir); err != nil {
		return err
	}
	return report.RenderReadme(filepath.Join(root, "README.md"), dir)
}
