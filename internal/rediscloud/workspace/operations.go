// Package workspace keeps the documents of data integration workspaces, as text: nothing follows from them.
package workspace

import "github.com/understudy-dev/understudy/internal/engine"

// Operations returns the operations on workspaces.
func Operations() []engine.Operation { return workspaceOperations() }
