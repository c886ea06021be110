package main

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// proof is a client with the operations that succeed with it.
type proof struct {
	Client     string   `json:"client"`
	Says       string   `json:"says"` // of how many of them there are
	Operations []string `json:"operations"`
}

// writeProofs writes which clients prove which operations, for the dashboard: a client by its column in the tables.
func writeProofs(root string, contracts []contract) error {
	proofs := []*proof{}
	byClient := map[string]*proof{}
	for _, c := range contracts {
		for _, s := range c.suites {
			p := byClient[s.column]
			if p == nil {
				p = &proof{Client: s.column, Says: s.says}
				byClient[s.column] = p
				proofs = append(proofs, p)
			}
			p.Operations = append(p.Operations, s.ids...)
		}
	}
	text, err := json.MarshalIndent(proofs, "", " ")
	if err != nil {
		return err
	}
	//nolint:gosec // for everybody, like all of the repository
	return os.WriteFile(filepath.Join(root, "internal", "dashboard", "proofs.json"), append(text, '\n'), 0o644)
}
