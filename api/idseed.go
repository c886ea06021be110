package api

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// identify gives a request of an account with an id seed the id that follows from it, and its time that of the account.
// What changes something is told apart by its number; of reads those that are the same between two changes have the
// same id, so that it does not matter how often a client asks.
func (s *server) identify(w http.ResponseWriter, r *http.Request, c *call) error {
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.PerformTime)
	defer cancel()
	reads := c.op.Method == http.MethodGet && c.op.Command == ""
	draw, err := s.cfg.DB.DrawID(ctx, c.caller.Account, reads)
	if err != nil || draw == nil {
		return err
	}
	name := fmt.Sprintf("request/%d/%d", draw.Seed, draw.Number)
	if reads {
		name += "/" + r.Method + " " + r.URL.RequestURI()
	}
	e := event(r)
	e.id = uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte(name), 4).String()
	e.now = draw.Now
	w.Header().Set("X-Request-Id", e.id)
	c.caller.Request = e.id
	return nil
}

// Now returns the time of an answer: the real one, but where ids of the account follow from a seed that of its clock.
func Now(r *http.Request) time.Time {
	if now := event(r).now; !now.IsZero() {
		return now
	}
	return time.Now()
}
