package dashboard

import (
	"context"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// requests is the page of what was asked.
type requests struct {
	Entries   []journal.Entry // the newest first
	Off       bool            // the server keeps no journal
	Method    string
	Status    string
	Text      string
	Only      string // unmatched or fault
	Operation string
	From      int
	Older     int // where older ones begin; -1: there are none
	Filtered  bool
}

const requestsOnPage = 50

func loadRequests(h *Handler, q *query) (any, error) {
	r := &requests{
		Method: q.get("method"), Status: q.get("status"), Text: q.get("q"), Only: q.get("only"),
		Operation: q.get("operation"), From: q.number("from"), Older: -1,
	}
	found, err := h.Service.Journal(q.ctx(), sandbox.JournalQuery{
		Account: q.ref(), Method: r.Method, Status: r.Status, Text: r.Text, Operation: r.Operation,
		Unmatched: r.Only == "unmatched", Fault: r.Only == "fault", Limit: r.From + requestsOnPage + 1,
	})
	if err != nil {
		r.Off = true
		return r, ignoring(err, "JOURNAL_OFF")
	}
	slices.Reverse(found)
	found = found[min(r.From, len(found)):]
	if len(found) > requestsOnPage {
		found, r.Older = found[:requestsOnPage], r.From+requestsOnPage
	}
	r.Entries = found
	r.Filtered = r.Method+r.Status+r.Text+r.Only+r.Operation != ""
	return r, nil
}

// Newer is where newer ones begin.
func (r *requests) Newer() int { return max(0, r.From-requestsOnPage) }

// requestPage is the page of a request.
type requestPage struct {
	journal.Entry
	Near   *openapi.Operation // that comes nearest, where none matched
	Broken *broken            // the rule that it broke, or that its answer tells of; nil: none
}

func loadRequest(h *Handler, q *query) (any, error) {
	entry, err := h.Service.JournalEntry(q.PathValue("entry"))
	if err != nil {
		return nil, err
	}
	p := &requestPage{Entry: entry, Near: h.named(entry.Nearest)}
	p.Broken, err = h.refused(entry)
	return p, err
}

// named finds an operation by its method and path; nil: there is none.
func (h *Handler) named(where string) *openapi.Operation {
	method, path, _ := strings.Cut(where, " ")
	for _, d := range h.Dialects {
		for _, op := range d.Document.Operations() {
			if op.Method == method && op.Path == path {
				return op
			}
		}
	}
	return nil
}

func clearJournal(ctx context.Context, o order) (any, error) {
	return nil, o.service.ClearJournal(ctx, o.account)
}
