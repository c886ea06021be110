package journal

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Query chooses entries. What is empty chooses all.
type Query struct {
	Account   *int64 // 0: those of which nobody knows whose they are
	Operation string // its id
	Method    string
	Status    string // 404, or 4xx
	Path      string // in the path
	Text      string // anywhere in what is shown, in whatever case
	Task      string
	Since     time.Time
	After     int64 // those after this one, the first of them
	Unmatched bool  // only those that matched no operation
	Fault     bool  // only those with an injected fault
	Limit     int   // the latest so many, or with After the first; 0: all
}

// Find returns the entries that a query chooses, without bodies, the oldest first.
func (j *Journal) Find(q Query) []Entry { return each(j.find(q), (*kept).summary) }

// FindFull is Find with all that is shown of each.
func (j *Journal) FindFull(q Query) []Entry { return each(j.find(q), (*kept).entry) }

// Entry returns all that is shown of the request with an id, or with a number, and whether it is kept.
func (j *Journal) Entry(ref string) (Entry, bool) {
	seq, err := strconv.ParseInt(ref, 10, 64)
	for _, p := range j.snapshot(0, nil) {
		k := p.unpack()
		if k.ID == ref || err == nil && k.seq == seq {
			return k.entry(), true
		}
	}
	return Entry{}, false
}

func each(found []*kept, show func(*kept) Entry) []Entry {
	entries := make([]Entry, len(found))
	for i, k := range found {
		entries[i] = show(k)
	}
	return entries
}

func (j *Journal) find(q Query) (found []*kept) {
	all := j.snapshot(q.After, q.Account)
	newest := q.After == 0
	if newest {
		slices.Reverse(all)
	}
	for _, p := range all {
		if q.Limit > 0 && len(found) == q.Limit {
			break
		}
		if k := p.unpack(); q.chooses(k) {
			found = append(found, k)
		}
	}
	if newest {
		slices.Reverse(found)
	}
	return found
}

func (q Query) chooses(k *kept) bool {
	id := ""
	if k.Operation != nil {
		id = k.Operation.ID
	}
	switch {
	case q.Operation != "" && id != q.Operation, q.Method != "" && !strings.EqualFold(k.Method, q.Method),
		q.Status != "" && !matches(q.Status, k.Status), q.Task != "" && k.Task != q.Task, k.Time.Before(q.Since),
		q.Unmatched && k.Operation != nil, q.Fault && k.Fault == "",
		q.Path != "" && !strings.Contains(k.path(), q.Path):
		return false
	case q.Text == "":
		return true
	}
	// In what is shown: else a search could tell a secret, letter by letter.
	e := k.entry()
	e.Curl = "" // which says the same again
	shown, err := json.Marshal(e)
	return err == nil && strings.Contains(strings.ToLower(string(shown)), strings.ToLower(q.Text))
}

// matches reports whether a status is the one, or of the class, that is named.
func matches(want string, status int) bool {
	text := strconv.Itoa(status)
	if len(want) == 3 && strings.HasSuffix(strings.ToLower(want), "xx") {
		return want[:1] == text[:1]
	}
	return want == text
}
