package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"sync"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// reply is an answer as a value, before anything of it is sent.
type reply struct {
	status int
	header map[string]string // that belongs to this answer, not to the connection or the moment
	body   []byte            // JSON is compact; how it is laid out is decided when it is sent
}

// newReply renders a body as JSON. That cannot fail for the types we answer with;
// should it, the answer says that something is wrong here.
func newReply(r *http.Request, status int, body any) reply {
	if status == http.StatusNoContent {
		return reply{status: status, header: map[string]string{}, body: []byte{}} // stored as a body that is empty
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		event(r).err = err
		status = http.StatusInternalServerError
		buf.Reset()
		buf.WriteString("{}\n")
	}
	buf.Truncate(buf.Len() - 1) // without the line break that an Encoder adds
	return reply{status: status, header: map[string]string{"Content-Type": "application/json"}, body: buf.Bytes()}
}

// success renders what an operation gave back.
func (s *server) success(r *http.Request, status int, out any) reply {
	header := map[string]string{}
	switch v := out.(type) {
	case cloud.Task:
		event(r).task = v.ID
		if !v.Status.Finished() {
			header["Retry-After"] = "1"
		}
		rel := "self"
		if status == http.StatusAccepted {
			rel = "task"
			header["Location"] = baseURL(r) + s.taskPath + v.ID
		}
		out = s.task(baseURL(r), v, rel)
	case cloud.File:
		return reply{status: status, body: v.Content, header: map[string]string{
			"Content-Type":        "application/octet-stream",
			"Content-Disposition": mime.FormatMediaType("attachment", map[string]string{"filename": v.Name}),
		}}
	case []cloud.Task:
		out = s.tasks(baseURL(r), v)
	case interface{ LinkSelf(href string) }:
		v.LinkSelf(baseURL(r) + r.URL.RequestURI())
	}
	rep := newReply(r, status, out)
	maps.Copy(rep.header, header)
	return rep
}

// layouts are buffers for bodies as they are sent.
var layouts = sync.Pool{New: func() any { return new([]byte) }}

// maxKept is the largest buffer that is kept for another answer.
const maxKept = 1 << 20

// send writes a reply. Its JSON is laid out here and nowhere else, so what is
// stored has one form, and a replay has that which its own request asks for.
func (s *server) send(w http.ResponseWriter, r *http.Request, rep reply) {
	s.at("resp.before_write")
	h := w.Header()
	for name, value := range rep.header {
		h.Set(name, value)
	}
	body := rep.body
	if isJSON(rep.header["Content-Type"]) && !wantsCompact(r) {
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
	if rep.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if h.Get(rateHeader) == "" { // nobody's requests were counted
		h.Set(rateHeader, s.allowance())
	}
	w.WriteHeader(rep.status)
	if r.Method != http.MethodHead && len(body) > 0 {
		_, _ = w.Write(body) // a client that is gone is not our error
	}
}
