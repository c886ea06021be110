package dashboard

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// proofsFile says which clients prove which operations: internal/coverage/gen writes it, of what the test suites list.
//
//go:embed proofs.json
var proofsFile []byte

// proof is a client with the operations that succeed with it in the tests.
type proof struct {
	Client     string
	Says       string // of how many of them there are
	Operations []string
}

// proofs are all of them.
type proofs []proof

// readProofs returns what reads them, once, when a page first asks.
func readProofs() func() (proofs, error) {
	return sync.OnceValues(func() (all proofs, err error) {
		if err := json.Unmarshal(proofsFile, &all); err != nil {
			return nil, fmt.Errorf("proofs.json: %w", err)
		}
		return all, nil
	})
}

// of returns the clients with which an operation succeeds.
func (all proofs) of(operation string) (clients []string) {
	for _, p := range all {
		if slices.Contains(p.Operations, operation) {
			clients = append(clients, p.Client)
		}
	}
	return clients
}

// counted says how many of the operations of a document succeed with each client, where any do.
func (all proofs) counted(document *openapi.Document) (says []counted) {
	for _, p := range all {
		n := 0
		for _, id := range p.Operations {
			if _, ok := document.Operation(id); ok {
				n++
			}
		}
		if n > 0 {
			says = append(says, counted{p.Says, n})
		}
	}
	return says
}
