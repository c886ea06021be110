// Package journal keeps the latest requests of each account, to be looked at by whoever tests a client: what was asked,
// what it was taken for, what was answered.
//
// It is in memory and gone with the server. Keeping a request costs next to nothing; what is to be shown of it is made
// when somebody looks. Nothing is shown that the contract calls a secret or does not describe: Entry is the only way
// out.
//
// Begin with Journal.
package journal

import (
	"container/list"
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// Record is what the edge tells of a request when its answer is about to be sent.
type Record struct {
	Context   context.Context
	ID        string // of the request
	Time      time.Time
	Duration  time.Duration // until then
	Account   int64         // 0: nobody knows whose it is
	Key       string        // name of the API key
	Method    string
	URL       *url.URL
	Host      string
	Proto     string // of HTTP
	Header    http.Header
	Operation *openapi.Operation // nil: none matched, and Document says in which one was looked for
	Document  *openapi.Document
	Status    int
	Task      string
	Fault     string      // rules that injected something
	Effects   []string    // what that was
	Once      string      // part of the hash of the idempotency key
	Outcome   string      // of the idempotency key
	Code      string      // of the rule that was broken, whether or not the answer has it
	Err       string      // what went wrong inside
	Body      []byte      // as it was sent; it must not be changed any more
	Answer    []byte      // the same
	Size      int         // of the answer, where that is longer than MaxBody and not there; or 0
	Sent      http.Header // with the answer
}

// Bounds of what is kept.
const (
	MaxBody  = 64 << 10 // of a body; what is longer is not kept
	maxBytes = 4 << 20  // of all accounts together, in memory
)

// Journal keeps requests. Its methods may be called by many goroutines at once; a nil one keeps nothing.
type Journal struct {
	perAccount int

	mu       sync.Mutex
	last     int64
	bytes    int
	all      *list.List                // of *packed, the oldest first
	accounts map[int64][]*list.Element // the same, of each account
	news     chan struct{}             // is closed with the next entry; nil: nobody waits for one
}

// kept is a request that is kept, when somebody looks at it.
type kept struct {
	Record               // without headers
	seq                  int64
	request              []Header // without what may be a key
	answer               []Header
	bodySize, answerSize int // of what is not kept if it is too long
}

// New returns a journal of so many entries per account; 0: nil, which keeps nothing.
func New(perAccount int) *Journal {
	if perAccount <= 0 {
		return nil
	}
	return &Journal{perAccount: perAccount, all: list.New(), accounts: map[int64][]*list.Element{}}
}

// Add keeps a request. Of an account that has its number, and of all when there is no room, the oldest one goes.
func (j *Journal) Add(r Record) {
	if j == nil {
		return
	}
	p := pack(r)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	p.seq = j.last
	j.accounts[r.Account] = append(j.accounts[r.Account], j.all.PushBack(p))
	j.bytes += p.size()
	if own := j.accounts[r.Account]; len(own) > j.perAccount {
		j.drop(own[0])
	}
	for j.bytes > maxBytes {
		j.drop(j.all.Front())
	}
	if j.news != nil {
		close(j.news)
		j.news = nil
	}
}

// drop removes the oldest entry of an account.
func (j *Journal) drop(e *list.Element) {
	p := j.all.Remove(e).(*packed)
	j.bytes -= p.size()
	if rest := j.accounts[p.account][1:]; len(rest) > 0 {
		j.accounts[p.account] = rest
	} else {
		delete(j.accounts, p.account)
	}
}

// Forget drops what is kept of an account.
func (j *Journal) Forget(account int64) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.accounts[account]) > 0 {
		j.drop(j.accounts[account][0])
	}
}

// Clear drops all.
func (j *Journal) Clear() {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all.Init()
	j.bytes, j.accounts = 0, map[int64][]*list.Element{}
}

// Size returns how many requests are kept, and how many bytes they take in memory.
func (j *Journal) Size() (entries, bytes int) {
	if j == nil {
		return 0, 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.Len(), j.bytes
}

// News returns a channel that is closed with the next entry; nil, which never is, for a journal that keeps nothing.
func (j *Journal) News() <-chan struct{} {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.news == nil {
		j.news = make(chan struct{})
	}
	return j.news
}

// snapshot returns what is kept after an entry, the oldest first.
func (j *Journal) snapshot(after int64, account *int64) (entries []*packed) {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if account != nil {
		own := j.accounts[*account]
		for _, e := range slices.Backward(own) {
			p := e.Value.(*packed)
			if p.seq <= after {
				break
			}
			entries = append(entries, p)
		}
	} else {
		for e := j.all.Back(); e != nil; e = e.Prev() {
			p := e.Value.(*packed)
			if p.seq <= after {
				break
			}
			entries = append(entries, p)
		}
	}
	slices.Reverse(entries)
	return entries
}
