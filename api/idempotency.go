package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/store"
)

// requestKey is the idempotency key of a request.
type requestKey struct {
	*idempotency.Scheme
	value string
	store store.IdempotencyKey
	sent  [sha256.Size]byte // a digest of the request as it was sent
	past  bool              // it probably has an outcome
}

// keyOf reads the idempotency key of a request, nil if it has none. An operation
// takes the keys that the document declares for it, where their scheme does so for
// the body; any other such header is ignored altogether. doc: docs/idempotency.md
func (s *server) keyOf(r *http.Request, c *call) (*requestKey, error) {
	var found *requestKey
	for _, scheme := range s.Schemes {
		if !c.op.TakesHeader(scheme.Header) {
			continue
		}
		value, given, valid := scheme.Of(r.Header)
		switch {
		case !given || scheme.Takes != nil && !scheme.Takes(c.body().JSON):
			continue
		case found != nil:
			return nil, KeyRefusal{Reason: KeyTwo, Scheme: found.Scheme, Other: scheme}
		case scheme.JSONFirst && len(c.body().JSON) > 0 && !json.Valid(c.body().JSON):
			return nil, KeyRefusal{Reason: KeyUnreadable, Scheme: scheme}
		case !valid:
			return nil, KeyRefusal{Reason: KeyInvalid, Scheme: scheme}
		}
		found = &requestKey{Scheme: scheme, value: value, store: store.IdempotencyKey{
			Account: c.caller.Account,
			Scheme:  scheme.Name,
			Hash:    idempotency.Hash(value),
		}}
	}
	if found != nil {
		s.takePrint(r, c, found)
	}
	return found, nil
}

// takePrint takes the fingerprint of the request of a key. Most retries are sent as the request was before, whose
// fingerprint is known then: to read the body for it takes longer than to look for its outcome.
func (s *server) takePrint(r *http.Request, c *call, key *requestKey) {
	key.sent = digest(r, c.sent)
	var before pastRequest
	if before, key.past = s.inflight.before(key); key.past && before.sent == key.sent {
		key.store.Fingerprint = before.fingerprint
		return
	}
	key.store.Fingerprint = idempotency.Fingerprint(s.cfg.Secret, r.Method, s.tenantless(r.URL), c.body().JSON)
}

// tenantless is a URL without what all paths of the dialect begin with, where that names the tenant: whom a key is of
// is known by the account, which may have several names.
func (s *server) tenantless(u *url.URL) *url.URL {
	root := s.Document.Root()
	if root == s.Document.Base() {
		return u
	}
	segments := strings.SplitN(u.EscapedPath(), "/", strings.Count(root, "/")+2)
	same := *u
	same.Path, same.RawPath = root+"/"+segments[len(segments)-1], ""
	return &same
}

// performTime is how long a request may take. One with a key goes on when its
// client is gone, since the client will ask again.
const performTime = 10 * time.Second

// performOnce carries a request out at most once for its key: it returns what was
// answered before, or that somebody is at it, or it does it and stores the answer
// in the transaction of the effect.
func (s *server) performOnce(r *http.Request, c call, key *requestKey) reply {
	event(r).key = hex.EncodeToString(key.store.Hash[:8])
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.cfg.PerformTime+key.Wait)
	defer cancel()
	claim, record, err := s.acquire(ctx, r, key)
	switch {
	case err != nil:
		return key.echo(s.failure(r, err))
	case record != nil:
		return key.echo(s.replay(r, key, record))
	}
	event(r).outcome = "first"
	done := s.inflight.begin(key)
	defer done()
	s.at("idem.acquired")
	rep, err := s.perform(r.WithContext(ctx), c, claim)
	if err != nil {
		rep = s.finish(ctx, r, key, claim, err)
	}
	return key.echo(rep)
}

// acquire takes the key or finds out what is known of it. Where the scheme says
// so it waits for a request that is under way; waiting holds no connection.
func (s *server) acquire(
	ctx context.Context, r *http.Request, key *requestKey,
) (store.KeyClaim, *store.KeyRecord, error) {
	if key.past {
		if record, err := s.cfg.DB.SettledKey(ctx, key.store); err != nil || record != nil {
			return store.KeyClaim{}, record, err
		}
	}
	terms := store.KeyTerms{Replayed: key.Replayed, Known: key.Known, Lease: idempotency.Lease}
	deadline := time.NewTimer(key.Wait)
	defer deadline.Stop()
	waiting := false
	for {
		done := s.inflight.of(key)
		claim, record, err := s.cfg.DB.AcquireKey(ctx, key.store, terms, uuid.NewString(), event(r).id)
		if err != nil && claim.Token != "" {
			s.owed.add(claim, s.cfg.DB.ReleaseKey)
			return store.KeyClaim{}, nil, err
		}
		underWay := record != nil && record.State == store.KeyHeld && bytes.Equal(record.Fingerprint, key.store.Fingerprint)
		if err != nil || !underWay || key.Wait == 0 {
			return claim, record, err
		}
		if !waiting {
			select {
			case s.waiters <- struct{}{}:
				waiting = true
				s.at("idem.waiting")
				defer func() { <-s.waiters }()
			default:
				return claim, record, nil
			}
		}
		// Somebody else's server tells nothing, so it is asked now and then.
		again := time.NewTimer(askEvery)
		if done != nil {
			again.Stop()
		}
		select {
		case <-done:
		case <-again.C:
		case <-deadline.C:
			return claim, record, nil
		case <-r.Context().Done():
			return claim, record, nil
		}
		again.Stop()
	}
}

const (
	askEvery   = 100 * time.Millisecond
	maxWaiters = 100 // of all keys; who comes later is told at once
)

// replay returns the reply to a request whose key is taken.
func (s *server) replay(r *http.Request, key *requestKey, record *store.KeyRecord) reply {
	held := record.State == store.KeyHeld
	other := !bytes.Equal(record.Fingerprint, key.store.Fingerprint)
	switch {
	case record.Expired && !held:
		return s.refusal(r, key.refused(KeyExpired))
	case held && (!other || !key.MismatchFirst):
		return s.refusal(r, key.refused(KeyInUse))
	case other:
		return s.refusal(r, key.refused(KeyReused))
	case record.State != store.KeyDone:
		return s.refusal(r, key.refused(KeyInUse))
	}
	s.inflight.remember(key)
	event(r).outcome = "replayed"
	rep := replyOf(record.Outcome)
	rep.set("Idempotent-Replayed", "true")
	rep.set("Idempotent-Original-Request-Id", record.Outcome.RequestID)
	return rep
}

// finish returns the reply to a request that failed, and stores that where the scheme does.
// Nothing of it was done, or, after a commit whose answer was lost, all.
func (s *server) finish(
	ctx context.Context, r *http.Request, key *requestKey, claim store.KeyClaim, failed error,
) reply {
	switch {
	case errors.Is(failed, store.ErrKeyLost):
		return s.refusal(r, key.refused(KeyInUse))
	case store.AccountGone(failed): // with the key
		return s.failure(r, failed)
	}
	// The operation's own time may be what ran out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.PerformTime)
	defer cancel()
	rep := s.failure(r, failed)
	if !unavailable(failed) && key.Storable(rep.status) {
		s.at("idem.before_finish")
		switch err := s.cfg.DB.FinishKey(ctx, claim, rep.outcome()); {
		case err == nil:
			return rep
		case errors.Is(err, store.ErrKeyLost):
			rep = s.refusal(r, key.refused(KeyInUse))
		default:
			rep = s.failure(r, err)
		}
	}
	// Giving the key back waits for a commit that is still under way, and rules out
	// a later one. So what is found then is how it ended.
	s.release(ctx, r, claim)
	if outcome, done, err := s.cfg.DB.ResolveKey(ctx, claim); err == nil && done {
		return replyOf(outcome)
	}
	return rep
}

// release lets the next attempt begin at once, or as soon as the database is there again; without it, it begins when
// the lease has run out.
func (s *server) release(ctx context.Context, r *http.Request, claim store.KeyClaim) {
	if err := s.cfg.DB.ReleaseKey(ctx, claim); err != nil {
		s.log.WarnContext(r.Context(), "idempotency key is not given back yet", "key", event(r).key, "error", err)
		s.owed.add(claim, s.cfg.DB.ReleaseKey)
	}
}

// at marks a point in the life of a request.
func (e *edge) at(point string) {
	if e.cfg.Hook != nil {
		e.cfg.Hook(point)
	}
}

func (k *requestKey) refused(reason KeyReason) KeyRefusal {
	return KeyRefusal{Reason: reason, Scheme: k.Scheme}
}

// echo names the key in the answer.
func (k *requestKey) echo(rep reply) reply {
	rep.set(k.Header, k.value)
	return rep
}

// outcome is what is stored of a reply.
func (rep reply) outcome() store.KeyOutcome {
	headers := map[string]string{}
	if is := rep.contentType(); is != "" {
		headers["Content-Type"] = is
	}
	maps.Copy(headers, rep.header)
	return store.KeyOutcome{Status: rep.status, Headers: headers, Body: rep.body}
}

func replyOf(o store.KeyOutcome) reply {
	rep := reply{status: o.Status, header: map[string]string{}, body: o.Body}
	maps.Copy(rep.header, o.Headers)
	return rep
}
