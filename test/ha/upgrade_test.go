package ha

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/migrations"
)

// Two servers of an earlier commit are replaced by those of this one under load, one after the other, and then taken
// back: who sends a request that failed once more, to the other server, does not notice.
// $UNDERSTUDY_PREVIOUS is that commit; without it it is the one before this.
func TestRollingUpgrade(t *testing.T) {
	commit := cmp.Or(os.Getenv("UNDERSTUDY_PREVIOUS"), "HEAD~1")
	old, now := buildOf(t, commit), servetest.Binary(t)
	primary := newPrimary(t)
	servers := serveBy(t, old, 2, "--database-url", primary.url())
	before, _, err := migrations.Version(t.Context(), primary.url())
	if err != nil {
		t.Fatal(err)
	}
	apitest.Watch(t, primary.url())
	l := newLoad(t, servers, 4, 8)
	l.more(50)
	for _, s := range servers {
		s.Replace(now)
		l.more(50)
	}
	after, latest, err := migrations.Version(t.Context(), primary.url())
	if err != nil || after != latest {
		t.Errorf("the schema has version %d of %d (%v)", after, latest, err)
	}
	if before == after { // else an old server refuses the new schema
		for _, s := range servers {
			s.Replace(old)
			l.more(50)
		}
	}
	l.end()
	l.check(primary.url())
	t.Logf("from %s, schema %d to %d: %d subscriptions, refused: %v, at most %d times in a row",
		commit, before, after, len(l.made), l.refused, l.worst)
	if l.worst > 1 {
		t.Errorf("a request had to be sent again %d times", l.worst)
	}
}

// buildOf builds the program of a commit.
func buildOf(t *testing.T, commit string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	run := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	dir := t.TempDir()
	source, archive := filepath.Join(dir, "source"), filepath.Join(dir, "source.tar")
	binary := filepath.Join(dir, "understudy")
	if err := os.Mkdir(source, 0o700); err != nil {
		t.Fatal(err)
	}
	root := run("git", "rev-parse", "--show-toplevel")
	run("git", "-C", root, "archive", "--output", archive, commit)
	run("tar", "-C", source, "-xf", archive)
	run("go", "build", "-C", source, "-buildvcs=false", "-o", binary, "./cmd/understudy")
	return binary
}
