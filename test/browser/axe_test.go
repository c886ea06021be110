package browser

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axe is axe-core, which looks for what keeps people out.
//
//go:embed testdata/axe-core/axe.min.js
var axe string

// findings are what axe-core finds in a page.
type findings struct {
	Passes     int
	Violations []struct {
		ID, Impact, Help string
		Nodes            []struct {
			HTML           string
			FailureSummary string
		}
	}
}

// rules are those of WCAG 2.2 AA.
const rules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`

// audit fails the test for what axe-core finds in the page.
func (b *tab) audit(name string) {
	b.t.Helper()
	for _, v := range b.find().Violations {
		for _, n := range v.Nodes {
			b.t.Errorf("%s: axe-core: %s (%s, %s)\n  %s\n  %s", name, v.Help, v.ID, v.Impact, n.HTML, n.FailureSummary)
		}
	}
}

func (b *tab) find() findings {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](axe)) // from the test, so that the policy of the page need not allow it
	return value(b, chromedp.Evaluate[findings](`axe.run({runOnly: `+rules+`, resultTypes: ["violations"]})
		.then(r => ({
			passes: r.passes.length,
			violations: r.violations.map(v => ({
				id: v.id, impact: v.impact, help: v.help,
				nodes: v.nodes.map(n => ({html: n.html, failureSummary: n.failureSummary})),
			})),
		}))`, chromedp.EvalAwaitPromise))
}

// axe-core is what npm has, unchanged.
func TestAxeIsUnchanged(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("testdata/axe-core/checksums.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		var want, name string
		if _, err := fmt.Sscan(line, &want, &name); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join("testdata/axe-core", name))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s has been changed", name)
		}
	}
}
