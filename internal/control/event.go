package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Operations on events.
const (
	ListEvents   Operation[EventList, Events] = "listEvents"
	streamEvents Operation[EventStream, None] = "streamEvents" // which FollowEvents calls
)

// EventList is which events of an account to list.
type EventList struct {
	Account string `path:"account" json:"-"`
	After   int64  `query:"after" json:"-"`
	Limit   int    `query:"limit" json:"-"`
}

// Events is a list of events.
type Events struct {
	Events []sandbox.Transition `json:"events"`
}

// EventStream is which events of an account to follow.
type EventStream struct {
	Account string `path:"account" json:"-"`
	After   *int64 `query:"after" json:"-"` // nil: those that are yet to come
}

// lastEventID is the header with which a client goes on where it was cut off.
const lastEventID = "Last-Event-ID"

func eventOperations(s *sandbox.Service) []bound {
	return []bound{
		ListEvents.bind(func(ctx context.Context, in EventList) (Events, error) {
			if in.Limit == 0 {
				in.Limit = defaultLimit
			}
			list, err := s.Events(ctx, in.Account, in.After, in.Limit)
			return Events{list}, err
		}),
		{id: string(streamEvents), input: binding.Of[EventStream](), stream: func(w *stream, r *http.Request, in any) error {
			from := in.(*EventStream)
			after := sandbox.Latest
			if from.After != nil {
				after = *from.After
			}
			if text := r.Header.Get(lastEventID); text != "" {
				var err error
				if after, err = strconv.ParseInt(text, 10, 64); err != nil || after < 0 {
					return cloud.Errorf("BAD_REQUEST", "%s %q is not the number of an event.", lastEventID, text)
				}
			}
			return s.Follow(r.Context(), from.Account, after, w.event, w.position)
		}},
	}
}

// stream is an answer of server-sent events.
type stream struct {
	w     http.ResponseWriter
	began bool
}

// streamPatience is how long a client may take to read an event.
const streamPatience = 30 * time.Second

func (s *stream) begin() {
	if s.began {
		return
	}
	s.began = true
	s.w.Header().Set("Content-Type", eventStream)
	s.w.Header().Set("Cache-Control", "no-store")
	s.w.WriteHeader(http.StatusOK)
}

func (s *stream) event(e sandbox.Transition) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Type, data))
}

// position shows that both sides are there, and from where a client goes on that is cut off now.
func (s *stream) position(seq int64) error { return s.write(fmt.Sprintf("id: %d\n\n", seq)) }

func (s *stream) write(text string) error {
	s.begin()
	control := http.NewResponseController(s.w)
	if err := control.SetWriteDeadline(time.Now().Add(streamPatience)); err != nil {
		return err
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return control.Flush()
}

const eventStream = "text/event-stream"

// serveStream answers the requests for an operation with a stream.
func (h *Handler) serveStream(doc *openapi.Operation, op bound) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := h.read(w, r, doc, op)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		unhurried(w)
		out := &stream{w: w}
		switch err := op.stream(out, r, in); {
		case err == nil || r.Context().Err() != nil:
			out.begin() // it was empty
		case !out.began:
			h.fail(w, r, err)
		default: // the client comes again, and is told then
			h.Logger.Debug("stream ends", "path", r.URL.Path, "error", err)
		}
	}
}

// FollowEvents calls each with every event of an account after one with a number, in their order and as they are
// committed; nil: with those that are yet to come. began, if it is not nil, is called when it is connected, with the
// number of the event that it begins after. Where the connection is lost it connects again, and goes on where it was.
// It returns when the context ends, with what each returns, and with a *Problem where the server refuses it.
func FollowEvents(
	ctx context.Context, c *Client, in EventStream, began func(after int64), each func(sandbox.Transition) error,
) error {
	told := func(after int64) {
		if began != nil {
			began(after)
			began = nil // what comes later is another connection, or an event
		}
	}
	for {
		err := follow(ctx, c, &in, told, each)
		problem, refused := errors.AsType[*Problem](err)
		if _, mine := errors.AsType[eachError](err); mine || refused && problem.Code != "UNAVAILABLE" {
			return err
		}
		if in.After == nil && !refused && err != nil && ctx.Err() == nil {
			return err // nothing is there to connect to
		}
		timer := time.NewTimer(reconnectAfter)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

const reconnectAfter = 200 * time.Millisecond

// eachError is an error of the caller's.
type eachError struct{ error }

func (e eachError) Unwrap() error { return e.error }

// follow is FollowEvents over one connection. It notes in in how far it has come.
func follow(
	ctx context.Context, c *Client, in *EventStream, began func(int64), each func(sandbox.Transition) error,
) error {
	res, err := c.send(ctx, string(streamEvents), binding.Of[EventStream](), *in)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it is read, or not wanted
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body)
		problem := &Problem{}
		if json.Unmarshal(body, problem) != nil || problem.Code == "" {
			return fmt.Errorf("%s: %s, which is no Understudy: %s", c.URL, res.Status, excerpt(body))
		}
		return problem
	}
	lines := bufio.NewReader(res.Body)
	var e sandbox.Transition
	var seq int64
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "id":
			seq, err = strconv.ParseInt(value, 10, 64)
		case "data":
			err = json.Unmarshal([]byte(value), &e)
		case "": // the end of an event, or of where it stands
			began(seq) // for the first time at once: the server says where it stands
			if e.Seq != 0 {
				err = each(e)
			}
			if err != nil {
				return eachError{err}
			}
			in.After, e = new(seq), sandbox.Transition{}
		}
		if err != nil {
			return fmt.Errorf("read event: %w", err)
		}
	}
}
