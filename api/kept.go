package api

import (
	"bytes"
	"net/http"
	"unsafe"

	"github.com/understudy-dev/understudy/internal/cache"
	"github.com/understudy-dev/understudy/internal/store"
)

// Answers are answers to GETs, as they were rendered, which are sent again for as long as a new one would be the same:
// that of a task that is finished, and that of a resource until its account changes.
type Answers = cache.Cache[answerKey, keptAnswer]

// answerKey is all of a request that its answer is made of, beside what is kept of its account. Whether the caller may
// ask, how often, and what else becomes of a request has been decided before anybody looks here.
type answerKey struct {
	account int64
	base           // by which the client reaches the server
	uri     string // as it was sent
}

type keptAnswer struct {
	reply
	task     string // that it shows; or empty
	validity store.Validity
}

// NewAnswers keeps them in a room; nil where there is none.
func NewAnswers(room *cache.Room) *Answers {
	return cache.New(room, func(k answerKey, a keptAnswer) int64 {
		return int64(len(k.scheme)+len(k.host)+len(k.uri)+len(a.task)+cap(a.body)+cap(a.laidOut)) + fixedSize
	})
}

// fixedSize is what a kept answer takes that is as long for all, with its headers: two of a few bytes.
const fixedSize = int64(unsafe.Sizeof(answerKey{})+unsafe.Sizeof(keptAnswer{})) + 512

// keyOfAnswer is under which key the answer to a request is kept; ok is false where none is. While fault rules are
// armed they are asked about every answer.
func (s *server) keyOfAnswer(r *http.Request, c call) (key answerKey, ok bool) {
	if s.cfg.Answers == nil || c.op.Method != http.MethodGet || c.op.Command != "" || r.RequestURI == "" ||
		!s.engine.Faults().None() {
		return key, false
	}
	return answerKey{c.caller.Account, baseOf(r), r.RequestURI}, true
}

// kept finds the answer to a request; ok is false where it has to be made.
func (s *server) kept(r *http.Request, c call) (rep reply, ok bool) {
	key, ok := s.keyOfAnswer(r, c)
	if !ok {
		return rep, false
	}
	found, ok := s.cfg.Answers.Get(key, func(a keptAnswer) bool { return a.validity.Holds() })
	if !ok {
		return rep, false
	}
	event(r).task = found.task
	if s.cfg.Stale != nil {
		s.compare(r, c, found)
	}
	return found.reply, true
}

// compare makes a new answer beside a kept one.
func (s *server) compare(r *http.Request, c call, kept keptAnswer) {
	event(r).plain = true
	fresh, err := s.perform(r, c, store.KeyClaim{})
	if err != nil {
		fresh.body = []byte(err.Error())
	}
	if kept.validity.Holds() && !bytes.Equal(kept.body, fresh.body) && r.Context().Err() == nil {
		s.cfg.Stale(r.RequestURI, kept.body, fresh.body)
	}
}

// keep keeps an answer for those who ask the same while it holds.
func (s *server) keep(r *http.Request, c call, rep *reply, validity store.Validity) {
	e := event(r)
	if !validity.Holds() || rep.status != http.StatusOK || e.fault != "" || len(e.strikes) > 0 || e.err != nil {
		return
	}
	key, ok := s.keyOfAnswer(r, c)
	if !ok {
		return
	}
	if rep.isJSON() {
		if text, ok := pretty(nil, rep.body); ok {
			rep.laidOut = bytes.Clone(text)
		}
	}
	s.cfg.Answers.Put(key, keptAnswer{*rep, e.task, validity})
}
