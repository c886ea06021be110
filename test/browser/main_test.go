package browser

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

func TestMain(m *testing.M) {
	pgtest.Main(m, func() error {
		stopChromium()
		return nil
	})
}

// chromium is the one of this test process, started by the first test that opens a page: the tests have no other place
// in common.
var (
	chromium      = sync.OnceValues(startChromium)
	stopChromium  = func() {}
	errNoChromium = errors.New("there is no Chromium: `make setup` installs it where apt-get can, and else see " +
		"https://www.chromium.org/getting-involved/download-chromium")
)

func startChromium() (context.Context, error) {
	path, err := findChromium()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WindowSize(1280, 900),
		chromedp.Flag("hide-scrollbars", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to run as root with one
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	stopChromium = func() { stop(); stopAllocator() }
	return ctx, chromedp.Do(ctx) // starts it
}

// findChromium looks where Debian, Ubuntu and macOS have it, or what it became.
func findChromium() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	if runtime.GOOS == "darwin" {
		for _, app := range []string{"Chromium", "Google Chrome"} {
			names = append(names, "/Applications/"+app+".app/Contents/MacOS/"+app)
		}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoChromium
}

func TestFindChromiumSaysWhatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if runtime.GOOS == "darwin" {
		return // it may be among the applications
	}
	if path, err := findChromium(); err == nil || !strings.Contains(err.Error(), "make setup") {
		t.Errorf("got %q, %v", path, err)
	}
}
