package dashboard

import (
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// coverage is the page of what there is of the APIs, and what of it was asked for here.
type coverage struct {
	Dialects []covered
	Off      bool // the server keeps no journal
	Only     string
}

// covered is what there is of a dialect.
type covered struct {
	Name       string
	Operations []coveredOperation
	All        int
	Same       int // without a known difference
	Asked      int // at least once
	Succeeded  int
	Proven     []counted // how many of them by which client
}

// coveredOperation is an operation with what became of the requests for it that the journal has.
type coveredOperation struct {
	*openapi.Operation
	Clients   []string // with which it succeeds in the tests
	Good, Bad int
}

func loadCoverage(h *Handler, q *query) (any, error) {
	c := &coverage{Only: q.get("only")}
	entries, err := h.Service.Journal(q.ctx(), sandbox.JournalQuery{Account: q.ref()})
	if err != nil {
		c.Off = true
		if err := ignoring(err, "JOURNAL_OFF"); err != nil {
			return nil, err
		}
	}
	tested, err := h.proofs()
	if err != nil {
		return nil, err
	}
	good, bad := map[string]int{}, map[string]int{}
	for _, e := range entries {
		const failed = 400
		if e.Status < failed {
			good[e.Operation]++
		} else {
			bad[e.Operation]++
		}
	}
	for _, d := range h.Dialects {
		one := covered{Name: d.Name, Proven: tested.counted(d.Document)}
		for _, op := range d.Document.Operations() {
			row := coveredOperation{op, tested.of(op.ID), good[op.ID], bad[op.ID]}
			one.All++
			if len(op.Differences) == 0 {
				one.Same++
			}
			if row.Good+row.Bad > 0 {
				one.Asked++
			}
			if row.Good > 0 {
				one.Succeeded++
			}
			if c.Only == "" || c.Only == "asked" && row.Good+row.Bad > 0 || c.Only == "differs" && len(op.Differences) > 0 {
				one.Operations = append(one.Operations, row)
			}
		}
		c.Dialects = append(c.Dialects, one)
	}
	return c, nil
}
