package api

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strconv"

	"github.com/understudy-dev/understudy/internal/cloud"
)

const (
	// rateHeader is read by the official clients, which pause at 0 until their own
	// minute is over.
	rateHeader = "X-Rate-Limit-Remaining"
	// unlimited is what they are told without a limit: nothing has been used of the
	// 400 requests that they count themselves.
	unlimited = "400"
)

// allowance is what an answer says that belongs to no account: all of it is left.
func (s *server) allowance() string {
	if s.cfg.RateLimit == 0 {
		return unlimited
	}
	return strconv.Itoa(s.cfg.RateLimit)
}

// admit lets a caller through who may do this, from there, and so often. Its
// errors are 403 and 429. What is forbidden does not count. doc: docs/access.md
func (s *server) admit(w http.ResponseWriter, r *http.Request, c call) error {
	forbidden := permit(c)
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
		w.Header().Set(rateHeader, strconv.Itoa(max(s.cfg.RateLimit-used, 0)))
	}
	switch {
	case forbidden != nil:
		return forbidden
	case err != nil:
		return err
	case used > s.cfg.RateLimit:
		return statusError{
			status:     http.StatusTooManyRequests,
			message:    fmt.Sprintf("The quota of %d requests a minute of this account is used up.", s.cfg.RateLimit),
			retryAfter: int(math.Ceil(left.Seconds())),
		}
	}
	return nil
}

// permit holds a call against what its key is for.
func permit(c call) error {
	switch key := c.caller.Key; {
	case !allowedFrom(key, c.caller.SourceIP):
		return statusError{
			status:  http.StatusForbidden,
			message: "This API key may not be used from " + c.caller.SourceIP + ".",
		}
	case !c.op.Allows(key.Role):
		return statusError{
			status:  http.StatusForbidden,
			message: "API keys of the role " + key.Role + " may not call " + c.op.ID + ".",
		}
	}
	return nil
}

// allowedFrom tells whether a key may be used from an address. That is the one of
// the connection: what a header says, anybody can write.
func allowedFrom(key cloud.Key, address string) bool {
	if len(key.AllowFrom) == 0 {
		return true
	}
	ip, err := netip.ParseAddr(address)
	ip = ip.Unmap().WithZone("")
	return err == nil && slices.ContainsFunc(key.AllowFrom, func(p netip.Prefix) bool { return p.Contains(ip) })
}
