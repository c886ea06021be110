package browser

import (
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// keep keeps a picture as output of the test: see -artifacts and -outputdir of go test.
func (b *tab) keep(name string, picture chromedp.Action[[]byte]) {
	b.t.Helper()
	shot, err := chromedp.Run(b.ctx, picture)
	if err == nil {
		err = os.WriteFile(filepath.Join(b.t.ArtifactDir(), name), shot, 0o600)
	}
	if err != nil {
		b.t.Errorf("%s: %v", name, err)
	}
}

// look keeps pictures of a page as it is seen, light, dark and on a telephone, and audits each of them.
func (b *tab) look(name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme, false)
		b.audit(name + " " + scheme)
		b.keep(name+"-"+scheme+".png", chromedp.FullScreenshot(100))
	}
	b.wantNoSidewaysScroll(name)
	b.scheme("light", false)
	b.width(narrow)
	b.audit(name + " narrow")
	b.wantNoSidewaysScroll(name)
	b.keep(name+"-375.png", chromedp.FullScreenshot(100))
	b.width(wide)
}

// The widths at which pages are looked at.
const (
	narrow = 375
	wide   = 1280
)

// wantNoSidewaysScroll holds that neither the page nor a table on it is wider than there is room for.
func (b *tab) wantNoSidewaysScroll(name string) {
	b.t.Helper()
	const wider = `[document.documentElement, ...document.querySelectorAll(".scroll")]
		.filter(e => e.scrollWidth > e.clientWidth)
		.map(e => (e.ariaLabel ?? "the page") + " by " + (e.scrollWidth - e.clientWidth))`
	if all := eval[[]string](b, wider); len(all) > 0 {
		b.t.Errorf("%s: wider than there is room for: %v pixels", name, all)
	}
}
