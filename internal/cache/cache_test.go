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
// asked for for the longest went. It is not parallel to others: what the runtime counts is of the whole process.
func TestBound(t *testing.T) {
	const most = 4 << 20
	before := heap()
	room := cache.NewRoom(most)
	c, others := cache.New(room, size), cache.New(room, func(k int, v []byte) int64 { return int64(len(v)) })
	key := func(i int) string { return fmt.Sprint("key ", i) }
	for i := range 20_000 {
		c.Put(key(i), strings.Repeat("x", 1+i%1500))
		others.Put(i, make([]byte, 1+i%700))
		if _, ok := c.Get(key(0), valid); !ok {
			t.Fatalf("what is asked for again and again went at %d", i)
		}
		if got := room.Bytes(); got > most {
			t.Fatalf("%d bytes are kept, more than %d", got, most)
		}
	}
	entries := c.Stats().Entries + others.Stats().Entries
	if grown := heap() - before; room.Bytes() < most*9/10 || grown > most*5/4 || entries > most/256 {
		t.Errorf("%d entries of %d bytes take %d", entries, room.Bytes(), grown)
	}
	if few := c.Stats().Entries; few < entries*4/10 || few > entries*6/10 {
		t.Errorf("of %d entries %d are in one of two caches that were asked alike", entries, few)
	}
	if _, ok := c.Get(key(1), valid); ok {
		t.Error("what was not asked for is still there")
	}
	if _, ok := c.Get(key(19_999), valid); !ok {
		t.Error("the last one is not there")
	}
	if _, ok := others.Get(19_999, func([]byte) bool { return true }); !ok {
		t.Error("the last one of the others is not there")
	}
	runtime.KeepAlive(room)
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
	room := cache.NewRoom(10_000)
	c := cache.New(room, size)
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
	if got, ok := c.Get("b", valid); ok || room.Bytes() != 0 {
		t.Errorf("%d bytes are kept, %+v", len(got), c.Stats())
	}
	none := cache.New(cache.NewRoom(0), size)
	none.Put("a", "one")
	if _, ok := none.Get("a", valid); ok || none.Stats() != (cache.Stats{}) || cache.NewRoom(0).Bytes() != 0 {
		t.Error("where there is no room something is kept")
	}
}
