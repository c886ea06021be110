package cache_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cache"
)

func size(k, v string) int64 { return int64(len(k) + len(v)) }

func valid(string) bool { return true }

// What is kept, with what keeping it takes, is no more than the bound, also as the runtime counts it; and what was not
// asked for for the longest went.
func TestBound(t *testing.T) {
	t.Parallel()
	const most = 4 << 20
	before := heap()
	c := cache.New(most, size)
	key := func(i int) string { return fmt.Sprint("key ", i) }
	for i := range 20_000 {
		c.Put(key(i), strings.Repeat("x", 1+i%1500))
		if _, ok := c.Get(key(0), valid); !ok {
			t.Fatalf("what is asked for again and again went at %d", i)
		}
		if got := c.Stats().Bytes; got > most {
			t.Fatalf("%d bytes are kept, more than %d", got, most)
		}
	}
	stats := c.Stats()
	if grown := heap() - before; stats.Bytes < most*9/10 || grown > most*5/4 || stats.Entries > most/256 {
		t.Errorf("%+v take %d bytes", stats, grown)
	}
	if _, ok := c.Get(key(1), valid); ok {
		t.Error("what was not asked for is still there")
	}
	if _, ok := c.Get(key(19_999), valid); !ok {
		t.Error("the last one is not there")
	}
	runtime.KeepAlive(c)
}

// heap is what is in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A value is there until it is not valid, or another one takes its place; one that would take too much room is not
// kept.
func TestValues(t *testing.T) {
	t.Parallel()
	c := cache.New(10_000, size)
	c.Put("a", "one")
	c.Put("a", "two")
	if got, ok := c.Get("a", func(v string) bool { return v == "two" }); got != "two" || !ok {
		t.Errorf("got %q, %t", got, ok)
	}
	if got, ok := c.Get("a", func(string) bool { return false }); got != "" || ok {
		t.Errorf("what is not valid is got: %q, %t", got, ok)
	}
	if got := (cache.Stats{Hits: 1, Misses: 1}); c.Stats() != got {
		t.Errorf("got %+v, want %+v", c.Stats(), got)
	}
	c.Put("b", "small")
	c.Put("b", strings.Repeat("x", 2000))
	if got, ok := c.Get("b", valid); ok || c.Stats().Bytes != 0 {
		t.Errorf("%d bytes are kept, %+v", len(got), c.Stats())
	}
	none := cache.New(0, size)
	none.Put("a", "one")
	if _, ok := none.Get("a", valid); ok || none.Stats() != (cache.Stats{}) {
		t.Error("where there is no room something is kept")
	}
}
