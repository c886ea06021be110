package api

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"sync"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// reply is an answer as a value, before anything of it is sent.
type reply struct {
	status int
	header map[string]string // of this answer, not of the connection or the moment; nil: none beside its Content-Type
	body   []byte            // JSON is compact; how it is laid out is decided when it is sent
	// laidOut is the body as most clients get it, where that is known already.
	laidOut []byte
	long    *longBody // in place of both
}

// encoder is where answers are encoded, before it is known how long they become.
type encoder struct {
	bytes.Buffer
	json *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.json = json.NewEncoder(e)
	e.json.SetEscapeHTML(false)
	return e
}}

// maxKept is the largest buffer that is kept for another answer: a list of a few thousand resources. Memory that is
// new for each answer costs more, on machines where touching it is slow, than all that is written into it.
const maxKept = 8 << 20

// newReply encodes an answer as JSON. That cannot fail for the types we answer with;
// should it, the answer says that something is wrong here.
func newReply(r *http.Request, a Answer) reply {
	rep := reply{status: a.Status, header: a.Header}
	if a.Status == http.StatusNoContent {
		rep.body = []byte{} // stored as a body that is empty
		return rep
	}
	var err error
	if list, ok := a.Body.(TaskList); ok {
		rep.body, rep.laidOut, rep.long, err = list.encode(event(r).texts)
		event(r).texts.leave(list.Tasks)
	} else {
		rep.body, err = encode(a.Body)
	}
	if err != nil {
		event(r).err = err
		rep.status = http.StatusInternalServerError
		rep.body = []byte("{}")
	}
	return rep
}

// set sets a header.
func (rep *reply) set(name, value string) {
	if rep.header == nil {
		rep.header = map[string]string{}
	}
	rep.header[name] = value
}

// jsonType is the Content-Type of all answers that say no other.
const jsonType = "application/json"

var jsonTypes = []string{jsonType}

// contentType is empty where there is no body.
func (rep *reply) contentType() string {
	if other, ok := rep.header["Content-Type"]; ok {
		return other
	}
	if rep.status == http.StatusNoContent {
		return ""
	}
	return jsonType
}

// isJSON reports whether the body is laid out for its reader.
func (rep *reply) isJSON() bool {
	is := rep.contentType()
	return is == jsonType || is == "application/problem+json"
}

// writeHeader puts the headers into those that are sent.
func (rep *reply) writeHeader(h http.Header) {
	if rep.contentType() == jsonType {
		h["Content-Type"] = jsonTypes
	}
	for name, value := range rep.header {
		h.Set(name, value)
	}
}

// encode encodes a body as compact JSON.
func encode(body any) ([]byte, error) {
	e := encoders.Get().(*encoder)
	defer func() {
		if e.Cap() <= maxKept {
			encoders.Put(e)
		}
	}()
	e.Reset()
	if err := e.json.Encode(body); err != nil {
		return nil, err
	}
	return bytes.Clone(e.Bytes()[:e.Len()-1]), nil // without the line break that an Encoder adds
}

// success renders what an operation gave back.
func (s *server) success(r *http.Request, op *openapi.Operation, out any) reply {
	switch v := out.(type) {
	case cloud.File:
		return reply{status: op.Status, body: v.Content, header: map[string]string{
			"Content-Type":        "application/octet-stream",
			"Content-Disposition": mime.FormatMediaType("attachment", map[string]string{"filename": v.Name}),
		}}
	case cloud.Task:
		event(r).task = v.ID
		out = s.struckTask(r, op, v)
	}
	return newReply(r, s.Success(r, op, out))
}

// layouts are buffers for bodies as they are sent.
var layouts = sync.Pool{New: func() any { return new([]byte) }}

// send writes a reply. Its JSON is laid out here and nowhere else, so what is
// stored has one form, and a replay has that which its own request asks for.
func (s *server) send(w http.ResponseWriter, r *http.Request, rep reply) {
	s.at("resp.before_write")
	if r.Method != http.MethodHead {
		event(r).answer = rep.body
		if rep.long != nil {
			event(r).answerSize = rep.long.compact
		}
	}
	h := w.Header()
	rep.writeHeader(h)
	body := rep.body
	switch {
	case rep.long != nil:
	case !rep.isJSON() || wantsCompact(r):
	case rep.laidOut != nil:
		body = rep.laidOut
	default:
		buf := layouts.Get().(*[]byte)
		var ok bool
		if *buf, ok = pretty(*buf, rep.body); ok {
			body = *buf
		}
		defer func() {
			if cap(*buf) <= maxKept {
				layouts.Put(buf)
			}
		}()
	}
	parts, size := [][]byte{body}, len(body)
	if rep.long != nil {
		parts, size = rep.long.parts, rep.long.size
	}
	if rep.status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(size)}
	}
	s.quota(r, h)
	if name := event(r).fault; name != "" {
		h.Set(faultHeader, name)
	}
	w.WriteHeader(rep.status)
	if r.Method == http.MethodHead || size == 0 {
		return
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return // a client that is gone is not our error
		}
	}
}
