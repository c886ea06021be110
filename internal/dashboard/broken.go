package dashboard

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// broken is a rule of an API that was broken, with all that is known of it.
type broken struct {
	Code   string // empty: of an answer that has none
	Status int
	openapi.Rule
	Operation   *openapi.Operation // that it was broken in; nil: none
	Differences []string           // in which that is known to differ from the real service
}

// Meaning is the name of the status.
func (b *broken) Meaning() string { return http.StatusText(b.Status) }

// broken finds what the documents say of a code, with which an operation failed.
func (h *Handler) broken(code string, op *openapi.Operation) (*broken, error) {
	b := &broken{Code: code, Operation: op}
	if op != nil {
		b.Differences = op.Differences
	}
	docs, err := h.described.once()
	if err != nil {
		return nil, err
	}
	for i, d := range h.Dialects {
		if known, ok := d.Document.Code(code); ok {
			b.Status = known.Status
			b.Rule, _ = docs[i].Rule(code)
		}
	}
	return b, nil
}

// refused finds out which rule a request broke; nil: it was answered as it wanted.
func (h *Handler) refused(e journal.Entry) (*broken, error) {
	const failed = 400
	if e.Status < failed {
		return nil, nil //nolint:nilnil // nothing was broken
	}
	code := e.Code
	if code == "" && e.Answer != nil {
		code = h.codeIn(e.Answer.Body)
	}
	b, err := h.broken(code, h.operation(e.Operation))
	if err == nil {
		b.Status = e.Status
	}
	return b, err
}

// codeIn finds the code of an error in an answer, whatever its API calls that; empty: there is none.
func (h *Handler) codeIn(body json.RawMessage) string {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		code, _ := members[name].(string)
		for _, d := range h.Dialects {
			if _, ok := d.Document.Code(code); ok {
				return code
			}
		}
	}
	return ""
}
