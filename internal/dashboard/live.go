package dashboard

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"
)

const (
	eventStream = "text/event-stream"
	lastSeen    = "seen" // parameter with the id of the last event, of who was paused
	// A page is rendered anew at most so often, whatever happens meanwhile.
	pause = 250 * time.Millisecond
	// A stream on which nothing happens says so often that it is alive.
	beat = 5 * time.Second
	// How long a client may take to read what is sent.
	patience = 30 * time.Second
)

// stream sends the parts of a page, each as an event of its name: all of them at first, and then those that changed. So
// nothing is missed by who was cut off, whatever happened meanwhile. The id of an event stands for what is shown after
// it; who names it is not sent the same again.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, p *page) {
	_, q, err := h.head(p, r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	s := &stream{w: w, control: http.NewResponseController(w), page: p, sent: map[string][sha256.Size]byte{}}
	s.seen = r.Header.Get("Last-Event-ID")
	if s.seen == "" {
		s.seen = r.URL.Query().Get(lastSeen)
	}
	begun := false
	err = h.Service.Look(r.Context(), q.account.ID, pause, func(ctx context.Context) error {
		v, err := h.view(p, r.WithContext(ctx))
		if err != nil {
			return err
		}
		if !begun { // what cannot be shown is answered as a page is
			begun = true
			_ = s.control.SetReadDeadline(time.Time{}) // who cannot is a test's recorder, which has none
			w.Header().Set("Content-Type", eventStream)
			w.WriteHeader(http.StatusOK)
		}
		return s.send(h, v)
	})
	if !begun {
		h.fail(w, r, err)
		return
	}
	h.Logger.Debug("stream ends", "path", r.URL.Path, "reason", err)
}

// stream is what one client has been sent.
type stream struct {
	w       io.Writer
	control *http.ResponseController
	page    *page
	sent    map[string][sha256.Size]byte // by part
	seen    string                       // id of the last event before it was cut off
	last    time.Time                    // when something was written
}

// ticking are elements that show how time passes, which the browser does by itself. Those of a clock that stands still
// are none: it moves when it is told to.
var ticking = regexp.MustCompile(`<(time|progress)\b[^>]*\bdata-tick\b[^>]*>[^<]*`)

// send sends the parts that changed.
func (s *stream) send(h *Handler, v *view) error {
	type change struct {
		part string
		text []byte
	}
	var changes []change
	whole := sha256.New()
	for _, part := range s.page.parts {
		text, err := h.render(v.Name+"#"+part, v)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(ticking.ReplaceAll(text, nil))
		_, _ = whole.Write(sum[:]) // a hash takes everything
		if s.sent[part] != sum {
			changes = append(changes, change{part, text})
			s.sent[part] = sum
		}
	}
	id := hex.EncodeToString(whole.Sum(nil)[:8])
	if s.seen == id {
		changes = nil
	}
	s.seen = ""
	if len(changes) == 0 && time.Since(s.last) < beat {
		return nil
	}
	var out bytes.Buffer
	for _, c := range changes {
		_, _ = fmt.Fprintf(&out, "event: %s\n", c.part)
		for line := range bytes.Lines(c.text) {
			_, _ = fmt.Fprintf(&out, "data: %s\n", bytes.TrimRight(line, "\r\n"))
		}
		out.WriteByte('\n')
	}
	_, _ = fmt.Fprintf(&out, "id: %s\nevent: beat\ndata: %d\n\n", id, len(changes))
	if err := s.control.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := s.w.Write(out.Bytes()); err != nil {
		return err
	}
	s.last = time.Now()
	return s.control.Flush()
}
