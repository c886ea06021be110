package postgres_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/postgres"
)

// identity tells clusters that initdb has made from copies of one.
const identity = "SELECT system_identifier FROM pg_control_system()"

// begun starts a cluster in a new data directory and returns its identity.
func begun(t *testing.T, cacheDir string) int64 {
	t.Helper()
	c := startWith(t, postgres.Config{Dir: newDir(t), CacheDir: cacheDir})
	exec1(t, c, "CREATE TABLE own (n int)") // and nobody else's
	id := query[int64](t, c, identity)
	stop(t, c)
	return id
}

// template returns the one archive in a cache directory.
func template(t *testing.T, cacheDir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(cacheDir, "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the cache has %v, %v; want one file", found, err)
	}
	return found[0]
}

func TestNextDataDirectoryIsACopy(t *testing.T) {
	t.Parallel()
	cacheDir := filepath.Join(t.TempDir(), "made", "on", "the", "way")
	first := begun(t, cacheDir)
	info, err := os.Stat(template(t, cacheDir))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the archive has mode %v, %v; want one that is ours alone", info.Mode(), err)
	}
	for range 2 {
		if got := begun(t, cacheDir); got != first {
			t.Error("another cluster is not a copy of the first")
		}
	}
	if got := begun(t, ""); got == first {
		t.Error("without a cache directory it is a copy, too")
	}
	if info, err := os.Stat(template(t, cacheDir)); err != nil || info.Size() < 1e6 {
		t.Errorf("the template is no longer there: %v", err)
	}
}

// What is in the cache may be spoiled, by whoever tidies it up, a full disk or somebody who means ill: then initdb
// makes the cluster, and what it made is kept instead.
func TestTemplateIsSpoiled(t *testing.T) {
	t.Parallel()
	first := t.TempDir()
	id := begun(t, first)
	whole, err := os.ReadFile(template(t, first))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := bytes.Cut(whole, []byte("understudy.unfinished")) // the last file
	entry := func(header tar.Header) []byte {
		var text bytes.Buffer
		archive := tar.NewWriter(&text)
		if err := errors.Join(archive.WriteHeader(&header), archive.Close()); err != nil {
			t.Fatal(err)
		}
		return text.Bytes()
	}
	for name, spoil := range map[string]struct {
		text []byte
		mode os.FileMode
	}{
		"cut in a file":    {whole[:len(whole)/2], 0o600},
		"cut at a block":   {whole[:len(whole)/2&^511], 0o600},
		"cut at an entry":  {before, 0o600},
		"empty":            {nil, 0o600},
		"zeros":            {make([]byte, 4096), 0o600},
		"not an archive":   {bytes.Repeat([]byte("no"), 4096), 0o600},
		"leads elsewhere":  {entry(tar.Header{Name: "../stray", Typeflag: tar.TypeReg, Mode: 0o600}), 0o600},
		"absolute":         {entry(tar.Header{Name: "/stray", Typeflag: tar.TypeReg, Mode: 0o600}), 0o600},
		"link":             {entry(tar.Header{Name: "base", Typeflag: tar.TypeSymlink, Linkname: "/", Mode: 0o777}), 0o600},
		"anybody's":        {whole, 0o602},
		"that of a group":  {whole, 0o660},
		"file for a place": {entry(tar.Header{Name: "base", Typeflag: tar.TypeReg, Mode: 0o600}), 0o600},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cacheDir := t.TempDir()
			path := filepath.Join(cacheDir, filepath.Base(template(t, first)))
			if err := errors.Join(os.WriteFile(path, spoil.text, 0o600), os.Chmod(path, spoil.mode)); err != nil {
				t.Fatal(err)
			}
			again := begun(t, cacheDir)
			if again == id {
				t.Error("it is copied nevertheless")
			}
			if got := begun(t, cacheDir); got != again {
				t.Error("what initdb made is not kept instead")
			}
		})
	}
}

// Where nothing can be kept, nothing is, and the cluster starts.
func TestCacheDirectoryIsOfNoUse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	begun(t, file)
	begun(t, filepath.Join(file, "below"))
}

// The template of older programs goes, and what a killed one was packing; what is being packed now stays.
func TestOlderTemplatesGo(t *testing.T) {
	t.Parallel()
	cacheDir := t.TempDir()
	begun(t, cacheDir)
	path := template(t, cacheDir)
	of := path[:strings.LastIndex(path, "-")+1]
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ago := time.Now().Add(-2 * time.Hour)
	old := []string{of + "0123456789ab.tar", path + ".new123"}
	kept := []string{path + ".new456", filepath.Join(cacheDir, "postgres-another.tar")}
	for _, name := range append(old, kept...) {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range append(old, kept[1]) {
		if err := os.Chtimes(name, ago, ago); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	begun(t, cacheDir)
	for _, name := range append(kept, path) {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range old {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// A stop while the cluster is being copied leaves nothing behind.
func TestCopyIsStopped(t *testing.T) {
	t.Parallel()
	cacheDir, dir := t.TempDir(), newDir(t)
	begun(t, cacheDir)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	_, err := postgres.Start(ctx, postgres.Config{Dir: dir, CacheDir: cacheDir, Meanwhile: func() { cancel(stopped) }})
	if !errors.Is(err, stopped) {
		t.Errorf("Start: %v, want %v", err, stopped)
	}
	if got := leftovers(dir); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
	startWith(t, postgres.Config{Dir: dir, CacheDir: cacheDir})
}
