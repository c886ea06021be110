package understudy

import (
	"context"
	"strconv"

	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// keptRequests is how many of its latest requests a sandbox remembers.
const keptRequests = 1000

// JournalQuery chooses requests of the journal. What is empty chooses all; Account is the sandbox's own.
type JournalQuery = sandbox.JournalQuery

// JournalEntry is a request that the sandbox answered.
type JournalEntry = journal.Entry

// Journal returns the latest requests of the sandbox, a thousand at most, the oldest first. Who has an answer finds its
// request there. No secret is in it.
func (s *Sandbox) Journal(ctx context.Context, q JournalQuery) ([]JournalEntry, error) {
	q.Account = strconv.FormatInt(s.account, 10)
	entries, err := s.host.server.Sandbox.Journal(ctx, q)
	if err != nil {
		return nil, wrapped(err)
	}
	return entries, nil
}
