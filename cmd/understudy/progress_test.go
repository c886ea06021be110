package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgressLine(t *testing.T) {
	t.Parallel()
	p := &Progress{what: "Seed"}
	p.Set(5, 10, "database 7")
	want := "Seed [###############...............] 5/10 2s  database 7"
	if got := p.line(2500 * time.Millisecond); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Set(12, 10, "") // more than was thought
	if got := p.line(0); got != "Seed ["+strings.Repeat("#", 30)+"] 12/10 0s" {
		t.Errorf("got %q", got)
	}
	p.Set(0, 0, "") // nobody knows how much it is
	seen := map[string]bool{}
	for after := range 58 {
		line := p.line(time.Duration(after) * progressEvery)
		if strings.Count(line, "#") != 1 || strings.Count(line, ".") != 29 {
			t.Fatalf("got %q, want one mark", line)
		}
		bar, _, _ := strings.Cut(line, "]")
		seen[bar] = true
	}
	if len(seen) != 30 {
		t.Errorf("the mark is seen in %d places, want 30", len(seen))
	}
}

// What is no terminal gets nothing, however long it takes.
func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := Stderr{&out}.Progress("Wait", 0)
	p.Set(1, 2, "")
	p.Done()
	p.Done()
	if out.Len() > 0 {
		t.Errorf("got %q", &out)
	}
}
