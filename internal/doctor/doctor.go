// Package doctor finds out what is wrong with a machine or with how a sandbox is set up on it, and says how to mend it.
// It changes nothing.
//
// Begin with Examine.
package doctor

import (
	"context"
	"time"
)

// Config says what is examined.
type Config struct {
	DataDir     string
	Listen      string // where a server would listen
	DatabaseURL string // empty: the private Postgres
	URL         string // of a server; empty: the one that runs on the data directory
	Token       string // of its control
	Environ     []string
	Known       []string // settings that the environment may have
}

// Verdict is how bad a finding is.
type Verdict string

// The verdicts.
const (
	Good    Verdict = "ok"
	Warning Verdict = "warning" // it works, and perhaps not as is meant
	Bad     Verdict = "wrong"   // it does not work
)

// Finding is what was found out about one thing.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Says    string  `json:"says"`
	Mend    string  `json:"mend,omitempty"` // what to do; empty where nothing need be done
}

// atMost bounds each look.
const atMost = 5 * time.Second

// Examine looks at everything, in an order in which the first thing that is wrong is the one to mend first.
func Examine(ctx context.Context, cfg Config) (findings []Finding) {
	at := findServer(ctx, cfg)
	for _, check := range []func(context.Context, Config, found) []Finding{
		environment, programs, directory, space, lock, address, reachable, port, database, clocks,
	} {
		findings = append(findings, bounded(ctx, cfg, at, check)...)
	}
	return findings
}

func bounded(
	ctx context.Context, cfg Config, at found, check func(context.Context, Config, found) []Finding,
) []Finding {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	return check(ctx, cfg, at)
}

func good(check, says string) []Finding { return []Finding{{Check: check, Verdict: Good, Says: says}} }

func warning(check, says, mend string) []Finding {
	return []Finding{{Check: check, Verdict: Warning, Says: says, Mend: mend}}
}

func bad(check, says, mend string) []Finding {
	return []Finding{{Check: check, Verdict: Bad, Says: says, Mend: mend}}
}
