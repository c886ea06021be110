package servetest

import (
	"os"
	"strings"
	"testing"
)

// Page is what a page of the documentation has its readers do.
type Page struct {
	Recipes []Recipe
	Files   map[string]string // that it shows, by their names
	Others  []string          // blocks that are neither commands nor a file
}

// Recipe is a section of a page that has commands.
type Recipe struct {
	Heading string
	Scripts []string
}

// ReadPage reads a page.
func ReadPage(t testing.TB, path string) Page {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := Page{Files: map[string]string{}}
	var heading, block string
	inside := false
	var content strings.Builder
	for line := range strings.Lines(string(text)) {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && !inside:
			inside, block = true, fence
			content.Reset()
		case isFence:
			inside = false
			page.add(heading, block, content.String())
		case inside:
			content.WriteString(line)
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	return page
}

// add adds a block of a section.
func (p *Page) add(heading, block, content string) {
	kind, file, named := strings.Cut(block, " ")
	switch {
	case named:
		p.Files[file] = content
	case kind != "sh":
		p.Others = append(p.Others, heading+": "+kind)
	case len(p.Recipes) > 0 && p.Recipes[len(p.Recipes)-1].Heading == heading:
		last := &p.Recipes[len(p.Recipes)-1]
		last.Scripts = append(last.Scripts, content)
	default:
		p.Recipes = append(p.Recipes, Recipe{heading, []string{content}})
	}
}

// Recipe is the only one of a section.
func (p Page) Recipe(t testing.TB, heading string) Recipe {
	t.Helper()
	for _, r := range p.Recipes {
		if r.Heading == heading {
			return r
		}
	}
	t.Fatalf("there is no recipe %q", heading)
	return Recipe{}
}
