package api

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// admit lets a caller through who may do this, from there, and so often. Its
// errors are 403 and 429. What is forbidden does not count. doc: docs/access.md
func (s *server) admit(r *http.Request, c call) error {
	forbidden := authorize(c)
	if s.cfg.RateLimit == 0 {
		return forbidden
	}
	count := s.cfg.DB.CountRequest
	if forbidden != nil {
		count = s.cfg.DB.Requests // only to say how many are left
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.PerformTime)
	defer cancel()
	used, left, err := count(ctx, c.caller.Account)
	if err == nil {
		event(r).left = max(s.cfg.RateLimit-used, 0)
	}
	switch {
	case forbidden != nil:
		return forbidden
	case err != nil:
		return err
	case used > s.cfg.RateLimit:
		return Problem{
			Status:     http.StatusTooManyRequests,
			Message:    fmt.Sprintf("The quota of %d requests a minute of this account is used up.", s.cfg.RateLimit),
			RetryAfter: int(math.Ceil(left.Seconds())),
		}
	}
	return nil
}

// authorize holds a call against what its key is for.
func authorize(c call) error {
	switch key := c.caller.Key; {
	case !allowedFrom(key, c.caller.SourceIP):
		return Problem{
			Status:  http.StatusForbidden,
			Message: "This API key may not be used from " + c.caller.SourceIP + ".",
		}
	case !c.op.Allows(key.Role):
		return Problem{
			Status:  http.StatusForbidden,
			Message: "API keys of the role " + key.Role + " may not call " + c.op.ID + ".",
		}
	}
	return nil
}

// allowedFrom reports whether a key may be used from an address. That is the one of
// the connection: what a header says, anybody can write.
func allowedFrom(key cloud.Key, address string) bool {
	if len(key.AllowFrom) == 0 {
		return true
	}
	ip, err := netip.ParseAddr(address)
	ip = ip.Unmap().WithZone("")
	return err == nil && slices.ContainsFunc(key.AllowFrom, func(p netip.Prefix) bool { return p.Contains(ip) })
}
