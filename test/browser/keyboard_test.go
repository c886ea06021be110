package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Who has no mouse comes to everything that can be used, and sees where they are.
func TestKeyboardReachesEverything(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.world()
	b := openTab(t, s.base)
	for _, page := range b.pages() {
		b.open(page.Path)
		b.click("#pause, h1") // what is used shall not go away
		const number = `(window.toReach = [...document.querySelectorAll(
			"a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']",
		)].filter(e => e.checkVisibility({visibilityProperty: true}))).length`
		n := eval[int](b, number)
		const most = 120 // of one page: those beyond are more of the same
		eval[bool](b, `(document.activeElement.blur(), getSelection().removeAllRanges(), scrollTo(0, 0),
			document.body.tabIndex = -1, document.body.focus(), window.reached = new Set(), true)`)
		for range min(n, most) {
			b.do(chromedp.KeyEvent(kb.Tab))
			const step = `(() => {
				const e = document.activeElement, style = getComputedStyle(e);
				reached.add(e);
				return e === document.body || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
			})()`
			if !eval[bool](b, step) {
				at := eval[string](b, "document.activeElement.outerHTML")
				t.Errorf("%s: one does not see where one is: %s", page.Name, at)
			}
		}
		missed := eval[[]string](b, fmt.Sprintf(
			`toReach.slice(0, %d).filter(e => !reached.has(e)).map(e => e.outerHTML.slice(0, 200))`, most))
		if len(missed) > 0 {
			t.Errorf("%s: the keyboard does not reach %q", page.Name, missed)
		}
	}
}
