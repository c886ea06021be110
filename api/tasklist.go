package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/store"
)

// TaskList is a body with a list of tasks, of which there may be many.
type TaskList struct {
	Before, After string         // the compact JSON around them
	Tasks         []store.Listed // nobody may look at them once they are sent
	// Append appends one of them as compact JSON.
	Append func(dst []byte, t *cloud.Task) ([]byte, error)
}

// encode encodes it as compact JSON, laid out, or as what is too long for the journal.
func (l TaskList) encode(k *knownTexts) (compact, laidOut []byte, long *longBody, err error) {
	if k == nil || len(l.Tasks) == 0 {
		compact, err = l.JSON()
		return compact, nil, nil, err
	}
	if long, err = l.layOut(k); err != nil || long.compact > journal.MaxBody {
		return nil, nil, long, err
	}
	compact, laidOut, err = long.both()
	return compact, laidOut, nil, err
}

// JSON is the body without blanks. It can be made where no task is only known.
func (l TaskList) JSON() (dst []byte, err error) {
	const most = 512 // bytes of a task that is done
	dst = append(make([]byte, 0, most*(len(l.Tasks)+1)), l.Before...)
	for i, t := range l.Tasks {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = l.Append(dst, t.Task); err != nil {
			return nil, err
		}
	}
	return append(dst, l.After...), nil
}

// longBody is a body as it is sent, in parts.
type longBody struct {
	parts   [][]byte
	size    int // of all of them
	compact int // what it would be without blanks
}

func (l *longBody) add(part []byte) {
	l.parts = append(l.parts, part)
	l.size += len(part)
}

// both returns the body as a whole: without blanks, and as it is sent.
func (l *longBody) both() (compact, laidOut []byte, err error) {
	laidOut = bytes.Join(l.parts, nil)
	var text bytes.Buffer
	text.Grow(l.compact)
	err = json.Compact(&text, laidOut)
	return text.Bytes(), laidOut, err
}

// errPlain says that a list is not to be made of texts, since it, or one of them, would become too long.
var errPlain = errors.New("it would become too long")

// layOut lays a list out, of texts that are known and of new ones, which are known from then on.
func (l TaskList) layOut(k *knownTexts) (*longBody, error) {
	frame := layout{most: math.MaxInt}
	frame.write([]byte(l.Before))
	before := layout{text: bytes.Clone(frame.text), open: bytes.Clone(frame.open), level: frame.level}
	for _, text := range []string{"0", l.After} { // as if there were one: around none there are other blanks
		frame.write([]byte(text))
	}
	body := &longBody{compact: len(l.Before) + len(l.Tasks) - 1 + len(l.After)}
	body.add(before.text)
	if err := l.renew(k, layout{open: before.open, level: before.level}); err != nil {
		return nil, err
	}
	var from *block // of which the next part is,
	var start, end int32
	for i, t := range l.Tasks {
		b := k.block(t.Seq / blockSize)
		p := b.find(t)
		body.compact += int(p.compact)
		if b != from || p.start != end {
			if from != nil {
				body.add(from.text[start:end])
			}
			from, start = b, p.start
			if i == 0 {
				start += int32(len(comma))
			}
		}
		end = p.end
	}
	body.add(from.text[start:end])
	body.add(frame.text[len(before.text)+len("0"):])
	if body.size > mostOf(body.compact) {
		return nil, errPlain
	}
	return body, nil
}

// comma is before each task but the first.
const comma = ", "

// renew makes blocks anew that have not all of the tasks, and keeps them.
func (l TaskList) renew(k *knownTexts, inside layout) (err error) {
	made := map[int64]*block{}
	fresh := k.block(newest) == nil
	for _, t := range l.Tasks {
		if n := t.Seq / blockSize; k.block(n).find(t) == nil {
			made[n] = &block{}
		}
	}
	if len(made) == 0 && !fresh && k.stale == nil {
		return nil
	}
	var compact []byte
	for _, t := range l.Tasks {
		old, b := k.block(t.Seq/blockSize), made[t.Seq/blockSize]
		known := old.find(t)
		if known != nil && b != nil {
			b.add(t, *known, old.text[known.start:known.end])
		}
		if known != nil && k.stale == nil {
			continue
		}
		if compact, err = l.Append(append(compact[:0], ','), t.Task); err != nil {
			return err
		}
		inside.text, inside.most = inside.text[:0], mostOf(len(compact)-1)
		inside.write(compact)
		switch {
		case known != nil:
			if kept := old.text[known.start:known.end]; !bytes.Equal(kept, inside.text) {
				k.stale(kept, inside.text)
			}
		case len(inside.text) > inside.most:
			return errPlain
		default:
			b.add(t, place{compact: int32(len(compact) - 1), open: !t.Task.Status.Finished()}, inside.text)
		}
	}
	if len(made) > 0 || fresh {
		k.keep(l.Tasks, made)
	}
	return nil
}
