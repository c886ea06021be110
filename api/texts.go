package api

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"sync"
	"unsafe"

	"github.com/understudy-dev/understudy/internal/cache"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// Texts are tasks as lists of them were sent, which are sent again: of one version of a task there is one text, for
// ever, whoever else changes the database.
type Texts = cache.Cache[textKey, *block]

// textKey is all that texts are made of beside the tasks, and which ones they are.
type textKey struct {
	account int64
	op      *openapi.Operation // that lists them
	base    string             // by which the client reaches the server
	block   int64              // blocks are numbered as their tasks are; or newest
}

// block has tasks that follow one another in the queue of their account. Mostly it is sent as a whole, so that hardly
// anything is to be done for each.
type block struct {
	places []place // by their numbers, as far as there are some
	text   []byte  // laid out, with a comma before each
	upto   int64   // with the key newest: store.Known,
	tasks  int     // and how many there were
}

// blockSize is how many tasks are in a block.
const blockSize = 64

// Numbers of no block.
const (
	none   = -1
	newest = -2 // where it stands of which tasks a list knows
)

// place is where the text of a task is.
type place struct {
	store.Version
	start, end int32
	compact    int32 // its length without blanks
	open       bool  // it is not finished, and so will be another version
}

// NewTexts keeps them in a room; nil where there is none.
func NewTexts(room *cache.Room) *Texts {
	return cache.New(room, func(k textKey, b *block) int64 {
		return int64(unsafe.Sizeof(k)) + int64(unsafe.Sizeof(*b)) + int64(len(k.base)) +
			int64(unsafe.Sizeof(place{}))*int64(cap(b.places)) + int64(cap(b.text))
	})
}

// find returns where a task is; nil: this version of it is not here.
func (b *block) find(t store.Listed) *place {
	if b == nil || int(t.Seq%blockSize) >= len(b.places) {
		return nil
	}
	if p := &b.places[t.Seq%blockSize]; p.Version == t.Version {
		return p
	}
	return nil
}

// add appends the text of a task.
func (b *block) add(t store.Listed, p place, text []byte) {
	n := int(t.Seq % blockSize)
	if missing := n + 1 - len(b.places); missing > 0 {
		b.places = append(b.places, make([]place, missing)...)
	}
	if b.text == nil { // the others may be as long
		b.text = make([]byte, 0, min(blockSize*len(text), maxGuess))
	}
	p.Version, p.start = t.Version, int32(len(b.text))
	b.text = append(b.text, text...)
	p.end = int32(len(b.text))
	b.places[n] = p
}

// maxGuess is the most room that is made for texts before there are any.
const maxGuess = 64 << 10

// trim gives back room that was made for more than there is.
func (b *block) trim() {
	if cap(b.text) > len(b.text)*9/8 {
		b.text = bytes.Clone(b.text)
	}
}

// knownTexts are those that a request for a list may be answered with.
type knownTexts struct {
	texts  *Texts
	key    textKey
	last   *block                   // that of the key
	blocks map[int64]*block         // that were asked for; nil: there is none
	stale  func(kept, fresh []byte) // Config.Stale
}

// KnownTasks is what is known of the tasks that a request lists, whose operation has this context; nil: nothing is.
func KnownTasks(ctx context.Context) store.Known {
	e, ok := ctx.Value(eventKey).(*requestEvent)
	if !ok || e.lists == nil {
		return nil
	}
	if e.texts == nil {
		e.texts = e.lists.knownTexts(e.request)
	}
	if e.texts == nil {
		return nil
	}
	return e.texts
}

// knownTexts returns nil where a list is not to be made of texts.
func (s *server) knownTexts(r *http.Request) *knownTexts {
	if s.cfg.Texts == nil || wantsCompact(r) {
		return nil
	}
	e := event(r)
	k := &knownTexts{
		texts: s.cfg.Texts, key: textKey{account: e.account, op: e.op, base: BaseURL(r), block: none},
		blocks: map[int64]*block{},
	}
	if s.cfg.Stale != nil {
		k.stale = func(kept, fresh []byte) { s.cfg.Stale(r.RequestURI, kept, fresh) }
	}
	return k
}

// block returns a block by its number; nil: there is none.
func (k *knownTexts) block(n int64) *block {
	if n == k.key.block {
		return k.last
	}
	k.key.block = n
	b, ok := k.blocks[n]
	if !ok {
		b, _ = k.texts.Get(k.key, func(*block) bool { return true })
		k.blocks[n] = b
	}
	k.last = b
	return b
}

// Upto is of store.Known.
func (k *knownTexts) Upto() int64 {
	if b := k.block(newest); b != nil {
		return b.upto
	}
	return 0
}

// rooms are lists that were sent, and are there for others: memory that is new for each takes longer to be cleared than
// the list to be made. They are empty up to their capacity.
var rooms sync.Pool // of *[]store.Listed

// Room is of store.Known.
func (k *knownTexts) Room() []store.Listed {
	b := k.block(newest)
	if b == nil {
		return nil
	}
	most := b.tasks + b.tasks/8
	if room, ok := rooms.Get().(*[]store.Listed); ok && cap(*room) >= most {
		return *room
	}
	return make([]store.Listed, 0, most)
}

// leave gives the room of a list to others: nobody is going to look at it again.
func (k *knownTexts) leave(list []store.Listed) {
	if k == nil || cap(list) == 0 {
		return
	}
	clear(list[:cap(list)]) // nor at its tasks
	list = list[:0]
	rooms.Put(&list)
}

// Has is of store.Known. Where texts are compared with new ones there is never enough.
func (k *knownTexts) Has(t store.Listed) bool {
	return k.stale == nil && k.block(t.Seq/blockSize).find(t) != nil
}

// keep keeps blocks that were made anew for a list. The next one asks for no text of a task that is not finished, nor
// of one for whose block there is no room.
func (k *knownTexts) keep(list []store.Listed, made map[int64]*block) {
	maps.Copy(k.blocks, made)
	k.key.block = none
	upto := list[0].Seq
	for _, t := range list {
		upto = max(upto, t.Seq)
	}
	for _, t := range list {
		if k.block(t.Seq / blockSize).find(t).open {
			upto = min(upto, t.Seq-1)
		}
	}
	key := k.key
	for key.block = range made {
		made[key.block].trim()
		if !k.texts.Fits(key, made[key.block]) {
			upto = min(upto, key.block*blockSize-1)
		}
	}
	key.block = newest
	k.texts.Put(key, &block{upto: upto, tasks: len(list)}) // first, so that it does not outlive them
	for key.block = range made {
		k.texts.Put(key, made[key.block])
	}
}
