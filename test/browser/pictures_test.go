package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Every page is clean: nothing on the console, nothing against its policy, nothing that axe-core finds, in light and
// dark and on a telephone. Pictures of them are kept for people to look at.
func TestPictures(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.world()
	b := openTab(t, s.base)
	for _, page := range b.pages() {
		b.open(page.Path)
		b.do(chromedp.WaitVisible(chromedp.CSS("main h1")))
		b.look(page.Name)
	}
}

// The same of what one sees where there is nothing, and where something is wrong.
func TestPicturesOfNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, "--expose", "--control-token", "let me in")
	b := openTab(t, s.base)
	b.excuse("status of 40[14]")
	b.open("/ui/")
	b.untilSays("h1", "Log in")
	b.look("login")
	b.do(chromedp.SendKeys(chromedp.CSS("input[name=token]"), "wrong\r"))
	b.untilSays("main", "That is not the token")
	b.look("login-wrong")
	b.do(chromedp.SendKeys(chromedp.CSS("input[name=token]"), "let me in\r"))
	b.untilSays("h1", "Overview")
	for _, page := range b.pages() {
		b.open(page.Path)
		b.look("empty-" + page.Name)
	}
	b.open("/ui/nowhere")
	b.look("no-such-page")
	b.open("/ui/tasks/none")
	b.look("no-such-task")
}

// Without scripts a page shows all that it has, and its forms work.
func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.world()
	with := openTab(t, s.base)
	pages := with.pages()
	b := openTab(t, s.base)
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{
		Value: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	words := func(b *tab, path string) string {
		b.open(path)
		text := value(b, chromedp.Text(chromedp.CSS("main")))
		// To copy something takes a script.
		return strings.Join(strings.Fields(strings.ReplaceAll(text+"\n", "\nCopy\n", "\n")), " ")
	}
	for _, page := range pages {
		if got, want := words(b, page.Path), words(with, page.Path); got != want {
			t.Errorf("%s says without scripts:\n%s\nand with scripts:\n%s", page.Path, got, want)
		}
	}
	task := s.subscribe("no-script")
	b.open("/ui/tasks/" + task + "?account=" + demo)
	for range 5 { // those before it are processed first
		b.submit("#advance button")
	}
	if state := words(b, "/ui/tasks/"+task+"?account="+demo); strings.Contains(state, "before it in the queue") {
		t.Errorf("time does not pass without scripts: %s", state)
	}
}
