package control

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// The operations of the journal.
const (
	ListJournal     Operation[JournalQuery, JournalEntries] = "listJournal"
	ClearJournal    Operation[JournalOf, None]              = "clearJournal"
	GetJournalEntry Operation[JournalRef, journal.Entry]    = "getJournalEntry"
	ExportJournal   Operation[JournalFilter, journal.HAR]   = "exportJournal"
)

// JournalFilter chooses requests.
type JournalFilter struct {
	Account   string `query:"account" json:"-"`
	Operation string `query:"operation" json:"-"`
	Method    string `query:"method" json:"-"`
	Status    string `query:"status" json:"-"`
	Path      string `query:"path" json:"-"`
	Text      string `query:"text" json:"-"`
	Task      string `query:"task" json:"-"`
	Since     string `query:"since" json:"-"`
	Unmatched bool   `query:"unmatched" json:"-"`
	Fault     bool   `query:"fault" json:"-"`
	Limit     int    `query:"limit" json:"-"`
}

// JournalQuery chooses requests, and can wait for them.
type JournalQuery struct {
	JournalFilter
	Bodies bool  `query:"bodies" json:"-"`
	After  int64 `query:"after" json:"-"`
	Wait   int   `query:"wait" json:"-"` // seconds
}

// JournalOf names an account, or none.
type JournalOf struct {
	Account string `query:"account" json:"-"`
}

// JournalRef names a request of the journal.
type JournalRef struct {
	Entry string `path:"entry" json:"-"`
}

// JournalEntries is a list of requests.
type JournalEntries struct {
	Entries []journal.Entry `json:"entries"`
}

// query is the filter as the service takes it.
func (f JournalFilter) query() (q sandbox.JournalQuery, err error) {
	q = sandbox.JournalQuery{
		Account: f.Account, Operation: f.Operation, Method: f.Method, Status: f.Status, Path: f.Path, Text: f.Text,
		Task: f.Task, Unmatched: f.Unmatched, Fault: f.Fault, Limit: f.Limit,
	}
	if f.Since != "" {
		if q.Since, err = time.Parse(time.RFC3339Nano, f.Since); err != nil {
			return q, cloud.Errorf("BAD_REQUEST", "since is no time like 2026-03-02T10:15:30Z: %q.", f.Since)
		}
	}
	return q, nil
}

func journalOperations(s *sandbox.Service) []bound {
	return []bound{
		ListJournal.bind(func(ctx context.Context, in JournalQuery) (JournalEntries, error) {
			q, err := in.query()
			if err != nil {
				return JournalEntries{}, err
			}
			q.Bodies, q.After, q.Wait = in.Bodies, in.After, time.Duration(in.Wait)*time.Second
			entries, err := s.Journal(ctx, q)
			return JournalEntries{entries}, err
		}),
		ClearJournal.bind(func(ctx context.Context, in JournalOf) (None, error) {
			return None{}, s.ClearJournal(ctx, in.Account)
		}),
		GetJournalEntry.bind(func(_ context.Context, in JournalRef) (journal.Entry, error) {
			return s.JournalEntry(in.Entry)
		}),
		ExportJournal.bind(func(ctx context.Context, in JournalFilter) (journal.HAR, error) {
			q, err := in.query()
			if err != nil {
				return journal.HAR{}, err
			}
			return s.JournalArchive(ctx, q)
		}),
	}
}
