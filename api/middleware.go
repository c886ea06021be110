package api

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// requestEvent gathers what the one log line of a request says, and what an observer is told of it. It is the context
// of the request.
type requestEvent struct {
	context.Context

	id        string        // of the request
	sent      *http.Request // as it came
	now       time.Time     // of its account, where ids follow from a seed
	operation string
	account   int64
	task      string
	key       string         // part of the hash of the idempotency key
	left      int            // requests in this minute, where there is a limit
	strikes   []fault.Strike // of fault rules
	quota     *fault.Quota   // that a fault rule sets; nil: the server's
	status    int
	err       error

	found   *chi.Context       // the parameters of its path; nil: no operation matched
	op      *openapi.Operation // nil: none matched
	in      *openapi.Document  // in which one was looked for
	url     *url.URL           // in its plain form; nil: as it was sent
	apiKey  string             // the name of the caller's
	fault   string             // that was injected; empty: none
	outcome string             // of the idempotency key
	code    string             // of the rule that was broken
	body    []byte             // as it was sent
	answer  []byte             // JSON in its compact form

	answerSize int           // where the answer is too long for the journal
	lists      *server       // at which the request may be answered with texts that are known; nil: it may not
	request    *http.Request // to it
	texts      *knownTexts   // that were asked for
	plain      bool          // no answer may be made of them
}

// event is the request's own; a fresh one where the request came another way.
func event(r *http.Request) *requestEvent {
	ctx := r.Context()
	if e, ok := ctx.(*requestEvent); ok {
		return e
	}
	if e, ok := ctx.Value(eventKey).(*requestEvent); ok {
		return e
	}
	return &requestEvent{}
}

// Value is of context.Context.
func (e *requestEvent) Value(key any) any {
	if key == eventKey {
		return e
	}
	return e.Context.Value(key)
}

// logged gives each request an id, and the quota as if nothing of it were used, and writes one line when it is
// answered.
func logged(cfg Config, next http.Handler) http.Handler {
	log := cfg.Logger
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := uuid.NewString()
		w.Header()["X-Request-Id"] = []string{id}
		answer := &statusWriter{
			ResponseWriter: w, start: start, observe: cfg.Observe,
			event: requestEvent{Context: r.Context(), id: id, sent: r, left: cfg.RateLimit},
		}
		e := &answer.event
		defer answer.tell() // of one that ends without an answer
		next.ServeHTTP(answer, r.WithContext(e))

		if level := e.level(r); log.Enabled(r.Context(), level) {
			answer.flush() // nobody is to wait for the line
			log.LogAttrs(r.Context(), level, "request", e.attrs(r, start)...)
		}
	})
}

// level is debug for a read that succeeded: clients that follow a task or a
// resource send very many.
func (e *requestEvent) level(r *http.Request) slog.Level {
	switch {
	case e.err != nil:
		return slog.LevelError
	case e.status < http.StatusBadRequest && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func (e *requestEvent) attrs(r *http.Request, start time.Time) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Int("status", e.status),
		slog.Duration("duration", time.Since(start).Round(time.Microsecond)),
		slog.String("request", e.id),
	}
	if e.operation != "" {
		attrs = append(attrs, slog.String("operation", e.operation), slog.Int64("account", e.account))
	}
	if e.task != "" {
		attrs = append(attrs, slog.String("task", e.task))
	}
	if e.fault != "" {
		attrs = append(attrs, slog.String("fault", e.fault))
	}
	if e.key != "" {
		attrs = append(attrs, slog.String("key", e.key))
	}
	if e.err != nil {
		attrs = append(attrs, slog.Any("error", e.err))
	}
	return attrs
}

type statusWriter struct {
	http.ResponseWriter
	event   requestEvent
	start   time.Time
	begun   bool                 // to answer
	observe func(journal.Record) // nil: it was told, or nobody asks
}

func (w *statusWriter) WriteHeader(status int) {
	w.begun = true
	if w.event.status == 0 {
		w.event.status = status
		w.tell()
	}
	w.ResponseWriter.WriteHeader(status)
}

// flush sends what has been written so far: of an answer, not on a connection that was taken from us.
func (w *statusWriter) flush() {
	if w.begun {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // a client that is gone is not our error
	}
}

// tell tells the observer of the request, once, before anything of the answer is sent: who has an answer finds its
// request in the journal.
func (w *statusWriter) tell() {
	observe := w.observe
	if observe == nil {
		return
	}
	w.observe = nil
	e := &w.event
	r := e.sent
	told := journal.Record{
		Context: r.Context(), ID: e.id, Time: w.start, Duration: time.Since(w.start), Account: e.account,
		Key: e.apiKey, Method: r.Method, URL: cmp.Or(e.url, r.URL), Host: r.Host, Proto: r.Proto, Header: r.Header,
		Operation: e.op, Document: e.in, Status: e.status, Task: e.task, Fault: e.fault, Once: e.key,
		Outcome: e.outcome, Code: e.code, Body: e.body, Answer: e.answer, Size: e.answerSize, Sent: w.Header(),
	}
	for _, strike := range e.strikes {
		told.Effects = append(told.Effects, strike.Effect.Do)
	}
	if e.err != nil {
		told.Err = e.err.Error()
	}
	observe(told)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recovered answers a panic with 500, so that the server lives on.
func recovered(e *edge, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				e.serverOf(r.URL.Path).fail(w, r, panicError(v))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// panicError is a panic as an error, with where it happened.
func panicError(v any) error { return fmt.Errorf("panic: %v\n%s", v, debug.Stack()) }
