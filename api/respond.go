package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// respond writes what an operation gave back.
func (s *server) respond(w http.ResponseWriter, r *http.Request, status int, out any) {
	switch v := out.(type) {
	case cloud.Task:
		event(r).task = v.ID
		if !v.Status.Finished() {
			w.Header().Set("Retry-After", "1")
		}
		rel := "self"
		if status == http.StatusAccepted {
			rel = "task"
			w.Header().Set("Location", baseURL(r)+s.taskPath+v.ID)
		}
		out = s.task(baseURL(r), v, rel)
	case []cloud.Task:
		out = s.tasks(baseURL(r), v)
	case interface{ LinkSelf(href string) }:
		v.LinkSelf(baseURL(r) + r.URL.RequestURI())
	}
	s.write(w, r, status, out)
}

// unused is what the official clients' own limiter is told: nothing of the 400
// requests a minute has been used. They would else pause by their own count.
const unused = "400"

func (s *server) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		event(r).err = err
		status = http.StatusInternalServerError
		buf.Reset()
		buf.WriteString("{}\n")
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	h.Set("X-Rate-Limit-Remaining", unused)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(buf.Bytes()) // a client that is gone is not our error
	}
}
