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
	"context"
	"net/http"
	"net/url"
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
	all      list
	accounts map[int64]*list // those of each account that has any
	free     *packed         // was dropped, and is there for the next entry; nil: none is
	news     chan struct{}   // is closed with the next entry; nil: nobody waits for one
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
	return &Journal{perAccount: perAccount, accounts: map[int64]*list{}}
}

// Add keeps a request. Of an account that has its number, and of all when there is no room, the oldest one goes.
func (j *Journal) Add(r Record) {
	if j == nil {
		return
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	*buf = pack((*buf)[:0], r)
	j.mu.Lock()
	defer j.mu.Unlock()
	p := j.free
	j.free = nil
	if p == nil {
		p = &packed{}
	}
	j.last++
	p.hold(j.last, r, *buf)
	own := j.accounts[r.Account]
	if own == nil {
		own = &list{kind: ofAccount}
		j.accounts[r.Account] = own
	}
	j.all.push(p)
	own.push(p)
	j.bytes += p.size()
	if own.length > j.perAccount {
		j.drop(own.oldest)
	}
	for j.bytes > maxBytes {
		j.drop(j.all.oldest)
	}
	if j.news != nil {
		close(j.news)
		j.news = nil
	}
}

// drop removes an entry. The next one takes its memory, unless somebody still looks at it.
func (j *Journal) drop(p *packed) {
	j.bytes -= p.size()
	j.all.remove(p)
	own := j.accounts[p.account]
	if own.remove(p); own.length == 0 {
		delete(j.accounts, p.account)
	}
	if !p.shown {
		j.free = p
	}
}

// Forget drops what is kept of an account.
func (j *Journal) Forget(account int64) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for own := j.accounts[account]; own != nil && own.length > 0; {
		j.drop(own.oldest)
	}
}

// Clear drops all.
func (j *Journal) Clear() {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bytes, j.all, j.accounts = 0, list{}, map[int64]*list{}
}

// Size returns how many requests are kept, and how many bytes they take in memory.
func (j *Journal) Size() (entries, bytes int) {
	if j == nil {
		return 0, 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.length, j.bytes
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
func (j *Journal) snapshot(after int64, account *int64) []*packed {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	from := &j.all
	if account != nil {
		from = j.accounts[*account]
	}
	if from == nil {
		return nil
	}
	entries := from.after(after)
	for _, p := range entries {
		p.shown = true
	}
	return entries
}
