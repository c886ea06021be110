package api

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// faultHeader marks an answer that would have been another one without some fault rules, with their names.
const faultHeader = "Sandbox-Fault"

// underFaults answers a request while fault rules are armed.
func (s *server) underFaults(w http.ResponseWriter, r *http.Request, c call) {
	if err := s.draw(r, &c); err != nil {
		s.fail(w, r, err)
		return
	}
	rep, done := s.strikeBefore(r, &c)
	if !done {
		s.ignoreMembers(r, &c)
		event(r).plain = true
		carried := s.carryOut(r, c)
		carried.laidOut = nil // of what is sent it may not be any more
		if rep.status == 0 {
			rep = carried
		}
	}
	rep, err := s.strikeAfter(r, c, rep)
	if err != nil {
		rep = s.failure(r, err)
	}
	s.sendStruck(w, r, rep)
}

// draw asks the rules what strikes a request that has arrived.
func (s *server) draw(r *http.Request, c *call) error {
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.PerformTime)
	defer cancel()
	e := event(r)
	req := engine.FaultRequest(c.caller, c.op, binding.Request{Path: c.params(r), Body: c.body().JSON})
	req.Counted = s.cfg.RateLimit > 0
	strikes, err := s.engine.Faults().Strikes(ctx, fault.Arrived, req)
	e.strikes, e.quota = strikes, req.Quota
	if len(strikes) > 0 {
		s.at("fault.counted")
	}
	return err
}

// strikeBefore works what strikes before a request is carried out. It returns the answer where that is decided by then,
// and whether the request is not to be carried out at all.
func (s *server) strikeBefore(r *http.Request, c *call) (rep reply, done bool) {
	for _, strike := range event(r).strikes {
		e := strike.Effect
		switch e.Do {
		case "latency":
			s.sleep(r.Context(), latency(strike))
		case "status":
			return s.failure(r, Problem{Status: e.Status, Message: message(e), RetryAfter: e.RetryAfter}), !e.Done
		case "rate-limit":
			event(r).quota = &fault.Quota{Limit: max(e.Limit, 1)}
			return s.failure(r, Problem{
				Status: http.StatusTooManyRequests, Message: message(e), RetryAfter: cmp.Or(e.RetryAfter, 1),
			}), true
		case "key-revoked":
			return s.failure(r, s.WrongCredentials()), true
		case "task-unknown":
			return s.failure(r, Problem{Status: http.StatusNotFound, Message: message(e)}), true
		case "reset":
			if e.At == "before" && !e.Done {
				return reply{}, true
			}
		}
	}
	return reply{}, false
}

func message(e fault.Effect) string {
	return cmp.Or(e.Message, map[string]string{
		"rate-limit":   "The quota of requests a minute of this account is used up.",
		"task-unknown": "The task was not found.",
	}[e.Do], "A fault rule of the sandbox has struck.")
}

// latency draws how late an answer is.
func latency(s fault.Strike) time.Duration {
	e := s.Effect
	random := rand.New(rand.NewPCG(uint64(e.Seed), uint64(s.N)))
	switch {
	case e.Median > 0:
		return time.Duration(float64(e.Median) * math.Exp(e.Sigma*random.NormFloat64()))
	case e.To > 0:
		return time.Duration(e.From) + time.Duration(random.Int64N(int64(e.To-e.From)+1))
	}
	return time.Duration(e.Fixed)
}

func (s *server) sleep(ctx context.Context, d time.Duration) {
	if s.cfg.Sleep != nil {
		s.cfg.Sleep(d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// ignoreMembers takes out of a request what is to be ignored.
func (s *server) ignoreMembers(r *http.Request, c *call) {
	for _, strike := range fault.Of(event(r).strikes, "ignore") {
		e := strike.Effect
		if body, ok := transform(c.body().JSON, func(path []string, value any) (any, bool) {
			return value, !named(path, e.Members) || e.Empty && !isEmpty(value)
		}); ok {
			c.sent, c.read = body, nil
		}
	}
}

// struckTask asks the rules that look at the phase of a task what strikes an answer with one, and shows another status
// where they say so. It takes note of the rules that struck the task itself.
func (s *server) struckTask(r *http.Request, op *openapi.Operation, task cloud.Task) cloud.Task {
	e := event(r)
	if task.Injected == "" && task.Response != nil {
		task.Injected = task.Response.Injected
	}
	e.mark(task.Injected)
	if s.engine.Faults().None() {
		return task
	}
	req := engine.FaultRequest(cloud.Caller{Account: e.account, Agent: r.UserAgent()}, op,
		binding.Request{Path: pathParams(r, op)})
	req.Phase = string(task.Status)
	late, err := s.engine.Faults().Strikes(r.Context(), fault.Answered, req)
	if err != nil {
		e.err = err
	}
	e.strikes = append(e.strikes, late...)
	for _, strike := range fault.Of(e.strikes, "task-status") {
		task.Status = cloud.TaskStatus(strike.Effect.State)
	}
	return task
}

// mark takes note of a fault rule that has struck.
func (e *requestEvent) mark(name string) {
	switch {
	case name == "" || slices.Contains(strings.Split(e.fault, ", "), name):
	case e.fault == "":
		e.fault = name
	default:
		e.fault += ", " + name
	}
}

// strikeAfter works what strikes at an answer, and marks it.
func (s *server) strikeAfter(r *http.Request, c call, rep reply) (reply, error) {
	var err error
	for _, strike := range event(r).strikes {
		struck := true
		switch e := strike.Effect; e.Do {
		case "quota":
			event(r).quota = &fault.Quota{Limit: max(s.cfg.RateLimit, 1), Left: e.Remaining}
		case "stale":
			if rep, struck, err = s.stale(r, c, strike, rep); err != nil {
				return rep, err
			}
		case "status":
			if strike.N > 0 && rep.status != e.Status { // by the phase of the task
				rep = s.failure(r, Problem{Status: e.Status, Message: message(e), RetryAfter: e.RetryAfter})
			}
		case "empty":
			rep.body = []byte{}
		case "truncated":
			rep.body = rep.body[:len(rep.body)/2]
		case "garbage":
			rep.body = []byte("<html><body><h1>It works!</h1></body></html>\n")
		default:
			if body, ok := reshape(rep.body, strike); ok {
				rep.body = body
			}
		}
		if struck {
			event(r).mark(strike.Mark())
		}
	}
	return rep, nil
}

// stale is an answer as it was before the last change.
func (s *server) stale(r *http.Request, c call, strike fault.Strike, fresh reply) (_ reply, struck bool, err error) {
	type kept struct {
		Status int
		Body   string
	}
	text, err := json.Marshal(kept{fresh.status, string(fresh.body)})
	if err != nil {
		return fresh, false, err
	}
	shown, struck, err := s.engine.Faults().Keep(r.Context(), strike, c.caller.Account, r.URL.RequestURI(), string(text))
	if err != nil || !struck {
		return fresh, false, err
	}
	var old kept
	if err := json.Unmarshal([]byte(shown), &old); err != nil {
		return fresh, false, err
	}
	if members := strike.Effect.Members; len(members) > 0 {
		was := valuesOf([]byte(old.Body), members)
		body, ok := transform(fresh.body, func(path []string, value any) (any, bool) {
			if old, ok := was[strings.Join(path, ".")]; ok {
				return old, true
			}
			return value, true
		})
		if ok {
			fresh.body = body
		}
		return fresh, ok, nil
	}
	fresh.status, fresh.body = old.Status, []byte(old.Body)
	return fresh, true, nil
}

// sendStruck sends an answer, over a connection that may be reset.
func (s *server) sendStruck(w http.ResponseWriter, r *http.Request, rep reply) {
	e := event(r)
	resets := fault.Of(e.strikes, "reset")
	if len(resets) == 0 {
		s.send(w, r, rep)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // of an HTTP that cannot
		rep.status = cmp.Or(rep.status, http.StatusInternalServerError)
		s.send(w, r, rep)
		return
	}
	defer func() { _ = conn.Close() }() // it is to be broken
	_ = conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	if at := resets[0].Effect.At; at != "before" {
		e.status = rep.status
		header := http.Header{faultHeader: {e.fault}, "Content-Length": {strconv.Itoa(len(rep.body))}}
		rep.writeHeader(header)
		s.quota(r, header)
		var text strings.Builder
		_ = header.Write(&text) // a Builder takes all
		body := rep.body
		if at == "in" {
			body = body[:len(body)/2]
		}
		_, _ = conn.Write([]byte("HTTP/1.1 " + strconv.Itoa(rep.status) + " " + http.StatusText(rep.status) + "\r\n" +
			text.String() + "\r\n" + string(body)))
		s.sleep(r.Context(), resetPause)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // closing it sends a reset
	}
}

// resetPause lets a client read what was sent: a reset throws away what has not been read.
const resetPause = 50 * time.Millisecond

// quota writes the rest of the quota.
func (s *server) quota(r *http.Request, h http.Header) {
	if q := event(r).quota; q != nil {
		s.Quota(h, q.Limit, q.Left)
		return
	}
	s.Quota(h, s.cfg.RateLimit, event(r).left)
}
