package understudy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	rule     = regexp.MustCompile(`\b(?:[LDCR]-|[THB])[0-9]{1,2}\b`)
	testName = regexp.MustCompile(`\bTest[A-Z]\w+`)
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	comment  = regexp.MustCompile(`(?m)//.*$`)
)

// A number that a comment or a page quotes can be looked up in docs/rules.md, and what that says is tested is.
func TestRulesAreListed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	listed := map[string]bool{}
	for line := range strings.Lines(page) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			listed[strings.TrimSpace(cells[1])] = true
		}
	}
	tests := map[string]bool{}
	for _, file := range sources(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range testFunc.FindAllStringSubmatch(string(text), -1) {
			tests[name[1]] = true
		}
		said := string(text)
		if strings.HasSuffix(file, ".go") {
			said = strings.Join(comment.FindAllString(said, -1), "\n")
		}
		for _, number := range rule.FindAllString(said, -1) {
			if !listed[number] {
				t.Errorf("%s quotes %s, which docs/rules.md does not list", file, number)
			}
		}
	}
	for _, name := range testName.FindAllString(page, -1) {
		if !tests[name] {
			t.Errorf("docs/rules.md names %s, which is not there", name)
		}
	}
}

// sources returns the Go files and the pages of the project.
func sources(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "node_modules" ||
			strings.HasPrefix(entry.Name(), ".") && path != "."):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"), strings.HasSuffix(path, ".md"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
