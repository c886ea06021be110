package dashboard_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
)

// What is vendored is what was published: its checksum stands beside it, and its licence.
func TestVendoredFilesAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("assets/VENDORED.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`\| (\S+\.js) \| (\S+) \S+ \| ([0-9a-f]{64}) \|`).FindAllStringSubmatch(string(list), -1)
	if len(rows) != 3 {
		t.Fatalf("%d files are listed, want 3", len(rows))
	}
	for _, row := range rows {
		file, err := os.ReadFile("assets/" + row[1])
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != row[3] {
			t.Errorf("%s has the checksum %x", row[1], sum)
		}
		licence := "assets/LICENSE." + strings.TrimSuffix(row[2], ".org")
		if _, err := os.Stat(licence); err != nil {
			t.Error(err)
		}
	}
}

func TestStylesheetIsSmall(t *testing.T) {
	t.Parallel()
	const most = 25_000
	css, err := os.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	if len(css) >= most {
		t.Errorf("it has %d bytes, want less than %d", len(css), most)
	}
}

// The first page with all that it loads, as a browser gets it.
func TestFirstPageIsSmall(t *testing.T) {
	t.Parallel()
	const most = 100_000
	f := start(t)
	first := f.get("/ui/")
	sum := len(first.text)
	loaded := regexp.MustCompile(`(?:src|href)="(/ui/assets/[^"]+)"`).FindAllStringSubmatch(first.text, -1)
	if len(loaded) < 5 {
		t.Fatalf("the page loads %v", loaded)
	}
	for _, match := range loaded {
		p := f.get(match[1], "Accept-Encoding", "gzip")
		if p.status != 200 || p.header.Get("Content-Encoding") != "gzip" ||
			!strings.Contains(p.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", match[1], p.status, p.header)
		}
		if _, err := gzip.NewReader(bytes.NewReader([]byte(p.text))); err != nil {
			t.Errorf("%s: %v", match[1], err)
		}
		sum += len(p.text)
	}
	t.Logf("%d bytes", sum)
	if sum >= most {
		t.Errorf("it has %d bytes, want less than %d", sum, most)
	}
}
