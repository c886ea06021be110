package journal

import (
	"encoding/binary"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// packed is a request as it lies in memory: its answer, which was there anyway, and nearly all else in one piece,
// both without pointers, so that the garbage collector does not look into them. But for its places in the lists it does
// not change while it is kept.
type packed struct {
	links     [numLists]link
	seq       int64
	account   int64
	operation *openapi.Operation
	document  *openapi.Document
	answer    []byte
	data      []byte
	shown     bool // somebody looks at it, perhaps still when it is dropped
}

// overhead is about what an entry takes beside its data, where it is the only one of its account.
const overhead = 176

func (p *packed) size() int { return overhead + cap(p.answer) + cap(p.data) }

// hold makes it the entry of a request that was packed as data. It keeps a copy of that, in the place of the one before
// if that was about as long.
func (p *packed) hold(seq int64, r Record, data []byte) {
	p.seq, p.account, p.operation, p.document, p.answer = seq, r.Account, r.Operation, r.Document, short(r.Answer)
	if spare := cap(p.data) - len(data); spare < 0 || spare > len(data)/8 {
		p.data = nil
	}
	p.data = append(p.data[:0], data...)
}

// scratch is where requests are packed, before it is known how long they become.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// pack appends what may be shown of a request one day; of its headers, which have the keys, only that.
func pack(b []byte, r Record) []byte {
	for _, n := range []int64{
		r.Time.UnixNano(), int64(r.Duration), int64(r.Status), int64(len(r.Body)), int64(max(len(r.Answer), r.Size)),
	} {
		b = binary.AppendVarint(b, n)
	}
	for _, text := range r.texts() {
		b = appendText(b, *text)
	}
	b = appendHeader(b, r.Header, func(name string) bool { return harmless[name] })
	b = appendHeader(b, r.Sent, func(name string) bool { // what it says by itself, and not what it only repeats
		_, repeated := r.Header[name]
		return !repeated || harmless[name]
	})
	return appendText(b, short(r.Body))
}

// short returns a body that is kept, nil for one that is too long.
func short(body []byte) []byte {
	if len(body) > MaxBody {
		return nil
	}
	return body
}

// unpack returns the request again.
func (p *packed) unpack() *kept {
	k := &kept{
		Record: Record{Account: p.account, Operation: p.operation, Document: p.document, URL: &url.URL{}},
		seq:    p.seq,
	}
	rest := unpacker(p.data)
	k.Time, k.Duration = time.Unix(0, rest.number()), time.Duration(rest.number())
	k.Status, k.bodySize, k.answerSize = int(rest.number()), int(rest.number()), int(rest.number())
	for _, text := range k.texts() {
		*text = string(rest.text())
	}
	k.request, k.answer = rest.header(), rest.header()
	k.Body, k.Answer = rest.text(), p.answer
	return k
}

// texts are those of a request, in the order in which they are packed.
func (r *Record) texts() [14]*string {
	return [...]*string{
		&r.ID, &r.Key, &r.Method, &r.Host, &r.Proto, &r.Task, &r.Fault, &r.Once, &r.Outcome, &r.Code, &r.Err,
		&r.URL.Path, &r.URL.RawPath, &r.URL.RawQuery,
	}
}

func appendText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendVarint(b, int64(len(text))), text...)
}

// appendHeader packs the headers of a message, without the values that may be a key. None has an empty name, which ends
// them.
func appendHeader(b []byte, h http.Header, shown func(name string) bool) []byte {
	for name, values := range h {
		for _, value := range values {
			if !shown(name) {
				value = openapi.Redacted
			}
			b = appendText(appendText(b, name), value)
		}
	}
	return appendText(b, "")
}

// unpacker is what is left of packed data.
type unpacker []byte

func (u *unpacker) number() int64 {
	n, length := binary.Varint(*u)
	*u = (*u)[length:]
	return n
}

func (u *unpacker) text() []byte {
	n := u.number()
	text := (*u)[:n:n]
	*u = (*u)[n:]
	return text
}

func (u *unpacker) header() []Header {
	list := []Header{}
	for name := u.text(); len(name) > 0; name = u.text() {
		list = append(list, Header{Name: string(name), Value: string(u.text())})
	}
	return list
}
