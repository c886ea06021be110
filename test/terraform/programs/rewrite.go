package programs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// rewrite is a mechanical change to some source files of a module, made while a program is built of them.
type rewrite struct {
	module string
	files  string                 // a pattern of filepath.Match, from the module's root
	places int                    // how many there are, counted in the pinned version
	change func(*ast.File) []edit // nil takes the file out
}

// edit replaces the source between two positions.
type edit struct {
	from, to token.Pos
	text     string // in which %s stands for what was there
}

// make makes the change in a copy of the module. A version that has fewer places than counted, or more, is an error:
// what is built would not be what it says it is.
func (r rewrite) make(root string) error {
	files, err := filepath.Glob(filepath.Join(root, r.files))
	if err != nil {
		return err
	}
	places := 0
	for _, file := range files {
		switch {
		case strings.HasSuffix(file, "_test.go"):
			continue
		case r.change == nil:
			if err := os.Remove(file); err != nil {
				return err
			}
			places++
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		changed, found, err := r.apply(source)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, changed, 0o600); err != nil {
			return err
		}
		places += found
	}
	if places != r.places {
		return fmt.Errorf("%s/%s has %d places to rewrite, want %d: count them anew for this version",
			r.module, r.files, places, r.places)
	}
	return nil
}

// apply returns the source with all changes made, and their number.
func (r rewrite) apply(source []byte) (changed []byte, places int, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, 0, err
	}
	edits := r.change(file)
	slices.SortFunc(edits, func(a, b edit) int { return int(b.from - a.from) }) // the last first: positions stay true
	text := string(source)
	for _, e := range edits {
		from, to := set.Position(e.from).Offset, set.Position(e.to).Offset
		text = text[:from] + strings.ReplaceAll(e.text, "%s", text[from:to]) + text[to:]
	}
	return []byte(text), len(edits), nil
}
