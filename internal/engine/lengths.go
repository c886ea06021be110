package engine

import (
	"maps"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Lengths returns how long the work of all dialects takes where no account says otherwise.
func (e *Engine) Lengths() cloud.Lengths {
	all := cloud.Lengths{}
	for _, api := range e.cfg.APIs {
		maps.Copy(all, api.Lengths)
	}
	return all
}

// ProcessingTakes returns how long processing the tasks of an operation takes; ok is false where it has none.
func (e *Engine) ProcessingTakes(operation string) (usual cloud.Usual, ok bool) {
	op, found := e.operations[operation]
	if !found || op.process == nil {
		return usual, false
	}
	own, common := op.work()
	if usual, ok = op.lengths[own]; !ok {
		usual = op.lengths[common]
	}
	return usual, true
}
