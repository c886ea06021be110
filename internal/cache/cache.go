// Package cache keeps values for as long as there is room: those that were asked for last.
package cache

import (
	"container/list"
	"sync"
)

// Cache is a cache with a bound in bytes. Nil keeps nothing. Its methods may be called by many goroutines at once.
type Cache[K comparable, V any] struct {
	most int64
	size func(K, V) int64

	mu      sync.Mutex
	entries map[K]*list.Element
	order   *list.List // of *entry, the one that was asked for last at the front
	stats   Stats
}

type entry[K comparable, V any] struct {
	key   K
	value V
	size  int64
}

// Stats are what became of a cache so far, and what is in it.
type Stats struct {
	Hits, Misses int64
	Entries      int
	Bytes        int64 // with what keeping them takes
}

// overhead is about what an entry takes beside its key and value: in the map, in the list, and itself.
const overhead = 256

// share is the part of a cache that one entry may take: a larger one would push out all others for little.
const share = 8

// New makes a cache of so many bytes; nil for none. size is what a key and a value take.
func New[K comparable, V any](bytes int64, size func(K, V) int64) *Cache[K, V] {
	if bytes <= 0 {
		return nil
	}
	return &Cache[K, V]{most: bytes, size: size, entries: map[K]*list.Element{}, order: list.New()}
}

// Get returns what is kept for a key. What is not valid is as if it were not there.
func (c *Cache[K, V]) Get(key K, valid func(V) bool) (value V, ok bool) {
	if c == nil {
		return value, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.entries[key]
	if ok {
		value = found.Value.(*entry[K, V]).value
		if ok = valid(value); !ok {
			c.drop(found)
		}
	}
	if !ok {
		c.stats.Misses++
		var none V
		return none, false
	}
	c.stats.Hits++
	c.order.MoveToFront(found)
	return value, true
}

// Put keeps a value for a key, in place of the one before. What was not asked for for the longest goes for it.
func (c *Cache[K, V]) Put(key K, value V) {
	if c == nil {
		return
	}
	size := overhead + c.size(key, value)
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.entries[key]; ok {
		c.drop(old)
	}
	if size > c.most/share {
		return
	}
	for c.stats.Bytes+size > c.most {
		c.drop(c.order.Back())
	}
	c.entries[key] = c.order.PushFront(&entry[K, V]{key, value, size})
	c.stats.Bytes += size
}

func (c *Cache[K, V]) drop(element *list.Element) {
	gone := c.order.Remove(element).(*entry[K, V])
	delete(c.entries, gone.key)
	c.stats.Bytes -= gone.size
}

// Stats returns how it is.
func (c *Cache[K, V]) Stats() Stats {
	if c == nil {
		return Stats{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	stats.Entries = len(c.entries)
	return stats
}
