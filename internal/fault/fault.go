// Package fault is what goes wrong on purpose: rules, as data, that say which requests are struck, when and by what. It
// reads rules, holds them against what the APIs have, keeps those that are armed, and counts whom they hit. What a
// strike does is done where it belongs: at the edge, or in the engine.
//
// Begin with Rule, and with Armed.
package fault

import (
	"encoding/json"
	"fmt"
	"time"
)

// Rule says which requests are struck, when and by what.
type Rule struct {
	Name   string `json:"name,omitempty"`   // what hits are marked with
	Preset string `json:"preset,omitempty"` // that it was made of
	Note   string `json:"note,omitempty"`
	Match  Match  `json:"match"`
	When   When   `json:"when"`
	Effect Effect `json:"effect"`
}

// Match says which requests a rule fits: those that have all that is said. The zero value fits all.
type Match struct {
	Account   string   `json:"account,omitempty"`   // id or name; empty: all
	Key       string   `json:"key,omitempty"`       // pattern of the name of the API key
	Operation Patterns `json:"operation,omitempty"` // patterns of operation ids
	Path      string   `json:"path,omitempty"`      // pattern of the path, without what all paths of its API begin with
	Method    string   `json:"method,omitempty"`
	Kind      string   `json:"kind,omitempty"`  // of the resource
	Name      string   `json:"name,omitempty"`  // pattern of the resource's name, now or as it is asked for
	State     string   `json:"state,omitempty"` // of the resource, at the moment
	Tag       string   `json:"tag,omitempty"`   // KEY or KEY=PATTERN
	UserAgent string   `json:"userAgent,omitempty"`
	Phase     string   `json:"phase,omitempty"` // of the task that is read
}

// When says which of the requests that a rule fits are hit. The zero value says all.
type When struct {
	After       int64    `json:"after,omitempty"` // leaves out so many first
	First       int64    `json:"first,omitempty"`
	Nth         int64    `json:"nth,omitempty"`
	Every       int64    `json:"every,omitempty"`
	Probability *float64 `json:"probability,omitempty"`
	Seed        int64    `json:"seed,omitempty"`
	Per         string   `json:"per,omitempty"` // path, account or key: each is counted on its own
	Window      *Window  `json:"window,omitempty"`
}

// Window is a part of the time since a rule was armed, on the clock of its account.
type Window struct {
	From Duration `json:"from,omitempty"`
	To   Duration `json:"to,omitempty"` // zero: for ever
}

// Effect is what a strike does: an effect of the list by its name, with what it needs to know.
type Effect struct {
	Do string `json:"do"`

	// Time.
	Fixed  Duration `json:"fixed,omitempty"`
	From   Duration `json:"from,omitempty"`
	To     Duration `json:"to,omitempty"`
	Median Duration `json:"median,omitempty"`
	Sigma  float64  `json:"sigma,omitempty"`
	For    Duration `json:"for,omitempty"`
	Times  int      `json:"times,omitempty"`

	// Answers.
	Status     int    `json:"status,omitempty"`
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	RetryAfter int    `json:"retryAfter,omitempty"` // seconds
	Limit      int    `json:"limit,omitempty"`
	Remaining  int    `json:"remaining,omitempty"`
	Done       bool   `json:"done,omitempty"`
	At         string `json:"at,omitempty"`
	Reads      int64  `json:"reads,omitempty"`
	State      string `json:"state,omitempty"`

	// Members.
	Members []string                   `json:"members,omitempty"`
	Names   map[string]string          `json:"names,omitempty"`
	Values  map[string]json.RawMessage `json:"values,omitempty"`
	Empty   bool                       `json:"empty,omitempty"`
	Seed    int64                      `json:"seed,omitempty"`
}

// Strike is a hit of a rule.
type Strike struct {
	Rule   int64  `json:"rule"`
	Name   string `json:"name"`
	Effect Effect `json:"effect"`
	Kind   string `json:"kind,omitempty"` // of what is provisioned; empty: all of it
	N      int64  `json:"n,omitempty"`    // of the requests that the rule fits, this is the nth
}

// Mark is how a hit is told of in answers and in the log.
func (s Strike) Mark() string {
	if s.Rule == 0 {
		return s.Name
	}
	return fmt.Sprintf("%s#%d", s.Name, s.Rule)
}

// Patterns is one pattern or a list of them; written as one, it is read as one, too.
type Patterns []string

// UnmarshalJSON reads a text or a list of texts.
func (p *Patterns) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*p = Patterns{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(p))
}

// Duration is a length of time, written as 1m30s.
type Duration time.Duration

// MarshalText writes it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	read, err := time.ParseDuration(string(text))
	if err == nil && read < 0 {
		err = fmt.Errorf("time: %q is before now", text)
	}
	*d = Duration(read)
	return err
}
