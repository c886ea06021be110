// Package source changes the source of Go modules before they are built: mechanically, by their syntax.
package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Edit replaces the source between two positions.
type Edit struct {
	From, To token.Pos
	Text     string // in which %s stands for what was there
}

// Change finds what is to be edited in a file; nil takes the file out.
type Change func(*ast.File) []Edit

// Rewrite makes a change in the files of a directory that match a pattern of filepath.Match, tests excepted, and
// returns in how many places.
func Rewrite(dir, files string, change Change) (places int, err error) {
	names, err := filepath.Glob(filepath.Join(dir, files))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, "_test.go"):
			continue
		case change == nil:
			if err := os.Remove(name); err != nil {
				return places, err
			}
			places++
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return places, err
		}
		changed, found, err := Apply(text, change)
		if err != nil {
			return places, err
		}
		if found == 0 {
			continue
		}
		if err := os.WriteFile(name, changed, 0o600); err != nil {
			return places, err
		}
		places += found
	}
	return places, nil
}

// Apply returns a file's text with all edits made, and their number.
func Apply(text []byte, change Change) (changed []byte, places int, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, 0, err
	}
	edits := change(file)
	slices.SortFunc(edits, func(a, b Edit) int { return int(b.From - a.From) }) // the last first: positions stay true
	out := string(text)
	for _, e := range edits {
		from, to := set.Position(e.From).Offset, set.Position(e.To).Offset
		out = out[:from] + strings.ReplaceAll(e.Text, "%s", out[from:to]) + out[to:]
	}
	return []byte(out), len(edits), nil
}
