package sandbox

import (
	"context"
	"regexp"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/journal"
)

// JournalQuery chooses requests of the journal. What is empty chooses all.
type JournalQuery struct {
	Account   string // its id or name; "none": those of which nobody knows whose they are
	Operation string
	Method    string
	Status    string // 404, or 4xx
	Path      string // in the path
	Text      string // anywhere in what is shown
	Task      string
	Since     time.Time
	After     int64 // the first ones after this one, instead of the latest
	Unmatched bool
	Fault     bool
	Bodies    bool          // with headers, bodies and the command for curl
	Limit     int           // 0: all
	Wait      time.Duration // with After: until there is one, so long at most
}

// nobody is the account of requests of which nobody knows whose they are.
const nobody = "none"

var statusText = regexp.MustCompile(`^[1-5]([0-9][0-9]|[xX][xX])$`)

// chosen makes a query of the journal. It returns JOURNAL_OFF, BAD_REQUEST and what Account does.
func (s *Service) chosen(ctx context.Context, q JournalQuery) (journal.Query, error) {
	chosen := journal.Query{
		Operation: q.Operation, Method: q.Method, Status: q.Status, Path: q.Path, Text: q.Text, Task: q.Task,
		Since: q.Since, After: q.After, Unmatched: q.Unmatched, Fault: q.Fault, Limit: q.Limit,
	}
	switch {
	case s.cfg.Journal == nil:
		return chosen, cloud.Errorf("JOURNAL_OFF", "The server keeps no journal: start it with --journal 1000.")
	case q.Status != "" && !statusText.MatchString(q.Status):
		return chosen, cloud.Errorf("BAD_REQUEST", "%q is no status: say 404, or 4xx.", q.Status)
	}
	switch q.Account {
	case "":
	case nobody:
		chosen.Account = new(int64)
	default:
		a, err := s.Account(ctx, q.Account)
		if err != nil {
			return chosen, err
		}
		chosen.Account = &a.ID
	}
	return chosen, nil
}

// Journal returns requests that this server answered, the oldest first.
func (s *Service) Journal(ctx context.Context, q JournalQuery) ([]journal.Entry, error) {
	chosen, err := s.chosen(ctx, q)
	if err != nil {
		return nil, err
	}
	find := s.cfg.Journal.Find
	if q.Bodies {
		find = s.cfg.Journal.FindFull
	}
	if q.After == 0 || q.Wait <= 0 {
		return find(chosen), nil
	}
	timeout := time.NewTimer(q.Wait)
	defer timeout.Stop()
	for {
		news := s.cfg.Journal.News()
		if found := find(chosen); len(found) > 0 {
			return found, nil
		}
		select {
		case <-news:
		case <-timeout.C:
			return []journal.Entry{}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// JournalEntry returns all of a request, by its id or number. It returns JOURNAL_OFF and ENTRY_NOT_FOUND.
func (s *Service) JournalEntry(ref string) (journal.Entry, error) {
	if s.cfg.Journal == nil {
		return journal.Entry{}, cloud.Errorf("JOURNAL_OFF", "The server keeps no journal: start it with --journal 1000.")
	}
	e, ok := s.cfg.Journal.Entry(ref)
	if !ok {
		return e, cloud.Errorf("ENTRY_NOT_FOUND", "The journal has no request %q, or no longer.", ref)
	}
	return e, nil
}

// JournalArchive returns requests as an HTTP archive.
func (s *Service) JournalArchive(ctx context.Context, q JournalQuery) (journal.HAR, error) {
	chosen, err := s.chosen(ctx, q)
	if err != nil {
		return journal.HAR{}, err
	}
	return s.cfg.Journal.Archive(chosen, "Understudy", s.cfg.Version), nil
}

// ClearJournal forgets the requests of an account, or, where it is empty, all. It returns what Account does.
func (s *Service) ClearJournal(ctx context.Context, account string) error {
	chosen, err := s.chosen(ctx, JournalQuery{Account: account})
	switch {
	case err != nil:
		return err
	case chosen.Account == nil:
		s.cfg.Journal.Clear()
	default:
		s.cfg.Journal.Forget(*chosen.Account)
	}
	return nil
}
