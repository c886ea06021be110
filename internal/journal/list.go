package journal

import "slices"

// The lists that an entry is in.
const (
	ofAll = iota
	ofAccount
	numLists
)

// list is entries in the order in which they came. They are its links themselves, so it takes no memory of its own.
type list struct {
	kind           int
	oldest, newest *packed
	length         int
}

// link is an entry's place in a list.
type link struct{ older, newer *packed }

func (l *list) push(p *packed) {
	p.links[l.kind] = link{older: l.newest}
	if l.newest == nil {
		l.oldest = p
	} else {
		l.newest.links[l.kind].newer = p
	}
	l.newest = p
	l.length++
}

func (l *list) remove(p *packed) {
	at := p.links[l.kind]
	if at.older == nil {
		l.oldest = at.newer
	} else {
		at.older.links[l.kind].newer = at.newer
	}
	if at.newer == nil {
		l.newest = at.older
	} else {
		at.newer.links[l.kind].older = at.older
	}
	p.links[l.kind] = link{} // who still looks at it holds no other
	l.length--
}

// after returns what came after an entry, the oldest first.
func (l *list) after(seq int64) (entries []*packed) {
	for p := l.newest; p != nil && p.seq > seq; p = p.links[l.kind].older {
		entries = append(entries, p)
	}
	slices.Reverse(entries)
	return entries
}
