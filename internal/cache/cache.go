// Package cache keeps values for as long as there is room: those that were asked for last.
package cache

import (
	"container/list"
	"sync"
)

// Room is a bound in bytes that caches of several sorts share: for what comes into one of them, what was not asked for
// for the longest goes, whichever it is in. Nil is none.
type Room struct {
	most int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of entries, the one that was asked for last at the front
}

// NewRoom makes a room of so many bytes; nil for none.
func NewRoom(bytes int64) *Room {
	if bytes <= 0 {
		return nil
	}
	return &Room{most: bytes, order: list.New()}
}

// Bytes are what is taken of it, with what keeping that takes.
func (r *Room) Bytes() int64 {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes
}

// Cache is a cache in a room. Nil keeps nothing. Its methods may be called by many goroutines at once.
type Cache[K comparable, V any] struct {
	room    *Room
	size    func(K, V) int64
	entries map[K]*list.Element
	stats   Stats
}

type entry[K comparable, V any] struct {
	in    *Cache[K, V]
	key   K
	value V
	size  int64
}

// Stats are what became of a cache so far, and what is in it.
type Stats struct {
	Hits, Misses int64
	Entries      int
}

// overhead is about what an entry takes beside its key and value: in the map, in the list, and itself.
const overhead = 256

// share is the part of a room that one entry may take: a larger one would push out all others for little.
const share = 8

// New makes a cache in a room; nil where there is none. size is what a key and a value take.
func New[K comparable, V any](room *Room, size func(K, V) int64) *Cache[K, V] {
	if room == nil {
		return nil
	}
	return &Cache[K, V]{room: room, size: size, entries: map[K]*list.Element{}}
}

// Get returns what is kept for a key. What is not valid is as if it were not there.
func (c *Cache[K, V]) Get(key K, valid func(V) bool) (value V, ok bool) {
	if c == nil {
		return value, false
	}
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	found, ok := c.entries[key]
	if ok {
		value = found.Value.(*entry[K, V]).value
		if ok = valid(value); !ok {
			c.room.drop(found)
		}
	}
	if !ok {
		c.stats.Misses++
		var none V
		return none, false
	}
	c.stats.Hits++
	c.room.order.MoveToFront(found)
	return value, true
}

// Fits reports whether there is room for a value.
func (c *Cache[K, V]) Fits(key K, value V) bool {
	return c != nil && overhead+c.size(key, value) <= c.room.most/share
}

// Put keeps a value for a key, in place of the one before. One that does not fit is not kept.
func (c *Cache[K, V]) Put(key K, value V) {
	if c == nil {
		return
	}
	size := overhead + c.size(key, value)
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	if old, ok := c.entries[key]; ok {
		c.room.drop(old)
	}
	if !c.Fits(key, value) {
		return
	}
	for c.room.bytes+size > c.room.most {
		c.room.drop(c.room.order.Back())
	}
	c.entries[key] = c.room.order.PushFront(&entry[K, V]{c, key, value, size})
	c.room.bytes += size
}

func (r *Room) drop(element *list.Element) {
	r.bytes -= r.order.Remove(element).(interface{ forget() int64 }).forget()
}

// forget takes an entry out of its cache, and returns what it took.
func (e *entry[K, V]) forget() int64 {
	delete(e.in.entries, e.key)
	return e.size
}

// Stats returns how it is.
func (c *Cache[K, V]) Stats() Stats {
	if c == nil {
		return Stats{}
	}
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	stats := c.stats
	stats.Entries = len(c.entries)
	return stats
}
