package browser

import (
	"bufio"
	"bytes"
	"image"
	"image/gif"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// startDemo starts `understudy demo`, and returns what it says when it has said where it runs. The end of the test ends
// it, as Ctrl-C does.
func startDemo(t *testing.T, args ...string) (base string, end func()) {
	t.Helper()
	cmd := exec.Command(servetest.Binary(t), append([]string{"demo", "--no-browser"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+pgtest.TempDir(t))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		_ = cmd.Process.Signal(syscall.SIGINT)
		go func() { _, _ = io.Copy(io.Discard, out) }()
		if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
			t.Errorf("the demo ends with %v: %s", err, &stderr)
		}
	}
	t.Cleanup(end)
	lines := bufio.NewReader(out)
	for base == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the demo ends before it began: %v", err)
		}
		if _, at, found := strings.Cut(line, "The demo runs at "); found {
			base = strings.TrimSuffix(strings.TrimSpace(at), "/ui/")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return base, end
}

// The files of README.md.
const (
	pictureFile = "../../docs/overview-" // light.png, dark.png
	filmFile    = "../../docs/demo.gif"
)

// Whoever opens the page of the demo sees three slots full and the fourth waiting; of that the pictures of the README
// are made, where UNDERSTUDY_RENEW is set. The demo ends though somebody looks on.
func TestDemo(t *testing.T) {
	t.Parallel()
	base, end := startDemo(t, "--speed", "20")
	b := openTab(t, base)
	b.excuse("ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE")
	b.do(chromedp.EmulateViewport(filmWidth, filmHeight))
	b.scheme("light", true)
	b.open("/ui/")
	b.untilLive()
	b.until("the slots are full and one waits", `document.querySelector(".waits") &&
		document.querySelectorAll(".slot[data-taken=yes]").length >= 3`)
	if os.Getenv("UNDERSTUDY_RENEW") != "" {
		for _, scheme := range []string{"light", "dark"} {
			b.scheme(scheme, false)
			b.photograph(pictureFile + scheme + ".png")
		}
		b.scheme("light", true)
		b.film(filmFile)
	}
	began := time.Now()
	end()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("with somebody looking on, the demo takes %v to end", took)
	}
}

// The size of the pictures, and how many there are of an animation.
const (
	filmWidth, filmHeight = 1000, 870
	frames                = 28
	framesASecond         = 2
)

// picture is what is to be seen.
func (b *tab) picture() image.Image {
	b.t.Helper()
	shot, err := png.Decode(bytes.NewReader(value(b, chromedp.CaptureScreenshot())))
	if err != nil {
		b.t.Fatal(err)
	}
	return shot
}

func (b *tab) photograph(file string) {
	b.t.Helper()
	small, err := smaller(b.picture())
	if err == nil {
		err = os.WriteFile(file, small, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// film makes an animation of what is to be seen from now on.
func (b *tab) film(file string) {
	b.t.Helper()
	tick := time.NewTicker(time.Second / framesASecond)
	defer tick.Stop()
	var pictures []image.Image
	for range frames {
		pictures = append(pictures, b.picture())
		<-tick.C
	}
	var out bytes.Buffer
	err := gif.EncodeAll(&out, film(pictures, 100/framesASecond))
	if err == nil {
		err = os.WriteFile(file, out.Bytes(), 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// What the README shows is there, and does not take long to come.
func TestPicturesOfTheReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, most := range map[string]int{
		pictureFile + "light.png": 150_000, pictureFile + "dark.png": 150_000, filmFile: 1_500_000,
	} {
		if !bytes.Contains(readme, []byte("docs/"+filepath.Base(file))) {
			t.Errorf("the README does not show %s", file)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(text) > most {
			t.Errorf("%s has %d bytes, want %d at most", file, len(text), most)
		}
		if _, _, err := image.Decode(bytes.NewReader(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
